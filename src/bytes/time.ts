/** Times as texts that people and files share: ISO 8601 in UTC. */

/** The last millisecond that a Date holds; what a stranger's file says may be beyond it. */
const LAST_MS = 8.64e15;

/** POSIX seconds as `2027-01-31T12:00:00Z`; beyond what a Date holds, its first or last second. */
export function formatTime(seconds: number): string {
  return formatMilliseconds(Math.trunc(seconds) * 1000).replace('.000Z', 'Z');
}

/** Milliseconds since the epoch as `2027-01-31T12:00:00.000Z`; beyond what a Date holds, its first or last one. */
export function formatMilliseconds(ms: number): string {
  return new Date(Math.max(-LAST_MS, Math.min(LAST_MS, ms))).toISOString();
}

/** POSIX seconds as the day they are in, `2027-01-31`. */
export function formatDay(seconds: number): string {
  return formatTime(seconds).replace(/T.*/, '');
}

/** POSIX seconds of such a text; undefined for what does not print back to itself, as 30 February. */
export function parseTime(text: string): number | undefined {
  const seconds = Date.parse(text) / 1000;
  return Number.isSafeInteger(seconds) && formatTime(seconds) === text ? seconds : undefined;
}
