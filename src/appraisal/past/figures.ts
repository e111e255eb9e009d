/** Computes the figures of one claim over a period: looks expected and made, and seconds of each kind of span. Pure. */
import { groupBy } from '../../bytes/group.ts';
import { countsFrom } from '../due.ts';
import type { Declared, History } from '../history.ts';
import type { Figures, Look, Span } from './known-types.ts';
import type { Period } from './types.ts';

export interface FiguresInput {
  readonly claim: string;
  readonly period: Period;
  /** The commitments, by what is known at the end of the record. */
  readonly history: History;
  /** All looks, also those outside of the period. */
  readonly looks: readonly Look[];
  /** Looks among these that came when one was overdue. */
  readonly late: readonly Look[];
  /** The spans, which partition the period. */
  readonly spans: readonly Span[];
}

export function figuresOf({
  claim,
  period,
  history,
  looks,
  late,
  spans,
}: FiguresInput): Omit<Figures, 'grades'> {
  const groups = groupsOf(looks.filter(({ at }) => isIn(period, at)));
  const proven = groups.filter((group) => outcomeOf(group) === 'proven').length;
  const failed = groups.filter((group) => outcomeOf(group) === 'failed').length;
  const windows = history.declared.map((declared) => windowsOf(claim, declared, period, history, looks));
  return {
    expected: sum(windows.map(({ expected }) => expected)),
    looks: groups.length,
    proven,
    failed,
    other: groups.length - proven - failed,
    missed: sum(windows.map(({ missed }) => missed)),
    late: late.filter(({ at }) => isIn(period, at)).length,
    ...timesOf(spans),
    longestUncovered: longestUncovered(spans),
  };
}

/** The looks in groups. The looks of one group count as one. */
function groupsOf(looks: readonly Look[]): readonly (readonly Look[])[] {
  return [...groupBy(looks, ({ oneWith }) => oneWith).values()];
}

/** The verdict of looks that count as one: the worst of theirs. */
function outcomeOf(group: readonly Look[]): 'proven' | 'failed' | 'other' {
  if (group.some(({ verdict }) => verdict === 'VIOLATED' || verdict === 'CONTRADICTED')) return 'failed';
  return group.some(({ verdict }) => verdict === 'PROVEN') ? 'proven' : 'other';
}

/**
 * The cadences of a commitment that ended in the period, counted from when it began to count: `(start, start + cadence]`, and so
 * on until the commitment ended. A look is expected in each. One that is not believed fills none.
 */
function windowsOf(
  id: string,
  declared: Declared,
  { since, until }: Period,
  history: History,
  looks: readonly Look[],
): { readonly expected: number; readonly missed: number } {
  const { effective, declaration, entry } = declared;
  const claim = declaration.claims.find((each) => each.id === id);
  if (claim === undefined || effective === undefined) return { expected: 0, missed: 0 };
  const start = countsFrom(effective, declaration);
  const end = Math.min(until, endOf(declared, history), declaration.validity?.notAfter ?? Infinity);
  const first = Math.max(1, Math.floor((since - start) / claim.cadence) + 1);
  const last = Math.floor((end - start) / claim.cadence);
  const filled = new Set<number>();
  for (const { commitment, verdict, entry: proof, oneWith, at, evidence } of looks) {
    const isBelieved = verdict !== 'REVOKED' && evidence !== undefined;
    if (commitment !== entry.id || !isBelieved || oneWith !== proof.index) continue;
    const number = Math.max(1, Math.ceil((at - start) / claim.cadence));
    if (number >= first && number <= last) filled.add(number);
  }
  const expected = Math.max(0, last - first + 1);
  return { expected, missed: expected - filled.size };
}

/** When a declaration stopped counting; Infinity if it has not. */
function endOf({ ended }: Declared, { declared, withdrawals }: History): number {
  if (ended === undefined) return Infinity;
  const by = [...declared, ...withdrawals].find(({ entry }) => entry.id === ended.id);
  return by?.effective ?? ended.time;
}

function timesOf(spans: readonly Span[]): Pick<Figures, 'seconds' | 'hidden' | 'coveredBy'> {
  const seconds = { covered: 0, failed: 0, uncovered: 0, waived: 0 };
  const hidden = { failed: 0, uncovered: 0 };
  const coveredBy: Partial<Record<NonNullable<Span['evidence']>, number>> = {};
  for (const { from, to, kind, hides, evidence } of spans) {
    seconds[kind] += to - from;
    if (hides !== undefined) hidden[hides] += to - from;
    if (kind === 'covered' && evidence !== undefined)
      coveredBy[evidence] = (coveredBy[evidence] ?? 0) + to - from;
  }
  return { seconds, hidden, coveredBy };
}

function longestUncovered(spans: readonly Span[]): Figures['longestUncovered'] {
  let longest: { from: number; to: number } | undefined;
  let open: { from: number; to: number } | undefined;
  for (const { from, to, kind, hides, why } of spans) {
    const isUnknown = (kind === 'uncovered' || hides === 'uncovered') && why !== 'unclaimed';
    open = isUnknown ? { from: open?.from ?? from, to } : undefined;
    if (open !== undefined && open.to - open.from > (longest === undefined ? 0 : longest.to - longest.from))
      longest = open;
  }
  return longest;
}

export function isIn({ since, until }: Period, at: number): boolean {
  return at >= since && at < until;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
