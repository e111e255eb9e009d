/**
 * Classes E3 and E4, checked by the reader: each transcript's signature over the challenge of its proof, AWS's over its
 * digests (trail.ts), and the claim judged again from nothing but what was signed. An agent that says E3 and cannot show
 * it is not believed.
 */
import { Refusal } from '../../bytes/refusal.ts';
import { judgeSigned } from '../../claim/signed.ts';
import type { EntryOf } from '../../appraisal/history.ts';
import type { ValueMap } from '../../claim/value.ts';
import { challengeOf } from '../../evidence/challenge.ts';
import { REFUSAL_TYPE, verifyRefusal } from '../../evidence/tls-refusal-record.ts';
import { isTranscript } from '../../evidence/transcript.ts';
import { verifyTranscript, type Verified } from '../../evidence/verify.ts';
import type { Claim } from '../../statement/commitment.ts';
import type { Result } from '../../statement/proof.ts';
import { signedValues, type Placed } from './signed.ts';
import { describeTrail, examineTrail } from './trail.ts';

/** What came of the attachments that a result rests on. */
export interface Examined {
  readonly verified: readonly Placed[];
  /** Transcripts that are not what they should be, and why. */
  readonly faults: readonly string[];
  /** Attachments named by digest (their bytes are with the agent), or of a kind that is not read here. */
  readonly unread: number;
}

/** A proof, wherever it was logged. */
type Proven = Pick<EntryOf<'proof'>, 'parsed'>;

/** Verifies each transcript of a result against the challenge recomputed from the proof. */
export function examineEvidence(
  { parsed: { proof } }: Proven,
  result: Pick<Result, 'attachments'>,
): Examined {
  const { root, nonce } = proof.challenge;
  const challenge = challengeOf(root, proof.commitment, nonce);
  const verified: Placed[] = [];
  const faults: string[] = [];
  let unread = 0;
  for (const index of result.attachments ?? []) {
    const attachment = proof.attachments?.[index];
    if (attachment?.data === undefined || !isTranscript(attachment.mediaType)) {
      unread += 1;
      continue;
    }
    try {
      verified.push({ at: index, verified: verifyTranscript(attachment.data, challenge) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      faults.push(error.message);
    }
  }
  return { verified, faults, unread };
}

/** Why a result of class E4 cannot be checked here; undefined when it can, or is of another class. */
export function unchecked(entry: Proven, result: Result, claim: Claim): string | undefined {
  if (result.evidence !== 'E4') return undefined;
  const attested = examineTrail(entry, result, claim);
  return attested.kind === 'unseen' ? attested.why : undefined;
}

/**
 * What is wrong with the refusals of TLS versions that a result tells of: each is judged again from its hellos. One that is
 * named by its digest alone is the agent's word, as all of class E1.
 */
function refusalFault({ parsed: { proof } }: Proven, { verdict, attachments }: Result): string | undefined {
  const challenge = challengeOf(proof.challenge.root, proof.commitment, proof.challenge.nonce);
  for (const index of attachments ?? []) {
    const attachment = proof.attachments?.[index];
    if (attachment?.data === undefined || attachment.mediaType !== REFUSAL_TYPE) continue;
    try {
      verifyRefusal(attachment.data, challenge);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return `it says ${verdict}, and the refusal that it tells of is none: ${error.message}`;
    }
  }
  return undefined;
}

/** What is wrong with what a result rests on; undefined when it holds, or rests on the agent's word alone. */
export function evidenceFault(entry: Proven, result: Result, claim: Claim): string | undefined {
  const fault = refusalFault(entry, result);
  if (fault !== undefined) return fault;
  return signedFault(entry, result, claim);
}

/** What is wrong with a result of class E3 or E4. */
function signedFault(entry: Proven, result: Result, claim: Claim): string | undefined {
  if (result.evidence === 'E4') return trailFault(entry, result, claim);
  if (result.evidence !== 'E3') return undefined;
  const { verified, faults, unread } = examineEvidence(entry, result);
  const [fault] = faults;
  if (fault !== undefined)
    return `it says ${result.verdict} [E3], and its transcript does not hold: ${fault}`;
  if (verified.length === 0 || unread > 0)
    return `it says ${result.verdict} [E3], and the target's signature is not in the log`;
  return recomputed(claim, signedValues(claim, verified), result);
}

function trailFault(entry: Proven, result: Result, claim: Claim): string | undefined {
  const attested = examineTrail(entry, result, claim);
  if (attested.kind === 'unseen') return undefined;
  if (attested.kind === 'wrong')
    return `it says ${result.verdict} [E4], and what AWS signed does not hold: ${attested.why}`;
  return recomputed(claim, [attested.value], result);
}

/** Judges the claim from what was signed alone. */
function recomputed(
  claim: Claim,
  values: readonly ValueMap[],
  { verdict, evidence }: Result,
): string | undefined {
  if (verdict !== 'PROVEN' && verdict !== 'VIOLATED') return undefined;
  const who = evidence === 'E3' ? 'the target' : 'AWS';
  const outcomes = values.map((value) => judgeSigned(claim, value, evidence));
  if (outcomes.includes(verdict === 'PROVEN')) return undefined;
  return outcomes.some((each) => each !== undefined)
    ? `it says ${verdict} [${evidence}], and what ${who} signed says otherwise`
    : `it says ${verdict} [${evidence}], and what ${who} signed does not show it`;
}

/** One line for people: what the target signed. */
export function describeVerified(verified: Verified): string {
  if (verified.protocol === 'ssh')
    return `SSH host key ${verified.fingerprint} (${verified.hostKeyAlgorithm}) signed the offer`;
  const { version, scheme, certificate, sentinel } = verified;
  const hint = sentinel === undefined ? '' : ', sentinel DOWNGRD';
  const names = certificate.names.slice(0, 3).join(', ') || certificate.subject;
  return `key ${certificate.spki.slice(0, 16)}… of ${names} signed a ${version} handshake (${scheme}${hint})`;
}

/** One line for each trail whose signatures hold, of a result of class E4. */
export function trailsIn(entry: Proven, result: Result, claim: Claim): readonly string[] {
  const attested = result.evidence === 'E4' ? examineTrail(entry, result, claim) : undefined;
  return attested?.kind === 'signed' ? attested.trails.map(describeTrail) : [];
}

/** The challenge of a proof, hex: for who wants to check it with other tools. */
export function challengeIn({ parsed: { proof } }: Proven): string {
  return challengeOf(proof.challenge.root, proof.commitment, proof.challenge.nonce).toHex();
}
