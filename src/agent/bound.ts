/**
 * What was observed, with class E3 only where the target itself signed it: an agent judges its own look by the rule that
 * readers hold it to (evidence/identity.ts).
 */
import type { Grade, Observed } from '../claim/observed.ts';
import { signersOf, type Aim } from '../evidence/identity.ts';
import { isTranscript } from '../evidence/transcript.ts';
import { verifyTranscript, type Verified } from '../evidence/verify.ts';

/** `challenge`: of the look. `now`: POSIX seconds. A grade of class E3 that others signed becomes E1, and says why. */
export async function boundToTarget(
  seen: Observed,
  aim: Aim,
  challenge: Uint8Array,
  now: number,
): Promise<Observed> {
  const grades: Grade[] = [];
  const verified = new Map<number, Verified>();
  for (const [i, { mediaType, data }] of seen.attachments.entries())
    if (isTranscript(mediaType)) verified.set(i, verifyTranscript(data, challenge));
  for (const grade of seen.grades) {
    const rests = grade.attachments ?? [];
    const known = rests.flatMap((i) => verified.get(i) ?? []);
    // What rests on something else as well, no target signed whole.
    const transcripts = known.length === rests.length ? known : [];
    const signer =
      grade.evidence === 'E3' ? await signersOf(transcripts, aim, { from: now, to: now }) : undefined;
    grades.push(
      signer === undefined || signer.kind === 'target'
        ? grade
        : { ...grade, evidence: 'E1', lowered: signer.why },
    );
  }
  return { ...seen, grades };
}
