/** Reads and appraises several subjects at one moment. A subject that cannot be read does not affect the others. */
import { appraiseSubject, type SubjectStatus } from '../appraisal/subject.ts';
import { isOfOne } from '../bytes/nature.ts';
import type { Refusal } from '../bytes/refusal.ts';
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

/**
 * Reads and appraises each subject once. `onDone`: called with the number of finished subjects. Refuses what concerns
 * all subjects: a log that cannot be reached, or that broke its word.
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
