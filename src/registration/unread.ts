/**
 * Entries made under rules that are not known here (spec/statements.md §7). Nothing after such a policy can be decided:
 * whoever replays the log stops there and says "update tallystick". That is no fault of the log.
 *
 * The policy before it decides whether it is one. Else a log could stop every reader by an entry that anybody signed.
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

/** Codes of policies whose rules are not known here. */
export const OTHER_RULES: ReadonlySet<RefusalCode> = new Set(['older-version', 'newer-version']);

/** Why an entry was refused before anything before it was looked at. */
export type Unread = Pick<Refusal, 'code' | 'message'>;

/** An entry that was not read: a fault of the log, or the place where its reader stops. */
export type NotRead =
  { readonly kind: 'fault'; readonly why: Unread } | { readonly kind: 'stop'; readonly why: Refusal };

/**
 * What an entry is that could not be read. `rules`: before it. A policy of newer rules is the end when an admin of the
 * policy in force signed it for this log, and entry 0 is of any rules but ours; nothing goes back to older ones.
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

/** As much of `assertSigned` and `admit` as needs no payload. */
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
