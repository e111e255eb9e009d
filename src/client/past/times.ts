/** Reads the times that the log states: of entries, and of the entries around the heads that challenges name. */
import type { SubjectEntry } from '../../appraisal/history.ts';
import { sharedBounds } from '../../appraisal/past/bounds.ts';
import { knownTime } from '../../appraisal/past/timeline.ts';
import type { WitnessedHead } from '../../appraisal/past/types.ts';
import { readAhead } from '../../bytes/ahead.ts';
import type { Snapshot } from '../snapshot.ts';

export interface Times {
  /** The log's time of an entry or a row; undefined if the source has no times of the log. */
  readonly of: (entry: { readonly time: number }) => number | undefined;
  /** The log's time of the entry with an index, for what challenges name. */
  readonly at: (index: number) => number | undefined;
}

/** Rows in one page of a listing, about. */
const ROWS_A_PAGE = 64;

/** The log's times that the entries of a subject need: their own, and those of `challenge.size` and the one before. */
export async function timesOf(snapshot: Snapshot, entries: readonly SubjectEntry[]): Promise<Times> {
  if (snapshot.times !== 'log') return { of: () => undefined, at: () => undefined };
  const known = new Map<number, number>(entries.map(({ index, time }) => [index, time]));
  const missing = entries.flatMap(({ parsed }) =>
    parsed.kind === 'proof' ? [parsed.proof.challenge.size - 1, parsed.proof.challenge.size] : [],
  );
  await complete(snapshot, known, missing);
  return { of: ({ time }) => time, at: (index) => known.get(index) };
}

/** Asks for the missing times: one by one, or for a whole range if that takes fewer requests. */
async function complete(
  snapshot: Snapshot,
  known: Map<number, number>,
  wanted: readonly number[],
): Promise<void> {
  const isAsked = (index: number): boolean => index >= 0 && index < snapshot.size && !known.has(index);
  const missing = [...new Set(wanted.filter(isAsked))].toSorted((a, b) => a - b);
  const [first, last] = [missing[0], missing.at(-1)];
  if (first === undefined || last === undefined) return;
  if ((last - first) / ROWS_A_PAGE < missing.length) {
    for await (const { rows } of snapshot.pages({ from: first, before: last + 1 }))
      for (const { index, time } of rows) if (!known.has(index)) known.set(index, time);
    return;
  }
  const ask = async (i: number): Promise<readonly [number, number | undefined]> => {
    const index = missing[i] ?? 0;
    return [index, await snapshot.loggedAt(index)];
  };
  for await (const [index, time] of readAhead(0, missing.length, ask, () => 0))
    if (time !== undefined) known.set(index, time);
}

/**
 * The entries with the log's times moved into the witnesses' bounds. Signatures are weighed at these: at a wrong time a
 * certificate would not be valid, and what the target signed would not count.
 */
export function withinBounds(
  entries: readonly SubjectEntry[],
  timeOf: Times['of'],
  heads: readonly WitnessedHead[],
): readonly SubjectEntry[] {
  const bounds = sharedBounds(heads);
  return entries.map((each) => ({
    ...each,
    time: knownTime(timeOf(each), bounds.boundsOf(each.index)) ?? each.time,
  }));
}
