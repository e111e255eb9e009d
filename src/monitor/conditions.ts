/**
 * States of a log that are no deed of anyone's until they last: a head nobody confirms, a quorum that is not
 * met. Pure decisions over what was observed.
 *
 * Only time in which the log was watched and answered counts. Whatever happened while it was away, or while
 * this monitor was, nobody saw: neither an outage nor a restart makes anything stale.
 */
import type { Cosignature } from '../note/checkpoint.ts';
import { quorumMet, type TrustPolicy } from '../note/trust.ts';

/** What is remembered of a log from look to look, across restarts. Times: milliseconds. */
export interface Observed {
  /** The last look, when the log answered it; undefined after one that failed. */
  readonly lookedAt?: number;
  /** The last look that failed. */
  readonly failedAt?: number;
  /** How long the heads served have lacked the quorum, since the first that did; absent while they meet it. */
  readonly unmetMs?: number;
  /** A larger head that the log signed and does not serve, and for how long that has been so. */
  readonly behind?: { readonly size: number; readonly ms: number };
}

export const NOTHING_OBSERVED: Observed = {};

/** A look that found a verified head of `size`. */
export interface Look {
  /** When it began, and when it ended: a log may take its time to answer. */
  readonly began: number;
  readonly now: number;
  readonly size: number;
  /** Whether the head meets the policy's quorum. */
  readonly met: boolean;
  /** Size of the largest signed head of this log that is known, from peers or from before. */
  readonly knownSize: number | undefined;
}

/** Two looks further apart than this say nothing of the time between them. */
export function longestGap(pollMs: number): number {
  return 3 * pollMs + 30_000;
}

/**
 * Milliseconds since the last look through which the log was watched. Between looks, that is; however long it
 * takes to answer one, it is watched meanwhile: being slow stops no clock.
 */
export function watchedMs(
  { lookedAt }: Observed,
  { began, now }: Pick<Look, 'began' | 'now'>,
  pollMs: number,
): number {
  if (lookedAt === undefined || began < lookedAt || now < began) return 0;
  return began - lookedAt > longestGap(pollMs) ? 0 : now - lookedAt;
}

/** What is known after a look that the log answered. */
export function observe(before: Observed, look: Look, pollMs: number): Observed {
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

/** What is known after a look that the log did not answer: the clock stands still until it does. */
export function observeFailure({ unmetMs, behind }: Observed, now: number): Observed {
  return {
    failedAt: now,
    ...(unmetMs !== undefined && { unmetMs }),
    ...(behind !== undefined && { behind }),
  };
}

/** The log is behind from the first larger head that is known until it serves as much as that one. */
function nextBehind(
  { behind }: Observed,
  { size, knownSize = 0 }: Look,
  watched: number,
): Observed['behind'] {
  if (behind !== undefined && size < behind.size) return { ...behind, ms: behind.ms + watched };
  return knownSize > size ? { size: knownSize, ms: 0 } : undefined;
}

/** Clocks of witnesses may be ahead of ours by this much; who claims more claims nothing (seconds). */
const AHEAD_SECONDS = 300;

/**
 * The latest time, POSIX seconds, for which the policy's quorum says that this was the newest head: so many
 * witnesses cosigned it then or later. Without a quorum, the newest cosignature of any known witness counts.
 * Undefined when nobody who counts says anything.
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

/** A head that is older than it may be, and why. */
export interface Stale {
  readonly ageSeconds: number;
  /** `unconfirmed`: its cosignatures are old. `behind`: a larger one, of a peer's or shown here before, has been known for so long. */
  readonly why: 'unconfirmed' | 'behind';
}

/**
 * Whether the head that a log serves is stale. A log without witnesses that does not grow looks the same as
 * one that hides its growth: of it, only a peer's larger head can tell.
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

/** Reads what was stored; anything else is as if nothing had been observed. */
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
