/** Checks, before anything is signed, whether two looks could ever contradict each other as a claim says (`against`). */
import { againstFault } from '../appraisal/against.ts';
import { refuse } from '../bytes/refusal.ts';
import type { Declaration } from '../statement/commitment.ts';

/** Refuses `malformed-payload`. */
export function checkAgainst({ claims }: Pick<Declaration, 'claims'>): void {
  for (const claim of claims) {
    if (claim.against === undefined) continue;
    const fault = againstFault(
      claim,
      claims.find(({ id }) => id === claim.against),
    );
    if (fault !== undefined)
      throw refuse('malformed-payload', `claim ${claim.id} is against ${claim.against}: ${fault}`);
  }
}
