/**
 * When the next notice `witnessed` is due (spec/audit.md, "Witnessed heads"). Pure.
 *
 *     no head with a quorum yet                             nothing can be logged
 *     no notice in the log, or a policy since the last      at once
 *     something else was logged since the last              a period after its cosignatures: an hour, or 10 minutes
 *     nothing was logged since but notices                  a day after its cosignatures
 *
 * A notice is itself an entry. If it counted as something that was logged, an idle log would grow by its own notices for
 * ever, 24 a day. With none at all, the first entry after an idle month could be bounded from below by that month alone.
 * So an idle log logs one a day: each moment has a witnessed head at most a day before it and after it.
 */

/** Seconds. */
export interface Periods {
  readonly usual: number;
  /** Where a claim's cadence is below two hours. */
  readonly short: number;
  readonly idle: number;
}

export const PERIODS: Periods = { usual: 3_600, short: 600, idle: 86_400 };

/**
 * Claims with a cadence below this ask for the short period. A look counts as made at one moment only if its bounds are no further
 * apart than its cadence (spec/audit.md, "Looks"). With heads an hour apart, those of a claim with a cadence of an hour would not be.
 */
export const SHORT_CADENCE = 7_200;

/** A notice in the log whose head counts here. `time`: when its quorum had cosigned, POSIX seconds. */
export interface Noticed {
  readonly index: number;
  readonly size: number;
  readonly time: number;
}

/** What is known of the log at one moment. */
export interface Standing {
  /** POSIX seconds. */
  readonly now: number;
  /** Size of the newest head that has its quorum; undefined without one. */
  readonly head: number | undefined;
  readonly last: Noticed | undefined;
  /** Index of the newest registration policy. */
  readonly policy: number;
  /** Whether the head holds entries that the last one does not, besides notices about the log itself. */
  readonly grew: boolean;
  /** Whether a claim has a cadence below two hours. */
  readonly isShort: boolean;
}

/** POSIX seconds from which a notice is due; undefined while none can be. */
export function dueAt(
  { now, head, last, policy, grew, isShort }: Standing,
  periods: Periods = PERIODS,
): number | undefined {
  if (head === undefined || head === 0) return undefined;
  if (last === undefined) return now;
  if (head <= last.size) return undefined;
  if (policy >= last.size && policy < head) return now;
  if (!grew) return last.time + periods.idle;
  return last.time + (isShort ? periods.short : periods.usual);
}
