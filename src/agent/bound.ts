/**
 * The evidence class of what an agent observed: E3 only where the target itself signed. The agent applies to its own
 * observations the rule by which readers will judge them (evidence/identity.ts, probe/signed.ts).
 */
import type { Grade, Observed } from '../claim/observed.ts';
import type { Withheld } from '../claim/withheld.ts';
import { signersOf, type Aim, type Signer } from '../evidence/identity.ts';
import { isTranscript } from '../evidence/transcript.ts';
import { verifyTranscript, type Verified } from '../evidence/verify.ts';
import { signedFactsFor } from '../probe/signed.ts';

/** One run: the probe as name@version, where it was to look, and the challenge that it was given. */
interface RunOf {
  readonly probe: string;
  readonly aim: Aim;
  readonly challenge: Uint8Array;
}

/**
 * Lowers a grade of class E3 to E1, with the reason, if somebody other than the target signed. Lowers a grade of class
 * E3 or E4 likewise if readers do not know what that probe's target signs. Withholds a part that only the target's own answer can
 * show (`ofTarget`) if another signed. `now`: POSIX seconds.
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
  const signerOf = async ({
    evidence,
    attachments: rests = [],
    ofTarget = false,
  }: Grade): Promise<Signer> => {
    if (evidence === 'E4') return byOther === undefined ? nobody : { kind: 'target' };
    if (evidence !== 'E3' && !ofTarget) return { kind: 'target' };
    if (evidence === 'E3' && byTarget === undefined) return nobody;
    const known = rests.flatMap((i) => verified.get(i) ?? []);
    // If the observation rests on anything besides signed data, no target signed all of it.
    return signersOf(known.length === rests.length ? known : [], aim, { from: now, to: now });
  };
  const withheld: Withheld[] = [...(seen.withheld ?? [])];
  for (const grade of seen.grades) {
    const signer = await signerOf(grade);
    grades.push(signer.kind === 'target' ? grade : { ...grade, evidence: 'E1', lowered: signer.why });
    if (signer.kind === 'other' && grade.ofTarget === true)
      withheld.push({ path: grade.path, reason: `another than the target answered: ${signer.why}` });
  }
  return { ...seen, grades, ...(withheld.length > 0 && { withheld }) };
}
