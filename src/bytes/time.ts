/** Times as texts people and files share: ISO 8601 in UTC, to the second. */

/** The last second that a Date holds; what a stranger's file says may be beyond it. */
const LAST = 8.64e12;

/** POSIX seconds as `2027-01-31T12:00:00Z`; beyond what a Date holds, its first or last second. */
export function formatTime(seconds: number): string {
  const held = Math.max(-LAST, Math.min(LAST, Math.trunc(seconds)));
  return new Date(held * 1000).toISOString().replace('.000Z', 'Z');
}

/** POSIX seconds of such a text; undefined for what does not print back to itself, as 30 February. */
export function parseTime(text: string): number | undefined {
  const seconds = Date.parse(text) / 1000;
  return Number.isSafeInteger(seconds) && formatTime(seconds) === text ? seconds : undefined;
}
