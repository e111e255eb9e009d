/**
 * A snapshot of the past: the first entries of a log as a reader of then saw them. Entries are verified under the newest
 * checkpoint; nothing that was logged later counts.
 */
import type { SubjectEntry } from '../appraisal/history.ts';
import { ListedRows, type Stop } from './listed-rows.ts';
import type { Moment } from './moment.ts';
import { Roster } from './roster.ts';
import type { Listed, Page, Wanted } from './search.ts';
import { contextOf } from './snapshot-context.ts';
import type { Snapshot } from './snapshot.ts';
import { readHistory, readSubject } from './subject.ts';
import { MOST_ENTRIES } from './reader-limits.ts';

/** The snapshot of a moment. `now`: that of the log as it is. */
export function snapshotAt(now: Snapshot, past: Moment): Snapshot {
  const { size, time } = past;
  const rows = new ListedRows();
  const roster = new Roster();
  const pages = (wanted: Wanted): AsyncIterable<Page> =>
    now.pages({ ...wanted, before: Math.min(size, wanted.before ?? size) });
  const newest = async (wanted: Wanted, stop: Stop): Promise<readonly SubjectEntry[]> => {
    const listed: readonly Listed[] = await rows.newestFirst(pages, wanted, size, stop, MOST_ENTRIES);
    return now.read(listed.toReversed(), wanted.kind);
  };
  const parts = {
    ...now,
    size,
    past,
    policies: now.policies.until(size),
    now: time,
    behind: 0,
    headTime: time,
    pages,
    newest,
    entries: (wanted: Wanted) => newest(wanted, () => false),
    roster: async () => {
      await roster.advance(pages, size);
      return roster;
    },
  };
  const snapshot: Snapshot = {
    ...parts,
    context: contextOf(parts),
    subject: (subject, least) => readSubject(snapshot, subject, least),
    history: (subject) => readHistory(snapshot, subject),
  };
  return snapshot;
}
