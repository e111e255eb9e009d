/**
 * From the status of a claim back to what it rests on: who declared and deployed it, what was signed and by whom, and when
 * agents looked. Everything is verified again; nothing is fetched but nodes of the tree.
 */
import type { ClaimStatus } from '../appraisal/appraise.ts';
import type { Declared, EntryOf } from '../appraisal/history.ts';
import { disclosedFor } from '../appraisal/json.ts';
import type { Sampling } from '../appraisal/sampling.ts';
import { commitmentOf, type SubjectStatus } from '../appraisal/subject.ts';
import { formatHex } from '../bytes/text.ts';
import { aimOf, signersOf, type Signer } from '../evidence/identity.ts';
import { betweenOf, examineEvidence, trailsIn, type Examined } from '../evidence/weigh.ts';
import { signedFactsFor } from '../probe/registry.ts';
import { samplingsOf } from './samplings.ts';
import type { Snapshot } from './snapshot.ts';

export interface Explanation {
  readonly status: ClaimStatus;
  readonly declared: Declared;
  /** The newest of the commitment. */
  readonly deployment: EntryOf<'deployment'> | undefined;
  /** What came of the attachments of the proof; undefined without a proof. */
  readonly examined: Examined | undefined;
  /** A signature of TLS 1.2 is among them: it covers less. */
  readonly isTls12: boolean;
  /** Whether it was the target that signed; undefined where nobody did. */
  readonly signer: Signer | undefined;
  /** What a third party signed: one line each. */
  readonly trails: readonly string[];
  /** When each agent looked. */
  readonly slots: readonly Sampling[];
  /** `path = value`, of the leaves the verdict rests on that are public. */
  readonly leaves: readonly string[];
  /** The newest earlier proof of the same agent by another program, or by one that was allowed other things. */
  readonly otherProgram: EntryOf<'proof'> | undefined;
}

/** Undefined when the subject has no claim of that id. Refuses as `prefixOf` does. */
export async function explainClaim(
  snapshot: Pick<Snapshot, 'view' | 'tiles'>,
  subject: SubjectStatus,
  id: string,
): Promise<Explanation | undefined> {
  const declared = commitmentOf(subject);
  const status = subject.claims.find(({ claim }) => claim.id === id);
  if (declared === undefined || status === undefined) return undefined;
  const { proof, claim } = status;
  const result = proof?.parsed.proof.results.find((each) => each.claim === id);
  const examined = proof && result && (await examineEvidence(proof, result));
  const all = (examined?.verified ?? []).map(({ verified }) => verified);
  const aim = aimOf(claim, declared.declaration, subject.subject);
  const isSigned = proof !== undefined && all.length > 0;
  return {
    status,
    declared,
    deployment: subject.history.deployments.findLast(
      ({ parsed: { deployment } }) => formatHex(deployment.commitment) === declared.entry.id,
    ),
    examined,
    isTls12: all.some((each) => each.protocol === 'tls' && each.version === 'TLSv1.2'),
    signer: isSigned ? await signersOf(all, aim, betweenOf(proof, subject.entries)) : undefined,
    trails: proof && result ? await trailsIn(proof, result, claim, signedFactsFor) : [],
    slots: await samplingsOf(snapshot, subject, claim),
    leaves: proof === undefined ? [] : disclosedFor(proof, id),
    otherProgram: proof && otherProgram(subject, declared, proof),
  };
}

/** A probe or an evaluator that was exchanged changes what a verdict means. */
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

/** What an agent says that it is, as one text. */
function programOf({ parsed: { proof } }: EntryOf<'proof'>): string {
  const { version, binaryDigest, profileDigest } = proof.agent;
  return [version, ...[binaryDigest, profileDigest].map((each) => each && formatHex(each))].join('\n');
}
