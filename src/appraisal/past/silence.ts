/**
 * Finds out why a proof that was due did not come (spec/audit.md, "Spans"). First it asks what the reader's witnesses show of the
 * log, then the looks themselves, then whether the agents logged anything else. Pure.
 */
import type { Claim } from '../../statement/commitment.ts';
import { countBelow } from './bounds.ts';
import type { Look, Span, Uncovered } from './known-types.ts';
import type { Draft } from './drafts.ts';

/** What is known about a commitment's agents and about the log. Times ascend. */
export interface Surroundings {
  /** When a quorum of the witnesses had cosigned each head. */
  readonly heads: readonly number[];
  /** The claim as a commitment has it, by entry id. */
  readonly claimOf: (commitment: string) => Claim | undefined;
  /** When agents that count for a commitment logged proofs about the subject, of whatever claims. */
  readonly activity: (commitment: string) => readonly number[];
  /** The looks at the claim, in the order in which they count. */
  readonly looks: readonly Look[];
}

/**
 * Most seconds between two witnessed heads for which the log counts as present: an idle log logs one a day (spec/audit.md,
 * "Witnessed heads"), and two hours are left for delays. For a claim with a longer cadence it is the cadence.
 */
const MOST_APART = 93_600;

type Interval = readonly [from: number, to: number];

/** The spans, with a reason for every one in which nothing was known. */
export function withReasons(drafts: readonly Draft[], around: Surroundings): readonly Span[] {
  const arrivals = around.looks.map(({ at }) => at);
  const spans: Span[] = [];
  for (let first = 0; first < drafts.length;) {
    const draft = drafts[first];
    if (draft === undefined) break;
    const last = endOfRun(drafts, first);
    if (draft.why === 'silent') spans.push(...explained(drafts.slice(first, last), around, arrivals));
    else spans.push({ ...draft, why: draft.why });
    first = last;
  }
  return spans;
}

/** The index after the last draft of the silence that begins here; if no silence begins here, the next index. */
function endOfRun(drafts: readonly Draft[], first: number): number {
  const { why, commitment } = drafts[first] ?? {};
  if (why !== 'silent') return first + 1;
  for (let next = first + 1; ; next += 1) {
    const draft = drafts[next];
    if (draft?.why !== 'silent' || draft.commitment !== commitment) return next;
  }
}

/** The spans of one silence, parts of which may be waived. It is cut where its reason changes. */
function explained(
  run: readonly Draft[],
  around: Surroundings,
  arrivals: readonly number[],
): readonly Span[] {
  const [from, to] = [run[0]?.from ?? 0, run.at(-1)?.to ?? 0];
  const pieces = piecesOf(from, to, run[0]?.commitment ?? '', around, arrivals);
  return run.flatMap((draft) =>
    pieces.flatMap(({ why, ...piece }): readonly Span[] => {
      const inside = { from: Math.max(piece.from, draft.from), to: Math.min(piece.to, draft.to) };
      return inside.from < inside.to ? [{ ...draft, ...inside, why }] : [];
    }),
  );
}

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly why: Uncovered;
}

function piecesOf(
  from: number,
  to: number,
  commitment: string,
  { heads, claimOf, activity, looks }: Surroundings,
  arrivals: readonly number[],
): readonly Piece[] {
  const cadence = claimOf(commitment)?.cadence ?? Infinity;
  const away = gapsIn(heads, from, to, Math.max(cadence, MOST_APART));
  const came = looks.slice(countBelow(arrivals, from), countBelow(arrivals, to));
  const vague = came.flatMap(({ isSomewhere, at }): Interval[] => (isSomewhere ? [[at, at + cadence]] : []));
  const isLate = to - from < cadence && arrivals[countBelow(arrivals, to)] === to;
  const acts = activity(commitment);
  const edges = [from, to, ...away.flat(), ...vague.flat()].filter((edge) => edge >= from && edge <= to);
  const cuts = [...new Set(edges)].toSorted((a, b) => a - b);
  const pieces: { from: number; to: number; why: Uncovered | 'gap' }[] = [];
  for (const [i, end] of cuts.entries()) {
    const start = cuts[i - 1];
    if (start === undefined) continue;
    const why = holds(away, start) ? 'log-away' : holds(vague, start) ? 'somewhere' : 'gap';
    const before = pieces.at(-1);
    if (before?.why === why) before.to = end;
    else pieces.push({ from: start, to: end, why });
  }
  return pieces.map(({ why, ...piece }): Piece => {
    if (why !== 'gap') return { ...piece, why };
    if (isLate) return { ...piece, why: 'late' };
    const isActive = countBelow(acts, piece.to) > countBelow(acts, piece.from);
    return { ...piece, why: isActive ? 'missed' : 'agent-away' };
  });
}

/** Where neighbours of the ascending moments are further apart than `most`, as far as that overlaps [from, to). */
function gapsIn(moments: readonly number[], from: number, to: number, most: number): readonly Interval[] {
  const near = moments.slice(Math.max(0, countBelow(moments, from) - 1), countBelow(moments, to) + 1);
  return near.flatMap((end, i): Interval[] => {
    const start = near[i - 1];
    return start !== undefined && end - start > most ? [[Math.max(start, from), Math.min(end, to)]] : [];
  });
}

function holds(intervals: readonly Interval[], at: number): boolean {
  return intervals.some(([from, to]) => at >= from && at < to);
}
