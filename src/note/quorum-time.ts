/**
 * The time of a witnessed checkpoint, from the times that its witnesses signed. Each cosignature has a time of its own, and a
 * witness may lie. So a single time says nothing, and two times of the whole quorum are used, one for each direction:
 *
 *     earliest   the first moment at which those that had signed by then met the quorum: the tree was there by then
 *     latest     the last moment at which those that signed then or later met the quorum: the checkpoint was not ready before
 *
 * With a quorum of k these are the k-th earliest and the k-th latest time. In general the quorum is an expression of nested
 * groups and thresholds, which more signatures never turn from met to unmet. Every set that meets it has an honest witness as
 * long as the lying ones do not meet it alone. So `earliest` is not before the first honest time, and `latest` is not after
 * the last honest one: liars can make the bounds wider, never wrong (test/note/quorum-time.test.ts). Pure.
 */
import type { Cosignature } from './checkpoint.ts';
import { quorumMet, type TrustPolicy } from './trust.ts';

type Timed = Pick<Cosignature, 'verifier' | 'time'>;

/** POSIX seconds. */
export interface QuorumTimes {
  readonly earliest: number;
  readonly latest: number;
}

/**
 * The times at which a quorum cosigned. Undefined if the policy asks for no witnesses or the quorum is not met. A cosignature
 * with time 0 makes no claim about time (C2SP tlog-cosignature), so it does not count here.
 */
export function quorumTimes(policy: TrustPolicy, cosignatures: readonly Timed[]): QuorumTimes | undefined {
  const timed = cosignatures.filter(({ time }) => time > 0).toSorted((a, b) => a.time - b.time);
  if (policy.quorum === 'none' || !quorumMet(policy, timed)) return undefined;
  const metBy = (at: number): boolean =>
    quorumMet(
      policy,
      timed.filter(({ time }) => time <= at),
    );
  const metFrom = (at: number): boolean =>
    quorumMet(
      policy,
      timed.filter(({ time }) => time >= at),
    );
  const earliest = timed.find(({ time }) => metBy(time));
  const latest = timed.findLast(({ time }) => metFrom(time));
  if (earliest === undefined || latest === undefined) throw new Error('a quorum is met at no time');
  return { earliest: earliest.time, latest: latest.time };
}
