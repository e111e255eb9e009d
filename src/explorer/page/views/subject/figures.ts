/** The figures of a claim in words: of the time that is drawn, and of the looks that are drawn. Pure. */
import { shareOf, WHY } from '../../../../words/history.ts';
import { spanOf } from '../../../../words/plain.ts';
import type { ClaimJson } from '../../draw/clusters.ts';
import type { Period } from '../../worker/protocol.ts';

/** `listed`: covered only if the server left no newer look out: it does not count as covered. */
export function figuresText(
  { figures, spans, looks }: ClaimJson,
  drawn: Period,
  listed?: ClaimJson['spans'][number],
): string {
  const open = listed === undefined ? 0 : listed.to - listed.from;
  const seconds = { ...figures.seconds, covered: Math.max(0, figures.seconds.covered - open) };
  return [
    ...timesOf(seconds, spans, drawn, open),
    ...looksOf(figures, looks.length),
    `grade ${figures.grade_looks}`,
  ].join('; ');
}

function timesOf(
  { covered, failed, uncovered, waived }: ClaimJson['figures']['seconds'],
  spans: ClaimJson['spans'],
  drawn: Period,
  open: number,
): readonly string[] {
  // Before its first declaration, and after its last, nobody promised anything.
  const idle = spans.filter(({ why }) => why === 'unclaimed');
  const unknown = Math.max(0, uncovered - secondsOf(idle));
  const total = covered + failed + unknown + waived + open;
  const parts: readonly (readonly [what: string, seconds: number])[] = [
    ['failed', failed],
    ['uncovered', unknown],
    ['waived', waived],
    ['covered if the server left nothing newer out', open],
    ['not claimed', secondsOf(idle, drawn)],
  ];
  const why = mostly(spans);
  return [
    total === 0 ? 'claimed at no time' : `covered ${shareOf(covered, total)} of ${spanOf(total)}`,
    ...parts.flatMap(([what, seconds]) =>
      seconds > 0 ? [`${what} ${spanOf(seconds)}${what === 'uncovered' ? why : ''}`] : [],
    ),
  ];
}

/** Why most of the uncovered time is uncovered. */
function mostly(spans: ClaimJson['spans']): string {
  const seconds = new Map<keyof typeof WHY, number>();
  for (const { kind, why, from, to } of spans)
    if (kind === 'uncovered' && why !== null && why !== 'unclaimed')
      seconds.set(why, (seconds.get(why) ?? 0) + to - from);
  const [most] = [...seconds].toSorted(([, a], [, b]) => b - a)[0] ?? [];
  return most === undefined ? '' : ` (${seconds.size > 1 ? 'mostly ' : ''}${most}: ${WHY[most]})`;
}

/** Seconds of spans, as far as they lie in a period. */
function secondsOf(
  spans: ClaimJson['spans'],
  { since, until }: Period = { since: 0, until: Infinity },
): number {
  return spans.reduce(
    (sum, { from, to }) => sum + Math.max(0, Math.min(to, until) - Math.max(from, since)),
    0,
  );
}

/** `drawn`: looks that have a mark. Those whose moment nobody can name count as one with their neighbours. */
function looksOf(
  { looks, expected, proven, failed, other, missed }: ClaimJson['figures'],
  drawn: number,
): readonly string[] {
  const what = [`${proven} PROVEN`, `${failed} failed`, ...(other > 0 ? [`${other} told nothing`] : [])].join(
    ', ',
  );
  const number = `${drawn} ${drawn === 1 ? 'look' : 'looks'}`;
  const counted =
    drawn > looks ? `${number}, which count as ${looks}, since nobody can name their moments` : number;
  return [drawn === 0 ? 'no look' : `${counted}: ${what}`, dueText(expected, missed)];
}

/** Of the cadences that ended, those without a look. */
function dueText(expected: number, missed: number): string {
  if (expected === 0) return 'none was due yet';
  if (missed > 0) return `none in ${missed} of ${expected} ${expected === 1 ? 'cadence' : 'cadences'}`;
  return expected === 1 ? 'one in the cadence that ended' : `one in each of ${expected} cadences`;
}
