/**
 * The rules under which an entry is decided: the log that it is in, and the registration policy in force just before
 * it.
 */
import type { EntryId } from '../bytes/brand.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';

/** A registration policy and the entry that contains it. */
export interface InForce {
  readonly policy: Policy;
  readonly index: number;
  readonly id: EntryId;
  readonly entry: Uint8Array;
}

/** `inForce` is undefined only before entry 0. */
export interface Rules {
  /** Name of the log. */
  readonly origin: string;
  readonly inForce: InForce | undefined;
}

/** The parts of the rules that checking a signature needs. */
export interface SigningRules {
  readonly origin: string;
  readonly inForce: Pick<InForce, 'policy'> | undefined;
}

/**
 * The policy that decides on a statement: the one in force, or for entry 0 its own. Refuses `policy-rejected` if entry
 * 0 is not a policy of this log.
 */
export function policyFor({ origin, inForce }: SigningRules, parsed: ParsedStatement): Policy {
  if (inForce !== undefined) return inForce.policy;
  if (parsed.kind !== 'policy') {
    throw refuse('policy-rejected', 'the first entry of a log is its registration policy; log that first');
  }
  const named = parsed.policy.document.origin;
  if (named !== origin)
    throw refuse(
      'policy-rejected',
      `the policy is of the log ${printable(named)}, and this log is ${origin}`,
    );
  return parsed.policy;
}
