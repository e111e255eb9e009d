/**
 * Fetches what the status of many subjects is read from at once, in the order of the log (`Snapshot.gather`). After it,
 * `Snapshot.subject` of each of them asks for little or nothing.
 *
 *     for (const part of partsOf(subjects)) {
 *       await gatherSubjects(snapshot, part);
 *       for (const subject of part) … appraiseSubject(await snapshot.subject(subject), snapshot.context);
 *     }
 */
import type { Listed } from './search.ts';
import type { Snapshot } from './snapshot.ts';
import { DECLARING } from './declaring.ts';
import { LEAST_PROOFS } from './subject.ts';

/** Subjects of one part: some 9,000 entries. */
const PART = 512;

/** The subjects in parts that are gathered one after another. */
export function partsOf(subjects: readonly string[]): readonly (readonly string[])[] {
  const count = Math.ceil(subjects.length / PART);
  return Array.from({ length: count }, (_, i) => subjects.slice(i * PART, (i + 1) * PART));
}

/** Fetches the declarations of some subjects and their newest proofs. `least`: as for `Snapshot.subject`. */
export async function gatherSubjects(
  snapshot: Snapshot,
  subjects: readonly string[],
  least = LEAST_PROOFS,
): Promise<void> {
  // A search would be asked twice.
  if (snapshot.times === 'log') return;
  const found: Listed[] = [];
  for (const subject of subjects) {
    for (const kind of DECLARING)
      for await (const { rows } of snapshot.pages({ subject, kind })) found.push(...rows);
    for await (const { rows } of snapshot.pages({ subject, kind: 'proof' })) {
      found.push(...rows.slice(0, least));
      break;
    }
  }
  await snapshot.gather(found);
}
