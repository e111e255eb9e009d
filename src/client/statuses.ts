/** Several subjects at one moment, each appraised; one that cannot be read keeps nobody from the others. */
import { appraiseSubject, type SubjectStatus } from '../appraisal/subject.ts';
import { isOfOne } from '../bytes/nature.ts';
import type { Refusal } from '../bytes/refusal.ts';
import type { Snapshot } from './snapshot.ts';

/** A subject that could not be read, and why. */
export interface Unreadable {
  readonly subject: string;
  readonly refusal: Refusal;
}

/** What came of several subjects, in the order in which they were asked about. */
export interface Statuses {
  readonly statuses: readonly SubjectStatus[];
  readonly unreadable: readonly Unreadable[];
}

/**
 * Reads and appraises each subject once. `onDone`: told how many are done. Refuses what concerns more than one subject: a log
 * that is away, or that was caught lying.
 */
export async function appraiseEach(
  snapshot: Snapshot,
  subjects: readonly string[],
  onDone: (done: number) => void = () => undefined,
): Promise<Statuses> {
  const statuses: SubjectStatus[] = [];
  const unreadable: Unreadable[] = [];
  for (const subject of new Set(subjects)) {
    try {
      statuses.push(appraiseSubject(await snapshot.subject(subject), snapshot.context));
    } catch (error) {
      if (!isOfOne(error)) throw error;
      unreadable.push({ subject, refusal: error });
    }
    onDone(statuses.length + unreadable.length);
  }
  return { statuses, unreadable };
}
