/** What both who writes and who reads a claim that is against another one know of that other (spec/claims.md, "Against another claim"). */
import type { Claim } from '../statement/commitment.ts';

/** The parameter that says for how many seconds what a claim looks at has not changed. */
const SETTLE = 'settle';

/** Seconds for which a claim shows that nothing was changed; undefined if it does not say. */
export function settleOf({ params }: Pick<Claim, 'params'>): number | undefined {
  const seconds = params?.get(SETTLE);
  return typeof seconds === 'number' && seconds > 0 ? seconds : undefined;
}
