/** Reads the texts of flags as durations and other values. */
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { within } from '../../bytes/within.ts';

/** The value of a flag; undefined if it was not given. If `read` refuses, refuses `usage`, naming the flag. */
export function readFlag<T>(
  text: string | undefined,
  flag: string,
  read: (text: string, at: string) => T,
): T | undefined {
  return text === undefined
    ? undefined
    : within('usage', `${flag} ${printable(text, 40)}`, () => read(text, flag));
}

/** `90`, `90s`, `5m`, `2h`, `7d` as seconds, `most` days at most. Refuses `usage`, naming the flag. */
export function durationOf(text: string, flag: string, most = MOST_DAYS): number {
  const [, digits = '', unit = 's'] = /^([1-9][0-9]{0,7})([smhd])?$/.exec(text) ?? [];
  const seconds = Number(digits) * (UNITS[unit] ?? 1);
  if (digits !== '' && seconds <= most * DAY) return seconds;
  throw refuse(
    'usage',
    `${flag} takes a time such as 90s, 5m, 2h or 7d, ${most} days at most; got ${printable(text, 40)}`,
  );
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
/** The longest time that a flag takes: a leap year. */
const MOST_DAYS = 366;
const DAY = 86_400;
export const MOST_SECONDS = MOST_DAYS * DAY;

/** A whole number as a flag gives it; undefined when it was not given. Refuses `usage`, naming the flag and its bounds. */
export function wholeOf(
  text: string | undefined,
  flag: string,
  least: number,
  most: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^(?:0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  const got = printable(text, 80);
  throw refuse('usage', `${flag} takes a whole number from ${least} to ${most}; got ${got}`);
}
