/** What is known of the past of a claim, in words: for the command and for pages. */
import type { Span, Told } from '../appraisal/past/known-types.ts';
import type { Grade } from '../appraisal/past/types.ts';
import { formatTime } from '../bytes/time.ts';
import { line, spanOf } from './plain.ts';

export const GRADE_WORDS: Readonly<Record<Grade, string>> = {
  word: "grade word: the log's search alone says that nothing was left out",
  chain: 'grade chain: proofs go on after the period without a gap',
  monitor: 'grade monitor: a monitor that you named counted the entries',
  whole: 'grade whole: every entry of the log was read',
};

/** `2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z (31 d)`. */
export function rangeOf(from: number, to: number): string {
  return `${formatTime(from)} to ${formatTime(to)} (${spanOf(to - from)})`;
}

/** Hundredths of a percent, rounded down: `99.99 %` is never shown as all. */
export function shareOf(part: number, total: number): string {
  const hundredths = total === 0 ? 0 : Math.floor((10_000 * part) / total);
  return `${(hundredths / 100).toFixed(2)} %`;
}

export function spanText({ kind, why, hides, verdict, startedAfter, waiver, from }: Span): string {
  if (kind === 'covered') return '';
  if (kind === 'waived') {
    const { owner = '', reason = '', notAfter = 0 } = waiver?.parsed.waiver ?? {};
    const over = [hides, verdict, why].filter((each) => each !== undefined).join(', ');
    return ` (${over}) until ${formatTime(notAfter)} ${line(owner, 64)} answers for it: ${line(reason)}`;
  }
  if (kind === 'uncovered') return ` ${why ?? ''}: ${why === undefined ? '' : WHY[why]}`;
  const began =
    startedAfter === undefined ? 'it may have failed before' : `it began after ${formatTime(startedAfter)}`;
  return ` ${verdict ?? ''}; ${began}, and not after ${formatTime(from)}`;
}

export const WHY: Readonly<Record<NonNullable<Span['why']>, string>> = {
  unclaimed: 'no commitment in force claims it',
  withdrawn: 'the commitment was withdrawn',
  pending: 'the commitment lacks approvals',
  'not-yet': 'the commitment is not valid yet',
  expired: 'the commitment is past its validity',
  awaited: 'no proof yet, and none is due yet',
  late: 'a look came after it was due',
  missed: 'no look came, though its agent logged other things meanwhile',
  'agent-away': 'no look came, and nothing else of any agent that counts',
  'log-away': 'no head of the log was witnessed meanwhile',
  somewhere: 'a look was made, or a statement logged, at some moment that nobody can name',
  unknown: 'the agent looked, and could not tell',
  disbelieved: 'the proof has a fault',
  revoked: 'the key that signed the proof is revoked',
  short: 'too few agents, or a class below the one that is asked for',
};

export function toldText(told: Told | undefined): string {
  if (told === undefined) return 'nothing was claimed';
  return told.hidden === undefined ? told.verdict : `${told.verdict} (${told.hidden})`;
}
