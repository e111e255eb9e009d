/** The past of each subject of a bundle, computed from its entries alone. */
import { historyJson } from '../../appraisal/past/json.ts';
import { knownHistory } from '../../appraisal/past/known.ts';
import type { KnownHistory } from '../../appraisal/past/known-types.ts';
import type { PastRecord } from '../../appraisal/past/types.ts';
import type { Progress } from '../../client/ports.ts';
import { readPast } from '../../client/past/read.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { jsonFile } from './text.ts';
import type { Scope } from './manifest.ts';

/** The past of one subject, and its file. */
export interface BundleHistory {
  readonly known: KnownHistory;
  readonly file: Uint8Array;
  /** Results whose signatures this place could not check: elsewhere the history may be another. */
  readonly unchecked: number;
}

/** In the order of the scope. `monitors`: thumbprints of those whose inventories the reader believes. */
export async function historiesOf(
  snapshot: Snapshot,
  { subjects, period }: Pick<Scope, 'subjects' | 'period'>,
  monitors: ReadonlySet<string>,
  progress?: (label: string, total: number) => Progress,
): Promise<readonly BundleHistory[]> {
  const bar = progress?.('subjects', subjects.length);
  const histories: BundleHistory[] = [];
  for (const subject of subjects) {
    const record = await readPast(snapshot, subject, period, { monitors });
    const known = knownHistory(record, period);
    histories.push({
      known,
      file: jsonFile(historyJson(known, snapshot.policies)),
      unchecked: uncheckedIn(record),
    });
    bar?.at(histories.length);
  }
  bar?.end();
  return histories;
}

function uncheckedIn({ evidence }: PastRecord): number {
  return [...evidence.values()].filter(({ unchecked }) => unchecked !== undefined).length;
}
