/**
 * What is drawn of a claim: looks and spans, gathered where they lie closer than can be told apart, so that 100,000 looks are as
 * many marks as there is room for. The worst of what is gathered is shown: nothing bad disappears behind something good. Pure.
 */
import type { HistoryJson } from '../../../appraisal/past/json.ts';
import { worstOf } from '../../../appraisal/gate.ts';
import type { EvidenceClass, Verdict } from '../../../statement/vocabulary.ts';
import type { Scale } from './scale.ts';

export type ClaimJson = HistoryJson['claims'][number];
export type LookJson = ClaimJson['looks'][number];
export type SpanJson = ClaimJson['spans'][number];

/**
 * How far a mark is verified. `hollow`: the server's word. `entry`: the entry is in the log and signed, and its verdict is not
 * computed yet. `filled`: this browser computed the verdict. `wrong`: the entry is not what the server says.
 */
export type Standing = 'hollow' | 'entry' | 'filled' | 'wrong';

export interface Cluster {
  readonly x: number;
  /** Indices of the entries, oldest first. */
  readonly indices: readonly number[];
  readonly verdict: Verdict;
  /** Of the worst look. */
  readonly evidence: EvidenceClass | null;
  /** The worst of all: hollow until each is verified. */
  readonly standing: Standing;
  /** Of the worst look. */
  readonly look: LookJson;
}

/** Pixels within which looks are one mark. */
const NEAR = 9;

const STANDINGS: readonly Standing[] = ['wrong', 'hollow', 'entry', 'filled'];

/** The marks of looks. `standingOf`: of an entry, by its index. */
export function clustersOf(
  looks: readonly LookJson[],
  { period, x }: Scale,
  standingOf: (index: number) => Standing,
): readonly Cluster[] {
  const cells = new Map<number, LookJson[]>();
  for (const look of looks) {
    if (look.window.end < period.since || look.window.start >= period.until) continue;
    const cell = Math.floor(x(look.window.end) / NEAR);
    const others = cells.get(cell);
    if (others === undefined) cells.set(cell, [look]);
    else others.push(look);
  }
  return [...cells].map(([cell, each]) => clusterOf(cell, each, x, standingOf));
}

function clusterOf(
  cell: number,
  looks: readonly LookJson[],
  x: Scale['x'],
  standingOf: (index: number) => Standing,
): Cluster {
  const verdict = worstOf(looks.map((each) => each.verdict)) ?? 'UNKNOWN';
  const look = looks.find((each) => each.verdict === verdict) ?? looks[0];
  if (look === undefined) throw new RangeError('a cluster has a look');
  const standings = new Set(looks.map(({ index }) => standingOf(index)));
  return {
    x: looks.length === 1 ? x(look.window.end) : (cell + 0.5) * NEAR,
    indices: looks.map(({ index }) => index),
    verdict,
    evidence: look.evidence,
    standing: STANDINGS.find((each) => standings.has(each)) ?? 'hollow',
    look,
  };
}

export interface Bar {
  readonly x: number;
  readonly width: number;
  readonly span: SpanJson;
  /** Spans that are drawn as this one, which is the worst of them. */
  readonly count: number;
}

const KINDS: readonly SpanJson['kind'][] = ['failed', 'uncovered', 'waived', 'covered'];

/** The bars of spans. Spans narrower than a pixel are drawn as the worst of those that share it. */
export function barsOf(spans: readonly SpanJson[], { period, x }: Scale): readonly Bar[] {
  const bars: Bar[] = [];
  for (const span of spans) {
    if (span.to <= period.since || span.from >= period.until) continue;
    const [from, to] = [x(span.from), x(span.to)];
    const last = bars.at(-1);
    const bar = { x: from, width: Math.max(1, to - from), span, count: 1 };
    if (last === undefined || to - from >= 1 || from - last.x >= 1) bars.push(bar);
    else {
      const isWorse = KINDS.indexOf(span.kind) < KINDS.indexOf(last.span.kind);
      bars[bars.length - 1] = { ...last, count: last.count + 1, span: isWorse ? span : last.span };
    }
  }
  return bars;
}
