/** Dates of keys: ISO 8601 in UTC, to the second, as `2027-01-31` (its first second) or `2027-01-31T12:00:00Z`. */
import { parseTime } from '../bytes/time.ts';
import { wrong } from '../statement/schema.ts';

/** POSIX seconds of such a date. Refuses `malformed-payload`; `at` names the field for the message. */
export function parseDate(text: string, at: string): number {
  const seconds = parseTime(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text);
  if (seconds !== undefined && seconds >= 0) return seconds;
  throw wrong(at, 'expected a date in UTC such as 2027-01-31 or 2027-01-31T12:00:00Z, from 1970 on');
}
