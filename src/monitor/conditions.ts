/**
 * States of a log that count as faults only if they last: a head that nobody confirms, a quorum that is not met. Pure
 * decisions over what was observed.
 *
 * Only time in which the log was watched and answered counts. What happened while the log or this monitor was down is
 * unknown, so neither an outage nor a restart makes anything stale.
 */
import type { Cosignature } from '../note/checkpoint.ts';
import { quorumMet, type TrustPolicy } from '../note/trust.ts';

/** What is stored of a log between observations and across restarts. Times are milliseconds. */
export interface Observed {
  /** Time of the last observation that the log answered; undefined if a later one failed. */
  readonly lookedAt?: number;
  /** Time of the last observation that failed. */
  readonly failedAt?: number;
  /** How long the served heads have lacked the quorum; absent while they meet it. */
  readonly unmetMs?: number;
  /** A larger head that the log signed and does not serve, and how long that has been so. */
  readonly behind?: { readonly size: number; readonly ms: number };
}

export const NOTHING_OBSERVED: Observed = {};

/** An observation that found a verified head of `size`. */
export interface Observation {
  /** When the observation began and ended, since a log may take long to answer. */
  readonly began: number;
  readonly now: number;
  readonly size: number;
  /** Whether the head meets the policy's quorum. */
  readonly met: boolean;
  /** Size of the largest known head that the log signed, from peers or seen before. */
  readonly knownSize: number | undefined;
}

/** The most milliseconds between two observations for which the time between them counts as watched. */
export function longestGap(pollMs: number): number {
  return 3 * pollMs + 30_000;
}

/**
 * Milliseconds since the last observation that count as watched. The time that an observation itself takes always
 * counts, so a slow log cannot stop the clock.
 */
export function watchedMs(
  { lookedAt }: Observed,
  { began, now }: Pick<Observation, 'began' | 'now'>,
  pollMs: number,
): number {
  if (lookedAt === undefined || began < lookedAt || now < began) return 0;
  return began - lookedAt > longestGap(pollMs) ? 0 : now - lookedAt;
}

/** The stored state after an observation that the log answered. */
export function observe(before: Observed, look: Observation, pollMs: number): Observed {
  const watched = watchedMs(before, look, pollMs);
  const { failedAt } = before;
  const behind = nextBehind(before, look, watched);
  return {
    lookedAt: look.now,
    ...(failedAt !== undefined && { failedAt }),
    ...(!look.met && { unmetMs: before.unmetMs === undefined ? 0 : before.unmetMs + watched }),
    ...(behind !== undefined && { behind }),
  };
}

/** The stored state after an observation that the log did not answer: the durations stay as they are. */
export function observeFailure({ unmetMs, behind }: Observed, now: number): Observed {
  return {
    failedAt: now,
    ...(unmetMs !== undefined && { unmetMs }),
    ...(behind !== undefined && { behind }),
  };
}

/** The log is behind from the first known larger head until it serves a tree of that size. */
function nextBehind(
  { behind }: Observed,
  { size, knownSize = 0 }: Observation,
  watched: number,
): Observed['behind'] {
  if (behind !== undefined && size < behind.size) return { ...behind, ms: behind.ms + watched };
  return knownSize > size ? { size: knownSize, ms: 0 } : undefined;
}

/** Seconds by which a witness's clock may be ahead of this one. A cosignature with a later time does not count. */
const AHEAD_SECONDS = 300;

/**
 * The latest time, POSIX seconds, at or after which as many witnesses cosigned the head as the policy's quorum needs.
 * If the policy has no quorum, the newest cosignature of any known witness. Undefined if there is no such cosignature.
 */
export function confirmedAt(
  policy: TrustPolicy,
  cosignatures: readonly Pick<Cosignature, 'verifier' | 'time'>[],
  now: number,
): number | undefined {
  const sane = cosignatures.filter(({ time }) => time > 0 && time <= now / 1000 + AHEAD_SECONDS);
  const times = sane.map(({ time }) => time).toSorted((a, b) => b - a);
  return times.find((time) =>
    quorumMet(
      policy,
      sane.filter((each) => each.time >= time),
    ),
  );
}

/** A head that is older than the limit, and why. */
export interface Stale {
  readonly ageSeconds: number;
  /**
   * `unconfirmed`: its cosignatures are old. `behind`: a larger head, from a peer or seen before, has been known for
   * longer than the limit.
   */
  readonly why: 'unconfirmed' | 'behind';
}

/**
 * Whether the head that a log serves is stale. If a log has no witnesses and does not grow, that looks the same as a
 * log that hides its growth; only a peer's larger head shows the difference.
 */
export function staleness(
  observed: Observed,
  confirmed: number | undefined,
  now: number,
  limitSeconds: number,
): Stale | undefined {
  const behind = Math.floor((observed.behind?.ms ?? 0) / 1000);
  if (behind > limitSeconds) return { ageSeconds: behind, why: 'behind' };
  if (confirmed === undefined) return undefined;
  const age = Math.floor(now / 1000) - confirmed;
  return age > limitSeconds ? { ageSeconds: age, why: 'unconfirmed' } : undefined;
}

/** Parses the stored state. Text of any other form counts as no state. */
export function parseObserved(text: string): Observed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return NOTHING_OBSERVED;
  }
  if (typeof value !== 'object' || value === null) return NOTHING_OBSERVED;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const time = (name: string): number | undefined => asTime(fields[name]);
  const [lookedAt, failedAt, unmetMs] = [time('lookedAt'), time('failedAt'), time('unmetMs')];
  const behind = parseBehind(fields['behind']);
  return {
    ...(lookedAt !== undefined && { lookedAt }),
    ...(failedAt !== undefined && { failedAt }),
    ...(unmetMs !== undefined && { unmetMs }),
    ...(behind !== undefined && { behind }),
  };
}

function parseBehind(value: unknown): Observed['behind'] {
  if (typeof value !== 'object' || value === null) return undefined;
  const { size, ms }: { size?: unknown; ms?: unknown } = value;
  const [entries, time] = [asTime(size), asTime(ms)];
  return entries === undefined || time === undefined ? undefined : { size: entries, ms: time };
}

function asTime(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
