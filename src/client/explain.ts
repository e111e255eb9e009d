/**
 * Traces the status of a claim to what it rests on: who declared and deployed it, what was signed and by whom, and when
 * agents observed. Everything is verified again; only tree nodes are fetched.
 */
import type { ClaimStatus } from '../appraisal/appraise.ts';
import { deploymentsOf, type Declared, type EntryOf } from '../appraisal/history.ts';
import { disclosedFor } from '../appraisal/json.ts';
import type { Sampling } from '../appraisal/sampling.ts';
import type { SubjectStatus } from '../appraisal/subject.ts';
import { claimNamed, currentOf } from '../appraisal/versions.ts';
import { formatHex } from '../bytes/text.ts';
import { aimOf, signersOf, type Signer } from '../evidence/identity.ts';
import { betweenOf, examineEvidence, trailsIn, type Examined } from '../evidence/weigh.ts';
import { signedFactsFor } from '../probe/signed.ts';
import { samplingsOf } from './samplings.ts';
import type { Snapshot } from './snapshot.ts';

export interface Explanation {
  readonly status: ClaimStatus;
  readonly declared: Declared;
  /** The newest deployment of the commitment. */
  readonly deployment: EntryOf<'deployment'> | undefined;
  /** The result of examining the attachments of the proof; undefined without a proof. */
  readonly examined: Examined | undefined;
  /** True if one of the signatures is of TLS 1.2, which covers less of the handshake than TLS 1.3. */
  readonly isTls12: boolean;
  /** Whether the target itself signed; undefined if nobody did. */
  readonly signer: Signer | undefined;
  /** What third parties signed, one line each. */
  readonly trails: readonly string[];
  /** The times at which each agent observed, against its slots. */
  readonly slots: readonly Sampling[];
  /** Lines `path = value` for the public leaves that the verdict rests on. */
  readonly leaves: readonly string[];
  /** The newest earlier proof of the same agent that was made by another program or with other permissions. */
  readonly otherProgram: EntryOf<'proof'> | undefined;
}

/** Explains one claim. Refuses `not-found` if the subject has no claim with that id, and as `prefixOf` does. */
export async function explainClaim(
  snapshot: Pick<Snapshot, 'view' | 'tiles'>,
  subject: SubjectStatus,
  id: string,
): Promise<Explanation> {
  const status = claimNamed(subject, id);
  const declared = currentOf(subject);
  const { proof, claim } = status;
  const result = proof?.parsed.proof.results.find((each) => each.claim === id);
  const examined = proof && result && (await examineEvidence(proof, result));
  const all = (examined?.verified ?? []).map(({ verified }) => verified);
  const aim = aimOf(claim, declared.declaration, subject.subject);
  const isSigned = proof !== undefined && all.length > 0;
  return {
    status,
    declared,
    deployment: deploymentsOf(subject.history, declared.entry.id).at(-1),
    examined,
    isTls12: all.some((each) => each.protocol === 'tls' && each.version === 'TLSv1.2'),
    signer: isSigned ? await signersOf(all, aim, betweenOf(proof, subject.entries)) : undefined,
    trails: proof && result ? await trailsIn(proof, result, claim, signedFactsFor) : [],
    slots: await samplingsOf(snapshot, subject, claim),
    leaves: proof === undefined ? [] : disclosedFor(proof, id),
    otherProgram: proof && otherProgram(subject, declared, proof),
  };
}

/** Finds `otherProgram`: if the probe or the evaluator was replaced, the verdict may mean something else. */
function otherProgram(
  { history }: SubjectStatus,
  declared: Declared,
  proof: EntryOf<'proof'>,
): EntryOf<'proof'> | undefined {
  const own = programOf(proof);
  return history.proofs.findLast(
    (each) =>
      each.index < proof.index &&
      each.parsed.kid === proof.parsed.kid &&
      formatHex(each.parsed.proof.commitment) === declared.entry.id &&
      programOf(each) !== own,
  );
}

/** The agent's description of itself and its program, as one text. */
function programOf({ parsed: { proof } }: EntryOf<'proof'>): string {
  const { version, binaryDigest, profileDigest } = proof.agent;
  return [version, ...[binaryDigest, profileDigest].map((each) => each && formatHex(each))].join('\n');
}
