/** The verdict on a bundle as lines for people: `tallystick verify` and the single-file verifier say the same. */
import type { Figures, KnownHistory } from '../../appraisal/past/known-types.ts';
import { lowest } from '../../appraisal/past/grades.ts';
import type { Period } from '../../appraisal/past/types.ts';
import { printable } from '../../bytes/printable.ts';
import { spokenFingerprint } from '../../note/trust-text.ts';
import { length, share } from './html.ts';
import { RESULTS, type BundleResult, type BundleVerdict } from './verdict.ts';

/** A line, and how it is meant. `good` stands only over what has no failure in it. */
export interface ToldLine {
  readonly tone: 'plain' | 'good' | 'bad' | 'unsure';
  readonly text: string;
}

/** Exit code of each result (spec/bundle.md, "Results"). */
export const RESULT_EXITS = { verified: 0, consistent: 5, authentic: 6, failed: 3 } as const satisfies Record<
  BundleResult,
  number
>;

const SIGNS = { ok: ['good', '✓'], failed: ['bad', '✗'], skipped: ['unsure', '–'] } as const;

function plain(text: string): ToldLine {
  return { tone: 'plain', text };
}

/** The checks, what the entries say, what is not proven, and the result. */
export function verdictLines(verdict: BundleVerdict): readonly ToldLine[] {
  const { checks, histories, notProven, fingerprints } = verdict;
  const made = fingerprints.file !== undefined && fingerprints.reader !== undefined;
  return [
    ...checks.map(({ name, outcome, detail }): ToldLine => {
      const [tone, sign] = SIGNS[outcome];
      return { tone, text: `${sign} ${name.padEnd(11)} ${printable(detail, 2_000)}` };
    }),
    ...(made && fingerprints.file !== fingerprints.reader
      ? [plain(`  it was made under another policy: ${spokenFingerprint(fingerprints.file ?? '')}`)]
      : []),
    ...(histories.length > 0
      ? [plain(''), plain('What the entries say:'), ...histories.flatMap(saidLines)]
      : []),
    ...(notProven.length > 0
      ? [plain(''), plain('Not proven:'), ...notProven.map((each) => plain(`  ${printable(each, 2_000)}`))]
      : []),
    plain(''),
    resultLine(verdict),
  ];
}

/** One line a claim. A subject without one is never fine: there is nothing that could hold. */
function saidLines({ subject, period, claims }: KnownHistory): readonly ToldLine[] {
  const name = printable(subject, 200);
  if (claims.length === 0) return [{ tone: 'unsure', text: `  ${name}: no claim is known in the period` }];
  return claims.map(({ claim, figures }) => {
    const { looks, expected, proven, failed, missed, late, seconds, hidden, grades } = figures;
    const bad = seconds.failed + hidden.failed;
    const waived = hidden.failed > 0 ? `, ${length(hidden.failed)} of it under a waiver` : '';
    const parts = [
      `${proven} PROVEN, ${failed} VIOLATED or CONTRADICTED`,
      `${looks} looks of ${expected} expected, ${missed} missed, ${late} late`,
      `covered ${share(seconds.covered, period.until - period.since)}`,
      ...(bad > 0 ? [`failed for ${length(bad)}${waived}`] : []),
      `complete by ${lowest([grades.looks, grades.time])}`,
    ];
    return { tone: toneOf(figures, period), text: `  ${name}, ${printable(claim, 64)}: ${parts.join('; ')}` };
  });
}

/** Good is what was covered all the time, with no look missed or late. */
function toneOf(
  { failed, missed, late, seconds, hidden }: Figures,
  { since, until }: Period,
): ToldLine['tone'] {
  if (failed + seconds.failed + hidden.failed > 0) return 'bad';
  return missed + late === 0 && seconds.covered === until - since ? 'good' : 'unsure';
}

/** The result, with what the entries say beside it: a green word stands over no failure. */
export function resultLine({ result, histories, fingerprints, trustFrom }: BundleVerdict): ToldLine {
  const figures = histories.flatMap(({ claims }) => claims.map((each) => each.figures));
  const sum = (of: (each: (typeof figures)[number]) => number): number =>
    figures.reduce((all, each) => all + of(each), 0);
  const [proven, failed, missed] = [
    sum((each) => each.proven),
    sum((each) => each.failed),
    sum((each) => each.missed),
  ];
  const says = `it says ${proven} PROVEN, ${failed} VIOLATED or CONTRADICTED, ${missed} missed`;
  const tones = new Set(
    histories.flatMap(({ period, claims }) =>
      claims.length === 0 ? ['unsure' as const] : claims.map((each) => toneOf(each.figures, period)),
    ),
  );
  const worst = (['bad', 'unsure'] as const).find((tone) => tones.has(tone));
  if (result === 'failed') return { tone: 'bad', text: RESULTS.failed };
  if (result !== 'verified') return { tone: worst ?? 'unsure', text: `${RESULTS[result]}: ${says}` };
  const from = trustFrom === undefined ? '' : `, from ${printable(trustFrom, 1_000)}`;
  const policy = `${fingerprints.reader?.slice(0, 16) ?? ''}…${from}`;
  const tone = tones.size === 0 ? 'unsure' : (worst ?? 'good');
  return { tone, text: `${RESULTS.verified}, AUTHENTIC under your policy ${policy}: ${says}` };
}
