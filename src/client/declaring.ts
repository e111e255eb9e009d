/** Reads what is declared about a subject: its commitments, and what was said about these. */
import type { SubjectEntry } from '../appraisal/history.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import type { StatementKind } from '../statement/kinds.ts';
import { nearestSubject } from './nearest-subject.ts';
import type { Snapshot } from './snapshot.ts';

/** Kinds of what is declared about a subject. */
export const DECLARING: readonly StatementKind[] = ['commitment', 'approval', 'waiver', 'deployment'];

/** In log order. Refuses `not-found` if the log has nothing about the subject, with the nearest name that it has. */
export async function readDeclaring(
  snapshot: Pick<Snapshot, 'entries' | 'pages'>,
  subject: string,
): Promise<readonly SubjectEntry[]> {
  const lists = await Promise.all(DECLARING.map((kind) => snapshot.entries({ subject, kind })));
  const declaring = lists.flat().toSorted((a, b) => a.index - b.index);
  if (declaring.length > 0) return declaring;
  const hint = await nearestSubject((wanted) => snapshot.pages(wanted), subject);
  throw refuse('not-found', `the log has no commitment about "${printable(subject)}"${hint}`);
}
