/** The subjects with the newest commitments, for verbs that show a part of many subjects. */
import { matcher } from '../statement/pattern.ts';
import type { Snapshot } from './snapshot.ts';

/** The `most` newest subjects that match the pattern. `more`: number of other subjects, at most. */
export async function newestSubjects(
  snapshot: Snapshot,
  most: number,
  pattern?: string,
): Promise<{ readonly subjects: readonly string[]; readonly more: number }> {
  const roster = await snapshot.roster();
  const has = pattern === undefined ? () => true : matcher(pattern);
  const found = roster.newest.filter(({ subject }) => has(subject)).toSorted((a, b) => b.index - a.index);
  const subjects = found.slice(0, most).map(({ subject }) => subject);
  return { subjects, more: found.length - subjects.length + roster.dropped + roster.unread };
}
