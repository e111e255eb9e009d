/** Finds the entries of a log that were logged in a period, or may have been: by witnessed heads, else by the log's word. */
import type { Period, WitnessedHead } from '../../appraisal/past/types.ts';
import { Lru } from '../../bytes/lru.ts';
import { sizeByWord } from '../moment-of.ts';
import type { Snapshot } from '../snapshot.ts';
import type { LogView } from '../view.ts';
import type { HeadSource } from '../witnessed-heads.ts';

/** A part of the log around a period. */
export interface Reach {
  readonly period: Period;
  /** No entry below this index was logged in the period. */
  readonly from: number;
  /** No entry from this index on was logged in the period. */
  readonly to: number;
  /** Entries from `to` up to here are read as well, for what they reveal of the period. */
  readonly further: number;
  /** Witnessed heads of the period, and the nearest before and after it. */
  readonly heads: readonly WitnessedHead[];
}

/** Seconds by which an entry may have an earlier time than one before it, since the log's clock may have been set back. */
const SLACK = 600;

/** The reach of a period, and what was logged in the seconds `further` after it. */
export async function reachOf(snapshot: Snapshot, period: Period, further: number): Promise<Reach> {
  const { since, until } = period;
  const end = until + further;
  const byWord = (time: number): Promise<number | undefined> =>
    snapshot.times === 'log' ? sizeByWord(snapshot, time) : Promise.resolve(undefined);
  const heads = await headsOf(snapshot, (await byWord(since)) ?? 0, since, end);
  const before = heads.filter(({ notAfter }) => notAfter <= since).map(({ size }) => size);
  const endOf = async (time: number): Promise<number> => {
    const after = heads.flatMap(({ index, notBefore }) =>
      notBefore < time || index === undefined ? [] : [index],
    );
    return Math.min(...after, after.length > 0 ? Infinity : ((await byWord(time + SLACK)) ?? snapshot.size));
  };
  // An entry behind a head of the period was logged in the period or later, whatever time the log states for it.
  const inside = heads.flatMap(({ index, notBefore }) =>
    index === undefined || notBefore < since ? [] : [index],
  );
  const from =
    before.length > 0 ? Math.max(...before) : Math.min(...inside, (await byWord(since - SLACK)) ?? 0);
  const to = await endOf(until);
  return { period, from, to, further: Math.max(to, await endOf(end)), heads };
}

/** Periods whose heads are kept of one view: subjects differ in how far before and after the period they are read. */
const MOST_PERIODS = 32;
/** Heads of periods. Subjects of one view share them, and what is computed of them (`sharedBounds`). */
const HEADS = new WeakMap<LogView, Lru<string, readonly WitnessedHead[]>>();

/** The heads between two times, and one outside on each side. `near`: an index at which to begin. */
async function headsOf(
  { heads, view }: Snapshot,
  near: number,
  since: number,
  end: number,
): Promise<readonly WitnessedHead[]> {
  const known = HEADS.get(view) ?? new Lru<string, readonly WitnessedHead[]>(MOST_PERIODS, () => 1);
  HEADS.set(view, known);
  const key = `${near} ${since} ${end}`;
  const found = known.get(key) ?? (await findHeads(heads, near, since, end));
  known.set(key, found);
  return found;
}

async function findHeads(
  heads: HeadSource,
  near: number,
  since: number,
  end: number,
): Promise<readonly WitnessedHead[]> {
  const found: WitnessedHead[] = [];
  for await (const head of heads.descending(near)) {
    found.push(head);
    if (head.notAfter <= since) break;
  }
  found.reverse();
  for await (const head of heads.ascending(near)) {
    found.push(head);
    if (head.notBefore >= end) break;
  }
  const before = found.findLastIndex(({ notAfter }) => notAfter <= since);
  return found.slice(Math.max(0, before));
}
