/**
 * The time that claims are appraised at: the clock of this machine, or the time that the log or its witnesses signed if
 * that is later (spec/status.md, "The clock"). If a slow clock were used alone, old proofs would look fresh. Pure.
 * Times are POSIX seconds.
 */
import type { OpenedCheckpoint } from '../note/checkpoint.ts';
import { quorumTimes } from '../note/quorum-time.ts';
import type { TrustPolicy } from '../note/trust.ts';

/**
 * Seconds that this machine's clock may be behind the signed time. If it is further behind, no claim is called PROVEN.
 */
export const MOST_BEHIND = 300;

export interface Clock {
  /** The later of the machine's clock and the signed time. */
  readonly now: number;
  /** Seconds that the machine's clock is behind the signed time if these are more than `MOST_BEHIND`; else 0. */
  readonly behind: number;
  /**
   * When the newest checkpoint was signed, as the log or a quorum of its witnesses states; undefined if neither states
   * a time.
   */
  readonly headTime: number | undefined;
}

/** The time to appraise at. `machine`: this machine's clock, POSIX seconds. */
export function clockOf(
  opened: Pick<OpenedCheckpoint, 'logSignatures' | 'cosignatures'> | undefined,
  policy: TrustPolicy,
  machine: number,
): Clock {
  const { logSignatures = [], cosignatures = [] } = opened ?? {};
  const own = logSignatures.map(({ time = 0 }) => time);
  // One witness alone cannot move the clock: without a quorum its time does not count.
  const latest = Math.max(0, ...own, quorumTimes(policy, cosignatures)?.latest ?? 0);
  const headTime = latest > 0 ? latest : undefined;
  return { now: Math.max(machine, latest), behind: secondsBehind(headTime, machine), headTime };
}

/** Seconds that a clock is behind a signed time if these are more than `MOST_BEHIND`; else 0. */
export function secondsBehind(signed: number | undefined, machine: number): number {
  const behind = (signed ?? 0) - machine;
  return behind > MOST_BEHIND ? behind : 0;
}

/** Text that says that the clock is behind, and what to do; undefined if it is not. */
export function clockFault({ behind }: Pick<Clock, 'behind'>): string | undefined {
  return behind > 0
    ? `the clock of this machine is ${behind} s behind what the log and its witnesses signed: set it`
    : undefined;
}
