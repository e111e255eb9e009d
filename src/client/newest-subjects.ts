/** The subjects that were committed to last, for verbs that show some of many. */
import { matcher } from '../statement/pattern.ts';
import type { Snapshot } from './snapshot.ts';

/** The newest `most` subjects, of those that a pattern has; `more`: how many others there are, at most. */
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
