/**
 * What the claims of some subjects show for one item of a framework over a period, day by day. A day is as good as its worst
 * moment, and nothing is averaged: a missed day shows as missed. The report says what supports the item; it never says
 * that anybody complies.
 */
import { formatTime } from '../../bytes/time.ts';
import type { ClaimPast, KnownHistory, Look, Span } from '../../appraisal/past/known-types.ts';
import type { Grade, Period } from '../../appraisal/past/types.ts';
import { DAY, type Framework, type Item } from './framework.ts';
import { supportedBy, type SaidBy } from './supports.ts';

/**
 * The state of a claim on a day, worst first.
 *
 *     failed       it was VIOLATED or CONTRADICTED at some moment of the day
 *     hidden       the same, under a waiver
 *     missed       the day is further from the last look than the item allows, or no look came when one was due
 *     uncovered    nothing is known of some moment of the day, for another reason
 *     waived       a waiver was in force where nothing was known
 *     unclaimed    at some moment of the day no commitment in force had a claim that supports the item
 *     covered      proofs that were not past due cover the whole day
 */
export const DAY_STATES = [
  'failed',
  'hidden',
  'missed',
  'uncovered',
  'waived',
  'unclaimed',
  'covered',
] as const;
export type DayState = (typeof DAY_STATES)[number];

export interface Day {
  /** `2026-01-31`, in UTC. */
  readonly day: string;
  readonly state: DayState;
  /** Looks of the day that could tell: PROVEN, VIOLATED or CONTRADICTED. Those that count as one are one. */
  readonly looks: number;
}

/** A time without a look that is longer than the text of the item allows. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** One claim of one subject that supports an item. */
export interface Support {
  readonly subject: string;
  readonly claim: string;
  /** The least reliable of those who say so, over the commitments of the period. */
  readonly saidBy: SaidBy;
  readonly grade: Grade;
  readonly days: readonly Day[];
  /** Empty if the text names no cadence. */
  readonly gaps: readonly Gap[];
}

export interface ControlReport {
  readonly framework: Framework;
  readonly item: Item;
  readonly period: Period;
  readonly supports: readonly Support[];
  /** The worst state of each day over all claims; `unclaimed` if one of them did not count yet. Empty without a claim. */
  readonly days: readonly Day[];
  /** Whether each day is `covered`, no gap is longer than allowed, and there is a claim at all. */
  readonly holds: boolean;
}

/** What the histories of some subjects, all over one period, show for an item. */
export function controlReport(
  framework: Framework,
  item: Item,
  period: Period,
  histories: readonly KnownHistory[],
): ControlReport {
  const draft = new ControlDraft(framework, item, period);
  for (const each of histories) draft.add(each);
  return draft.report();
}

/** The report of one item, to which histories are added one after another. Of each only its days are kept. */
export class ControlDraft {
  readonly #framework: Framework;
  readonly #item: Item;
  readonly #period: Period;
  readonly #supports: Support[] = [];
  /** Each day that occurs, once: thousands of subjects have the same. */
  readonly #days = new Map<string, Day>();

  constructor(framework: Framework, item: Item, period: Period) {
    this.#framework = framework;
    this.#item = item;
    this.#period = period;
  }

  add(history: KnownHistory): void {
    for (const past of history.claims)
      for (const support of supportOf(this.#framework, this.#item, history, past))
        this.#supports.push({ ...support, days: support.days.map((day) => this.#shared(day)) });
  }

  report(): ControlReport {
    const supports = this.#supports;
    const days = worstDays(supports);
    const holds =
      days.length > 0 &&
      days.every(({ state }) => state === 'covered') &&
      supports.every(({ gaps }) => gaps.length === 0);
    return { framework: this.#framework, item: this.#item, period: this.#period, supports, days, holds };
  }

  #shared(day: Day): Day {
    const key = `${day.day} ${day.state} ${day.looks}`;
    const known = this.#days.get(key) ?? day;
    this.#days.set(key, known);
    return known;
  }
}

/** Who is believed less stands later. */
const SAYERS: readonly SaidBy[] = ['commitment', 'table', 'file'];

function supportOf(
  framework: Framework,
  item: Item,
  { subject, period, declared }: KnownHistory,
  { claim, looks, spans, figures }: ClaimPast,
): readonly Support[] {
  const by = new Map<string, SaidBy>();
  for (const { entry, declaration } of declared) {
    const terms = declaration.claims.find(({ id }) => id === claim);
    const saidBy = terms && supportedBy(framework, item, terms);
    if (saidBy !== undefined) by.set(entry.id, saidBy);
  }
  const saidBy = SAYERS.findLast((each) => [...by.values()].includes(each));
  if (saidBy === undefined) return [];
  const told = looks.filter(({ commitment, verdict }) => by.has(commitment) && TELLING.has(verdict));
  const claimed = spans.filter(({ commitment }) => commitment !== undefined && by.has(commitment));
  const gaps = gapsOf(item.cadence?.seconds ?? Infinity, told, claimed);
  const days = daysOf(period, told, claimed, gaps);
  return [{ subject, claim, saidBy, grade: figures.grades.time, days, gaps }];
}

/** Verdicts of looks that could tell. */
const TELLING: ReadonlySet<string> = new Set(['PROVEN', 'VIOLATED', 'CONTRADICTED']);

/** The times in which the claim counted and the last look was longer ago than `allowed` seconds. */
function gapsOf(allowed: number, looks: readonly Look[], spans: readonly Span[]): readonly Gap[] {
  const gaps: Gap[] = [];
  const times = looks.map(({ at }) => at).toSorted((a, b) => a - b);
  for (const { from, to } of mergedOf(spans)) {
    const before = times.findLast((at) => at <= from);
    const marks = [before ?? from, ...times.filter((at) => at > from && at < to), to];
    for (const [i, mark] of marks.entries()) {
      const next = marks[i + 1];
      if (next !== undefined && next - mark > allowed)
        gaps.push({ from: Math.max(from, mark + allowed), to: next });
    }
  }
  return gaps;
}

/** The parts of a period that no span is in. */
function restOf({ since, until }: Period, spans: readonly Span[]): readonly Gap[] {
  const marks = mergedOf(spans).flatMap(({ from, to }) => [from, to]);
  const ends = [since, ...marks, until];
  return ends.flatMap((from, i) => {
    const to = ends[i + 1];
    return i % 2 === 0 && to !== undefined && to > from ? [{ from, to }] : [];
  });
}

/** Spans that touch as one, whatever is known in them. */
function mergedOf(spans: readonly Span[]): readonly Gap[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last !== undefined && last.to >= from) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
}

function daysOf(
  { since, until }: Period,
  looks: readonly Look[],
  spans: readonly Span[],
  gaps: readonly Gap[],
): readonly Day[] {
  const first = Math.floor(since / DAY);
  const count = Math.ceil(until / DAY) - first;
  const states = Array.from({ length: count }, (): DayState => 'covered');
  const seen = Array.from({ length: count }, () => 0);
  const mark = ({ from, to }: Gap, state: DayState): void => {
    for (
      let day = Math.max(0, Math.floor(from / DAY) - first);
      day < count && (day + first) * DAY < to;
      day++
    )
      states[day] = worse(states[day] ?? 'covered', state);
  };
  for (const span of spans) mark(span, stateOf(span));
  for (const each of restOf({ since, until }, spans)) mark(each, 'unclaimed');
  for (const gap of gaps) mark(gap, 'missed');
  for (const { at } of new Map(looks.toReversed().map((look) => [look.oneWith, look])).values()) {
    const day = Math.floor(at / DAY) - first;
    if (day >= 0 && day < count) seen[day] = (seen[day] ?? 0) + 1;
  }
  return states.map((state, i) => ({
    day: formatTime((first + i) * DAY).slice(0, 10),
    state,
    looks: seen[i] ?? 0,
  }));
}

/** Reasons for an uncovered span that mean: a look was due and did not come. */
const MISSED: ReadonlySet<string> = new Set(['missed', 'late', 'agent-away', 'log-away', 'somewhere']);

function stateOf({ kind, hides, why }: Span): DayState {
  if (kind === 'failed' || kind === 'covered') return kind;
  if (kind === 'waived') return hides === 'failed' ? 'hidden' : 'waived';
  return why !== undefined && MISSED.has(why) ? 'missed' : 'uncovered';
}

function worse(a: DayState, b: DayState): DayState {
  return DAY_STATES.indexOf(a) <= DAY_STATES.indexOf(b) ? a : b;
}

function worstDays(supports: readonly Support[]): readonly Day[] {
  const [first, ...others] = supports.map(({ days }) => days);
  if (first === undefined) return [];
  return first.map((day, i) => ({
    day: day.day,
    state: others.reduce((state, days) => worse(state, days[i]?.state ?? 'unclaimed'), day.state),
    looks: others.reduce((sum, days) => sum + (days[i]?.looks ?? 0), day.looks),
  }));
}
