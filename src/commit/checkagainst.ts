/** Checks, before anything is signed, whether two looks could ever contradict each other as a claim says (`against`). */
import { refuse } from '../bytes/refusal.ts';
import { periodOf } from '../appraisal/due.ts';
import { settleOf } from '../claim/against.ts';
import type { Claim, Declaration } from '../statement/commitment.ts';

/** What the claim must read that another is against, and what the other must read. */
const SETTLED = 'o.kubernetes.settled';
const READS = ['o.net.reachable', 'o.net.allowed'];

/** Refuses `malformed-payload`. */
export function checkAgainst({ claims }: Pick<Declaration, 'claims'>): void {
  for (const claim of claims) {
    if (claim.against === undefined) continue;
    const fault = faultOf(
      claim,
      claims.find(({ id }) => id === claim.against),
    );
    if (fault !== undefined)
      throw refuse('malformed-payload', `claim ${claim.id} is against ${claim.against}: ${fault}`);
  }
}

/** `undefined`: there is none. */
function faultOf(claim: Claim, other: Claim | undefined): string | undefined {
  if (other === undefined || other === claim || other.against !== undefined)
    return 'name the id of another claim of this file, which is against none itself';
  if (claim.probe !== 'net@1' || !READS.every((each) => claim.expr.includes(each)))
    return `a claim of net@1 that reads ${READS.join(' and ')} can be against another: take the pack network-policy-denied`;
  if (other.probe !== 'kubernetes@1' || !other.expr.includes(SETTLED))
    return `it is against a claim of kubernetes@1 that reads ${SETTLED}: take the pack network-policies-settled`;
  const least = 2 * periodOf(other);
  if ((settleOf(other) ?? 0) < least)
    return (
      `${other.id} says that policies are unchanged for ${settleOf(other) ?? 0} s, and looks may be ${periodOf(other)} s apart: give it ` +
      `params: { settle: ${least} } or more, or a shorter cadence`
    );
  return undefined;
}
