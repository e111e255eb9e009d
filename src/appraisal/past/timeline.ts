/**
 * The entries of a record with the two times that a replay needs. The appraisal computes with `time`; from `visible` on readers
 * could see the entry. The times that the log states are used unless the reader's witnesses show that they are wrong.
 */
import { formatTime } from '../../bytes/time.ts';
import type { SubjectEntry } from '../history.ts';
import { CLOCK_TOLERANCE, isFailure } from '../reports.ts';
import { sharedBounds, type TimeBounds } from './bounds.ts';
import type { Bounds, PastEntry, PastPolicy, PastRecord } from './types.ts';

/** An entry, and its time as believed and as known. */
export interface TimedEntry {
  /** With the time that the log states; without one, as `known`. */
  readonly believed: SubjectEntry;
  /** With that time moved into the witnesses' bounds, if it lies outside. */
  readonly known: SubjectEntry;
  /** On the log's word alone. */
  readonly stated: number | undefined;
  readonly bounds: Bounds;
  /** From when on readers saw it: the latest known time of this entry and those before it. Within the period where it may be (`timelineOf`). */
  readonly visible: number;
  /** The same, be it in the period or after it. */
  readonly latest: number;
}

/** A policy, and the time from which on readers saw it. */
export interface TimedPolicy extends PastPolicy {
  readonly visible: number;
}

export interface Timeline {
  /** The end of the period that it was read for; else Infinity. */
  readonly until: number;
  readonly bounds: TimeBounds;
  readonly entries: readonly TimedEntry[];
  readonly policies: readonly TimedPolicy[];
  /** Times that the log states and that cannot be, one sentence for each entry. */
  readonly wrong: readonly string[];
}

/** Timelines of records, which do not change: whoever asks about many moments of one record asks for it each time. */
const KNOWN = new WeakMap<PastRecord, Timeline>();

/**
 * Reads the times of a record. `until`: the end of a period. What nobody states a time for, and what may have been logged in that
 * period as well as after it, counts from the last second of the period on: else a failure in it would be told of the next one
 * alone. Proofs that show no failure stay behind the period: nothing is covered, and no look made, on a time that is not known.
 */
export function timelineOf(record: PastRecord, until = Infinity): Timeline {
  if (until !== Infinity) return readTimes(record, until);
  const known = KNOWN.get(record) ?? readTimes(record, until);
  KNOWN.set(record, known);
  return known;
}

function readTimes(record: PastRecord, until: number): Timeline {
  const bounds = sharedBounds(record.heads);
  const entries: TimedEntry[] = [];
  const policies: TimedPolicy[] = [];
  const wrong: string[] = [];
  let latest = 0;
  for (const each of inOrder(record)) {
    const within = bounds.boundsOf(each.index);
    const stated = Math.min(record.now, knownTime(each.time, within) ?? record.now);
    latest = Math.max(latest, stated);
    const isOpen =
      each.time === undefined && (within.notBefore ?? -Infinity) < until && !isWithoutFailure(each);
    const [time, visible] = isOpen
      ? [Math.min(stated, until - 1), Math.min(latest, until - 1)]
      : [stated, latest];
    const fault = each.time === undefined ? undefined : outside(each.time, within);
    if (fault !== undefined) wrong.push(`the log says that it logged entry ${each.index} at ${fault}`);
    if (!('parsed' in each)) policies.push({ ...each, visible });
    else
      entries.push({
        believed: { ...each, time: each.time ?? time },
        known: { ...each, time },
        stated: each.time,
        bounds: within,
        visible,
        latest,
      });
  }
  return { until, bounds, entries, policies, wrong };
}

/** Whether an entry is a proof that shows no failure. */
function isWithoutFailure(entry: PastEntry | PastPolicy): boolean {
  if (!('parsed' in entry) || entry.parsed.kind !== 'proof') return false;
  return !entry.parsed.proof.results.some(({ verdict }) => isFailure(verdict));
}

/**
 * A time on somebody's word, moved into bounds if it lies outside; without a word, the latest time in the bounds. Undefined without
 * a word and without an upper bound: then it is not known to be earlier than now.
 */
export function knownTime(stated: number | undefined, { notBefore, notAfter }: Bounds): number | undefined {
  if (stated === undefined) return notAfter;
  if (outside(stated, { notBefore, notAfter }) === undefined) return stated;
  return Math.min(Math.max(stated, notBefore ?? -Infinity), notAfter ?? Infinity);
}

/**
 * How a time lies outside of bounds, as the end of a sentence that names the time; undefined if it is within. Clocks differ, so
 * it may be off by `CLOCK_TOLERANCE`.
 */
export function outside(time: number, { notBefore, notAfter }: Bounds): string | undefined {
  if (notBefore !== undefined && time < notBefore - CLOCK_TOLERANCE)
    return `${formatTime(time)}, and the witnesses show that it was not before ${formatTime(notBefore)}`;
  if (notAfter !== undefined && time > notAfter + CLOCK_TOLERANCE)
    return `${formatTime(time)}, and the witnesses show that it was not after ${formatTime(notAfter)}`;
  return undefined;
}

function inOrder({ entries, policyEntries }: PastRecord): readonly (PastEntry | PastPolicy)[] {
  return [...entries, ...policyEntries].toSorted((a, b) => a.index - b.index);
}

/** When the entry with an index was logged, on the log's word: its own time if it is about the subject, else `loggedAt`. */
export function statedTimes({ entries, loggedAt }: PastRecord): (index: number) => number | undefined {
  const own = new Map(entries.map(({ index, time }) => [index, time]));
  return (index) => own.get(index) ?? loggedAt(index);
}
