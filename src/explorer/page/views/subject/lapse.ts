/** A verdict of now is one of the moment in which it was computed. Pure. */
import type { ClaimJson } from '../../../../appraisal/json.ts';

/** When the verdicts were computed, and the time of now as far as it matters. POSIX seconds. */
export interface Clock {
  readonly read: number;
  readonly now: number;
}

/** Whether a proof has become due since a verdict of now was computed: what was PROVEN then is not known to be so any more. */
export function hasLapsed(
  { verdict, due }: Pick<ClaimJson, 'verdict' | 'due'>,
  { read, now }: Clock,
): boolean {
  return verdict === 'PROVEN' && due > read && due <= now;
}
