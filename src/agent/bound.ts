/**
 * What was observed, with class E3 only where the target itself signed it: an agent judges its own look by the rule that
 * readers hold it to (evidence/identity.ts, probe/registry.ts).
 */
import type { Grade, Observed } from '../claim/observed.ts';
import { signersOf, type Aim, type Signer } from '../evidence/identity.ts';
import { isTranscript } from '../evidence/transcript.ts';
import { verifyTranscript, type Verified } from '../evidence/verify.ts';
import { signedFactsFor } from '../probe/registry.ts';

/** What a run was of: the probe, by its name@version, where it was to look, and the challenge that it was given. */
export interface RunOf {
  readonly probe: string;
  readonly aim: Aim;
  readonly challenge: Uint8Array;
}

/**
 * A grade of class E3 that others signed becomes E1, and says why; so does one of class E3 or E4 of a probe of which readers
 * do not know what is signed. `now`: POSIX seconds.
 */
export async function boundToTarget(
  seen: Observed,
  { probe, aim, challenge }: RunOf,
  now: number,
): Promise<Observed> {
  const grades: Grade[] = [];
  const verified = new Map<number, Verified>();
  for (const [i, { mediaType, data }] of seen.attachments.entries())
    if (isTranscript(mediaType)) verified.set(i, await verifyTranscript(data, challenge));
  const { byTarget, byOther } = signedFactsFor(probe);
  const nobody: Signer = { kind: 'unchecked', why: `nothing is known of what is signed for ${probe}` };
  const signerOf = async ({ evidence, attachments: rests = [] }: Grade): Promise<Signer> => {
    if (evidence === 'E4') return byOther === undefined ? nobody : { kind: 'target' };
    if (evidence !== 'E3') return { kind: 'target' };
    if (byTarget === undefined) return nobody;
    const known = rests.flatMap((i) => verified.get(i) ?? []);
    // What rests on something else as well, no target signed whole.
    return signersOf(known.length === rests.length ? known : [], aim, { from: now, to: now });
  };
  for (const grade of seen.grades) {
    const signer = await signerOf(grade);
    grades.push(signer.kind === 'target' ? grade : { ...grade, evidence: 'E1', lowered: signer.why });
  }
  return { ...seen, grades };
}
