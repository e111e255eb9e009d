/** Dates of keys: ISO 8601 in UTC, to the second, as `2027-01-31` (its first second) or `2027-01-31T12:00:00Z`. */
import { wrong } from '../statement/schema.ts';

/** POSIX seconds as ISO text, `2027-01-31T12:00:00Z`. */
export function formatTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** POSIX seconds of such a text. Refuses `malformed-payload`; `at` says where it stands. */
export function parseTime(text: string, at: string): number {
  const full = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text;
  const seconds = Date.parse(full) / 1000;
  // Prints back to itself: 30 February and leap seconds do not.
  if (Number.isSafeInteger(seconds) && seconds >= 0 && formatTime(seconds) === full) return seconds;
  throw wrong(at, 'expected a date in UTC such as 2027-01-31 or 2027-01-31T12:00:00Z, from 1970 on');
}
