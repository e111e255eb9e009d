/**
 * Checks classes E2 (of one proof), E3 and E4 for the reader: what a listener signed, the signature of each transcript over the challenge of its proof, what a
 * third party signed (AWS, Sigstore), and the claim, judged again from signed data alone. If an agent states E3 and the
 * signatures do not hold, its result is not believed.
 */
import { countWhile } from '../bytes/ascending.ts';
import { formatHex } from '../bytes/text.ts';
import { Refusal } from '../bytes/refusal.ts';
import { languageFault } from '../claim/expression.ts';
import { isOpen, readsPrev } from '../claim/prev.ts';
import { judgeSigned } from '../claim/signed.ts';
import type { ValueMap } from '../claim/value.ts';
import type { Claim, Declaration } from '../statement/commitment.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Result } from '../statement/proof.ts';
import { challengeOf } from './challenge.ts';
import { aimOf, locatorOf, signersOf, type Between } from './identity.ts';
import { listenerFacts, portOf } from './listener-facts.ts';
import type { SignedFactsOf } from './signed-facts.ts';
import { REFUSAL_TYPE, verifyRefusal } from './tls-refusal-record.ts';
import type { Attested } from './trail-facts.ts';
import type { Placed } from './transcript-facts.ts';
import { isUnread } from './tls-fields.ts';
import { isTranscript } from './transcript.ts';
import { verifyTranscript, type Verified } from './verify.ts';

/** The result of examining the attachments of a result. */
export interface Examined {
  readonly verified: readonly Placed[];
  /** Faults of transcripts, one sentence each. */
  readonly faults: readonly string[];
  /** Why other transcripts cannot be checked here. */
  readonly unchecked: readonly string[];
  /**
   * Number of attachments that are named by digest (the agent has the bytes), or are of a kind that this program does
   * not read.
   */
  readonly unread: number;
}

/** A proof, logged or not. */
interface Proven {
  readonly parsed: Extract<ParsedStatement, { kind: 'proof' }>;
}

/** A logged proof and its time, POSIX seconds. */
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

/** The class of a result as far as a reader could check it. */
export interface Weighed {
  /** The fault of the result, which is then not believed; undefined if there is none. */
  readonly fault: string | undefined;
  /** Why the class cannot be checked here; the result then counts as E1. */
  readonly unchecked: string | undefined;
  /** What the target signed, of a claim that reads `prev`. Undefined if it is not known to be the target, or to be all. */
  readonly facts?: ValueMap | undefined;
  /** Whether somebody signed something that cannot be read here, and may be the target. */
  readonly isUnread?: boolean;
  /** True if one proof shows class E2: a listener at the target signed its half with a key of its own. */
  readonly bothEnds?: true;
}

/**
 * The fault of a result's refusals of TLS versions: each is judged again from its hellos. A record that is named by
 * digest alone is the agent's statement, like everything of class E1.
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

/** The commitment under which a proof is judged, and what bounds the time of its handshakes. */
interface Judging {
  readonly declaration: Declaration;
  readonly subject: string;
  readonly between: Between;
  /** The facts of the probes that are known (probe/signed.ts). */
  readonly signed: SignedFactsOf;
}

/** Checks one result: who signed (E3, E4), and what its records of refusals show (every class). */
export async function weigh(entry: Proven, result: Result, claim: Claim, by: Judging): Promise<Weighed> {
  const unknown = languageFault(claim);
  if (unknown !== undefined) return faulty(unknown);
  const refused = refusalFault(entry, result);
  if (refused !== undefined) return faulty(refused);
  if (result.evidence === 'E2' && by.signed(claim.probe).byListener === true)
    return weighListener(entry, result, claim, by);
  if (result.evidence === 'E4') return weighTrail(entry, result, claim, by.signed);
  if (result.evidence !== 'E3') return { fault: undefined, unchecked: undefined };
  const { verified, faults, unchecked, unread } = await examineEvidence(entry, result);
  const [broken] = faults;
  const said = `it says ${result.verdict} [E3], and`;
  if (broken !== undefined) return faulty(`${said} its transcript does not hold: ${broken}`);
  const [unknownHere] = unchecked;
  if (unknownHere !== undefined && unread === 0)
    return { fault: undefined, unchecked: unknownHere, isUnread: true };
  if (verified.length === 0 || unread > 0) return faulty(`${said} the target's signature is not in the log`);
  const aim = aimOf(claim, by.declaration, by.subject);
  const signer = await signersOf(
    verified.map((each) => each.verified),
    aim,
    by.between,
  );
  if (signer.kind === 'other') return faulty(`${said} another signed: ${signer.why}`);
  const values = by.signed(claim.probe).byTarget?.(claim, verified) ?? [];
  const [facts] = values;
  return {
    fault: recomputed(claim, values, result),
    unchecked: signer.kind === 'unchecked' ? signer.why : undefined,
    ...(readsPrev(claim) && signer.kind === 'target' && values.length === 1 && { facts }),
  };
}

const faulty = (fault: string): Weighed => ({ fault, unchecked: undefined });

/** The half of a result that a listener signed. */
function weighListener({ parsed }: Proven, result: Result, claim: Claim, by: Judging): Weighed {
  const { root, nonce } = parsed.proof.challenge;
  const found = listenerFacts({ proof: parsed.proof, result }, claim, {
    port: portOf(locatorOf(claim, by.declaration.target)),
    nonce: formatHex(challengeOf(root, parsed.proof.commitment, nonce)),
    kids: [parsed.kid, parsed.proof.delegation?.kid ?? []].flat(),
  });
  if (found.kind === 'unseen') return { fault: undefined, unchecked: found.why };
  if (found.kind === 'wrong')
    return faulty(`it says ${result.verdict} [E2], and what the listener signed does not hold: ${found.why}`);
  const fault = recomputed(claim, [found.value], result);
  return fault === undefined
    ? { fault, unchecked: undefined, bothEnds: true }
    : { fault, unchecked: undefined };
}

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
    return faulty(
      `it says ${result.verdict} [E4], and what ${attested.who} signed does not hold: ${attested.why}`,
    );
  return { fault: recomputed(claim, [attested.value], result, attested.who), unchecked: undefined };
}

/**
 * The time of the handshakes of a proof: after the newest entry of its subject in the tree that the challenge names,
 * and before the proof was logged.
 */
export function betweenOf({ time, parsed }: Logged, entries: Around): Between {
  const { size } = parsed.proof.challenge;
  const before = countWhile(entries, ({ index }) => index < size);
  return { from: entries[before - 1]?.time, to: time };
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

/** Judges the claim from signed data alone. */
function recomputed(
  claim: Claim,
  values: readonly ValueMap[],
  result: Result,
  other = 'a third party',
): string | undefined {
  const { verdict, evidence } = result;
  const holds = verdict === 'PROVEN' || isOpen(claim, result);
  if (!holds && verdict !== 'VIOLATED') return undefined;
  const who = evidence === 'E3' ? 'the target' : evidence === 'E2' ? 'the listener' : other;
  const outcomes = values.map((value) => judgeSigned(claim, value, evidence));
  if (outcomes.includes(holds)) return undefined;
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

/** One line for each signature of a third party that holds, of a result of class E4. */
export async function trailsIn(
  entry: Proven,
  result: Result,
  claim: Claim,
  signed: SignedFactsOf,
): Promise<readonly string[]> {
  const attested = result.evidence === 'E4' ? await attestedOf(entry, result, claim, signed) : undefined;
  return attested?.kind === 'signed' ? attested.told : [];
}

/** The challenge of a proof in hex, for somebody who checks it with other tools. */
export function challengeIn({ parsed: { proof } }: Proven): string {
  return formatHex(challengeOf(proof.challenge.root, proof.commitment, proof.challenge.nonce));
}
