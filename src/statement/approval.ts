/**
 * The payload of an approval: a second person's yes to one commitment (spec/statements.md §4). The
 * statement's `sub` is the commitment's.
 */
import { prose, record, type Of } from './schema.ts';
import { sha256 } from './vocabulary.ts';

export const approval = record(
  { /** Entry id of the commitment. */ commitment: sha256 },
  { reason: prose(1, 2048) },
);
export type Approval = Of<typeof approval>;
