/**
 * Classes E3 and E4, checked by the reader: each transcript's signature over the challenge of its proof, AWS's over its
 * digests, and the claim judged again from nothing but what was signed. An agent that says E3 and cannot show
 * it is not believed.
 */
import { formatHex } from '../bytes/text.ts';
import { Refusal } from '../bytes/refusal.ts';
import { languageFault } from '../claim/expression.ts';
import { judgeSigned } from '../claim/signed.ts';
import type { ValueMap } from '../claim/value.ts';
import type { Claim, Declaration } from '../statement/commitment.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Result } from '../statement/proof.ts';
import { challengeOf } from './challenge.ts';
import { aimOf, signersOf, type Between } from './identity.ts';
import type { SignedFactsOf } from './signed-facts.ts';
import { REFUSAL_TYPE, verifyRefusal } from './tls-refusal-record.ts';
import { describeTrail, type Attested } from './trail-facts.ts';
import type { Placed } from './transcript-facts.ts';
import { isUnread } from './tls-fields.ts';
import { isTranscript } from './transcript.ts';
import { verifyTranscript, type Verified } from './verify.ts';

/** What came of the attachments that a result rests on. */
export interface Examined {
  readonly verified: readonly Placed[];
  /** Transcripts that are not what they should be, and why. */
  readonly faults: readonly string[];
  /** Why others cannot be checked here: nothing is known of them. */
  readonly unchecked: readonly string[];
  /** Attachments named by digest (their bytes are with the agent), or of a kind that is not read here. */
  readonly unread: number;
}

/** A proof, wherever it was logged. */
interface Proven {
  readonly parsed: Extract<ParsedStatement, { kind: 'proof' }>;
}

/** One that was: POSIX seconds. */
interface Logged extends Proven {
  readonly time: number;
}

/** Entries about the subject, in the order of the log. */
type Around = readonly { readonly index: number; readonly time: number }[];

/** Verifies each transcript of a result against the challenge recomputed from the proof. */
export async function examineEvidence(
  { parsed: { proof } }: Proven,
  result: Pick<Result, 'attachments'>,
): Promise<Examined> {
  const { root, nonce } = proof.challenge;
  const challenge = challengeOf(root, proof.commitment, nonce);
  const verified: Placed[] = [];
  const faults: string[] = [];
  const unchecked: string[] = [];
  let unread = 0;
  for (const index of result.attachments ?? []) {
    const attachment = proof.attachments?.[index];
    if (attachment?.data === undefined || !isTranscript(attachment.mediaType)) {
      unread += 1;
      continue;
    }
    try {
      verified.push({ at: index, verified: await verifyTranscript(attachment.data, challenge) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      (isUnread(error) ? unchecked : faults).push(error.message);
    }
  }
  return { verified, faults, unchecked, unread };
}

/** What a reader makes of the class of a result. */
export interface Weighed {
  /** What is wrong with it: then it shows nothing. */
  readonly fault: string | undefined;
  /** Why it cannot be checked here: then it is worth what the agent's word is, E1. */
  readonly unchecked: string | undefined;
}

/**
 * What is wrong with the refusals of TLS versions that a result tells of: each is judged again from its hellos. One that is
 * named by its digest alone is the agent's word, as all of class E1.
 */
export function refusalFault(
  { parsed: { proof } }: Proven,
  { verdict, attachments }: Result,
): string | undefined {
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

/** A commitment that a proof is judged by, and what bounds the time of its handshakes. */
export interface Judging {
  readonly declaration: Declaration;
  readonly subject: string;
  readonly between: Between;
  /** The facts of the probes that are known (probe/registry.ts). */
  readonly signed: SignedFactsOf;
}

/** Weighs a result: of class E3 and E4 who signed, and of any what its refusals show. */
export async function weigh(entry: Proven, result: Result, claim: Claim, by: Judging): Promise<Weighed> {
  const unknown = languageFault(claim);
  if (unknown !== undefined) return faulty(unknown);
  const refused = refusalFault(entry, result);
  if (refused !== undefined) return faulty(refused);
  if (result.evidence === 'E4') return weighTrail(entry, result, claim, by.signed);
  if (result.evidence !== 'E3') return { fault: undefined, unchecked: undefined };
  const { verified, faults, unchecked, unread } = await examineEvidence(entry, result);
  const [broken] = faults;
  const said = `it says ${result.verdict} [E3], and`;
  if (broken !== undefined) return faulty(`${said} its transcript does not hold: ${broken}`);
  const [unknownHere] = unchecked;
  if (unknownHere !== undefined && unread === 0) return { fault: undefined, unchecked: unknownHere };
  if (verified.length === 0 || unread > 0) return faulty(`${said} the target's signature is not in the log`);
  const aim = aimOf(claim, by.declaration, by.subject);
  const signer = await signersOf(
    verified.map((each) => each.verified),
    aim,
    by.between,
  );
  if (signer.kind === 'other') return faulty(`${said} another signed: ${signer.why}`);
  return {
    fault: recomputed(claim, by.signed(claim.probe).byTarget?.(claim, verified) ?? [], result),
    unchecked: signer.kind === 'unchecked' ? signer.why : undefined,
  };
}

const faulty = (fault: string): Weighed => ({ fault, unchecked: undefined });

async function attestedOf(
  { parsed: { proof } }: Proven,
  result: Result,
  claim: Claim,
  signed: SignedFactsOf,
): Promise<Attested> {
  const { byOther } = signed(claim.probe);
  if (byOther === undefined)
    return { kind: 'unseen', why: `nothing is known of who signs for ${claim.probe}` };
  return byOther({ proof, result }, claim);
}

async function weighTrail(
  entry: Proven,
  result: Result,
  claim: Claim,
  signed: SignedFactsOf,
): Promise<Weighed> {
  const attested = await attestedOf(entry, result, claim, signed);
  if (attested.kind === 'unseen') return { fault: undefined, unchecked: attested.why };
  if (attested.kind === 'wrong')
    return faulty(`it says ${result.verdict} [E4], and what AWS signed does not hold: ${attested.why}`);
  return { fault: recomputed(claim, [attested.value], result), unchecked: undefined };
}

/**
 * When the handshakes of a proof took place: after the newest entry of its subject that the tree of their challenge has,
 * and before the proof was logged.
 */
export function betweenOf({ time, parsed }: Logged, entries: Around): Between {
  const { size } = parsed.proof.challenge;
  return { from: entries.findLast(({ index }) => index < size)?.time, to: time };
}

/** Weighs all results of proofs of one commitment. */
export async function weighAll(
  proofs: readonly Logged[],
  { declaration, subject, signed }: Pick<Judging, 'declaration' | 'subject' | 'signed'>,
  entries: Around,
): Promise<ReadonlyMap<Result, Weighed>> {
  const weighed = new Map<Result, Weighed>();
  for (const proof of proofs) {
    const by = { declaration, subject, signed, between: betweenOf(proof, entries) };
    for (const result of proof.parsed.proof.results) {
      const claim = declaration.claims.find(({ id }) => id === result.claim);
      if (claim !== undefined) weighed.set(result, await weigh(proof, result, claim, by));
    }
  }
  return weighed;
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
export async function trailsIn(
  entry: Proven,
  result: Result,
  claim: Claim,
  signed: SignedFactsOf,
): Promise<readonly string[]> {
  const attested = result.evidence === 'E4' ? await attestedOf(entry, result, claim, signed) : undefined;
  return attested?.kind === 'signed' ? attested.trails.map(describeTrail) : [];
}

/** The challenge of a proof, hex: for who wants to check it with other tools. */
export function challengeIn({ parsed: { proof } }: Proven): string {
  return formatHex(challengeOf(proof.challenge.root, proof.commitment, proof.challenge.nonce));
}
