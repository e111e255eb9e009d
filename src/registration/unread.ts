/**
 * Entries that cannot be read, and entries made under rules that this program does not know (spec/statements.md §7).
 * Nothing after a policy with unknown rules can be decided. Whoever replays the log stops there and says "update
 * tallystick"; that is no fault of the log.
 *
 * Such a policy counts only if an admin of the policy before it signed it. Otherwise anybody could stop every reader
 * with one entry.
 */
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse, type RefusalCode } from '../bytes/refusal.ts';
import { verifyStatement } from '../cose/statement.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { parseHeaders } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import { signerKey } from './admit.ts';
import { assertAudience } from './audience.ts';
import { assertGranted } from './grants.ts';
import type { Rules } from './rules.ts';

/** Refusal codes of policies whose rules this program does not know. */
export const OTHER_RULES: ReadonlySet<RefusalCode> = new Set(['older-version', 'newer-version']);

/** Why an entry was refused before it was compared with earlier entries. */
export type Unread = Pick<Refusal, 'code' | 'message'>;

/** An entry that could not be read: either a fault of the log, or the point where the reader must stop. */
type NotRead =
  { readonly kind: 'fault'; readonly why: Unread } | { readonly kind: 'stop'; readonly why: Refusal };

/**
 * Decides which of the two an unreadable entry is. `rules`: those in force before it. A policy with newer rules is the
 * stopping point if an admin of the policy in force signed it for this log; so is an entry 0 with rules of any other
 * version. A return to older rules is a fault.
 */
export function notRead(
  { origin, inForce }: Rules,
  { index, bytes }: { readonly index: number; readonly bytes: Uint8Array },
  why: Unread,
  verify?: VerifySignature,
): NotRead {
  const stops = inForce === undefined ? OTHER_RULES.has(why.code) : why.code === 'newer-version';
  if (!stops) return { kind: 'fault', why };
  try {
    if (inForce !== undefined) assertNextPolicy(origin, inForce.policy, bytes, verify);
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'fault', why: error };
    throw error;
  }
  return { kind: 'stop', why: refuse(why.code, `entry ${index} of ${origin}: ${why.message}`) };
}

/** The checks of `assertSigned` and `admit` that need no payload. */
function assertNextPolicy(origin: string, policy: Policy, bytes: Uint8Array, verify?: VerifySignature): void {
  const next = { ...parseHeaders(bytes), kind: 'policy' } as const;
  if (!equalBytes(next.entry, bytes))
    throw refuse('malformed-statement', 'the entry has an unprotected header, or other heads');
  verifyStatement(next.statement, signerKey(policy, next), verify);
  assertAudience(policy, next);
  assertGranted(policy, next, undefined);
  if (next.subject !== origin)
    throw refuse('policy-rejected', `this log is ${origin}: set the policy's subject (sub) to that`);
}
