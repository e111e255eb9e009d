/**
 * The payload of a waiver: until a date, a named owner answers for claims that are not proven (spec/statements.md §6a).
 * Until then their verdict is WAIVED, shown with owner and reason, which is no pass. The statement's `sub` is the
 * commitment's.
 */
import { array, prose, record, text, type Of } from './schema.ts';
import { name, sha256, time } from './vocabulary.ts';

export const waiver = record({
  /** Entry id of the commitment whose claims are waived. */
  commitment: sha256,
  claims: array(name, 256, 1),
  /** Who answers for it. */
  owner: text(1, 256),
  reason: prose(1, 2048),
  /** From this time on the claims have their own verdicts again. */
  notAfter: time,
});
export type Waiver = Of<typeof waiver>;
