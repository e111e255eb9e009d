/**
 * What time it is, for whoever judges claims: the clock of this machine, and no earlier than what others signed (rules of
 * time: spec/status.md, "The clock"). A clock that is behind would make old proofs look new. Pure. Times: POSIX seconds.
 */
import type { OpenedCheckpoint } from '../note/checkpoint.ts';
import { quorumMet, type TrustPolicy } from '../note/trust.ts';

/** Seconds that a clock may be behind what was signed before nothing is called fresh by it. */
export const MOST_BEHIND = 300;

export interface Clock {
  /** The later of the machine's clock and the signed time. */
  readonly now: number;
  /** Seconds that the machine's clock is behind the signed time, where those are more than `MOST_BEHIND`; else 0. */
  readonly behind: number;
  /** When the head was signed, as the log itself or a quorum of its witnesses says; undefined where neither does. */
  readonly headTime: number | undefined;
}

/** The time under a head, if there is one, `machine` being what this machine's clock says. */
export function clockOf(
  opened: Pick<OpenedCheckpoint, 'logSignatures' | 'cosignatures'> | undefined,
  policy: TrustPolicy,
  machine: number,
): Clock {
  const { logSignatures = [], cosignatures = [] } = opened ?? {};
  const own = logSignatures.map(({ time = 0 }) => time);
  const latest = Math.max(0, ...own, quorumTime(policy, cosignatures));
  const headTime = latest > 0 ? latest : undefined;
  return { now: Math.max(machine, latest), behind: secondsBehind(headTime, machine), headTime };
}

/** Seconds that a clock is behind a signed time, where those are more than `MOST_BEHIND`; else 0. */
export function secondsBehind(signed: number | undefined, machine: number): number {
  const behind = (signed ?? 0) - machine;
  return behind > MOST_BEHIND ? behind : 0;
}

/** Says that a clock is behind, and what to do; undefined when it is not. */
export function clockFault({ behind }: Pick<Clock, 'behind'>): string | undefined {
  return behind > 0
    ? `the clock of this machine is ${behind} s behind what the log and its witnesses signed: set it`
    : undefined;
}

/** The latest time that a quorum cosigned at or after; 0 where the policy asks for none: one witness alone sets no clock. */
function quorumTime(policy: TrustPolicy, cosignatures: OpenedCheckpoint['cosignatures']): number {
  if (quorumMet(policy, [])) return 0;
  const times = cosignatures.map(({ time }) => time).toSorted((a, b) => b - a);
  const met = (at: number): boolean =>
    quorumMet(
      policy,
      cosignatures.filter(({ time }) => time >= at),
    );
  return times.find(met) ?? 0;
}
