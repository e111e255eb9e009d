/** What a snapshot says for every subject. */
import type { SnapshotContext } from '../appraisal/subject.ts';
import type { Snapshot } from './snapshot.ts';

/** What is true of the log at the moment of a snapshot, for every subject. */
export function contextOf({
  now,
  behind,
  headTime,
  view,
  policies,
}: Pick<Snapshot, 'now' | 'behind' | 'headTime' | 'view' | 'policies'>): SnapshotContext {
  const { origin } = view.opened.checkpoint;
  return { now, behind, headTime, origin, revokedSince: (kid) => policies.revokedSince(kid) };
}
