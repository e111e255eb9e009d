/** Reads and appraises subjects at one moment. A subject that cannot be read does not affect the others. */
import { appraiseSubject, type SubjectStatus } from '../appraisal/subject.ts';
import { isOfOne } from '../bytes/nature.ts';
import type { Refusal } from '../bytes/refusal.ts';
import { matcher } from '../statement/pattern.ts';
import { gatherSubjects, partsOf } from './gather-subjects.ts';
import type { Snapshot } from './snapshot.ts';

/** A subject that could not be read, and the reason. */
export interface Unreadable {
  readonly subject: string;
  readonly refusal: Refusal;
}

/** The results for several subjects, in the order in which they were asked for. */
export interface Statuses {
  readonly statuses: readonly SubjectStatus[];
  readonly unreadable: readonly Unreadable[];
}

/** Reads and appraises one subject. `least`: number of proofs that are read in any case. Refuses as `Snapshot.subject` does. */
export async function statusOf(snapshot: Snapshot, subject: string, least?: number): Promise<SubjectStatus> {
  return appraiseSubject(await snapshot.subject(subject, least), snapshot.context);
}

/** The same of each subject once. Refuses where one cannot be read. */
export async function statusesOf(
  snapshot: Snapshot,
  subjects: readonly string[],
): Promise<readonly SubjectStatus[]> {
  const statuses: SubjectStatus[] = [];
  for (const subject of new Set(subjects)) statuses.push(await statusOf(snapshot, subject));
  return statuses;
}

/**
 * Reads and appraises each subject once. `onDone`: called with the number of finished subjects. `least`: as for
 * `statusOf`. Refuses what concerns all subjects: a log that cannot be reached, or that broke its word.
 */
export async function appraiseEach(
  snapshot: Snapshot,
  subjects: readonly string[],
  onDone: (done: number) => void = () => undefined,
  least?: number,
): Promise<Statuses> {
  const statuses: SubjectStatus[] = [];
  const unreadable: Unreadable[] = [];
  for (const part of partsOf([...new Set(subjects)])) {
    if (part.length > 1) await gatherSubjects(snapshot, part, least);
    for (const subject of part) {
      try {
        statuses.push(await statusOf(snapshot, subject, least));
      } catch (error) {
        if (!isOfOne(error)) throw error;
        unreadable.push({ subject, refusal: error });
      }
      onDone(statuses.length + unreadable.length);
    }
  }
  return { statuses, unreadable };
}

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
