/**
 * Class E3, checked by the reader: each transcript's signature over the challenge of its proof, and the claim judged
 * again from nothing but what the target signed. An agent that says E3 and cannot show it is not believed.
 */
import { Refusal } from '../../bytes/refusal.ts';
import { evaluate } from '../../claim/expression.ts';
import type { EntryOf } from '../../claim/history.ts';
import { nameOf, parametersOf } from '../../claim/judge.ts';
import type { Value, ValueMap } from '../../claim/value.ts';
import { challengeOf } from '../../evidence/challenge.ts';
import { TRANSCRIPT_TYPE } from '../../evidence/transcript.ts';
import { verifyTranscript, type Verified } from '../../evidence/verify.ts';
import type { VerifiedSsh } from '../../evidence/ssh-verify.ts';
import type { VerifiedTls } from '../../evidence/tls-verify.ts';
import { keyOf, listsOf } from '../../probe/ssh.ts';
import { certificateValue } from '../../probe/tls/certificate.ts';
import type { Claim } from '../../statement/commitment.ts';
import type { Result } from '../../statement/proof.ts';

/** What came of the attachments that a result rests on. */
export interface Examined {
  readonly verified: readonly Verified[];
  /** Transcripts that are not what they should be, and why. */
  readonly faults: readonly string[];
  /** Attachments named by digest (their bytes are with the agent), or of a kind that is not read here. */
  readonly unread: number;
}

const TYPES: ReadonlySet<string> = new Set(Object.values(TRANSCRIPT_TYPE));

/** Verifies each transcript of a result against the challenge recomputed from the proof. */
export function examineEvidence(
  { parsed: { proof } }: EntryOf<'proof'>,
  result: Pick<Result, 'attachments'>,
): Examined {
  const { root, nonce } = proof.challenge;
  const challenge = challengeOf(root, proof.commitment, nonce);
  const verified: Verified[] = [];
  const faults: string[] = [];
  let unread = 0;
  for (const index of result.attachments ?? []) {
    const attachment = proof.attachments?.[index];
    if (attachment?.data === undefined || !TYPES.has(attachment.mediaType)) {
      unread += 1;
      continue;
    }
    try {
      verified.push(verifyTranscript(attachment.data, challenge));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      faults.push(error.message);
    }
  }
  return { verified, faults, unread };
}

/** What is wrong with a result of class E3; undefined when it holds, or nothing of that class was said. */
export function evidenceFault(entry: EntryOf<'proof'>, result: Result, claim: Claim): string | undefined {
  if (result.evidence !== 'E3') return undefined;
  const { verified, faults, unread } = examineEvidence(entry, result);
  const [fault] = faults;
  if (fault !== undefined)
    return `it says ${result.verdict} [E3], and its transcript does not hold: ${fault}`;
  if (verified.length === 0 || unread > 0)
    return `it says ${result.verdict} [E3], and the target's signature is not in the log`;
  return recomputed(claim, verified, result.verdict);
}

/** Judges the claim from what the target signed alone. */
function recomputed(
  claim: Claim,
  verified: readonly Verified[],
  verdict: Result['verdict'],
): string | undefined {
  if (verdict !== 'PROVEN' && verdict !== 'VIOLATED') return undefined;
  try {
    const { holds } = evaluate(claim.expr, signedValue(claim, verified), parametersOf(claim.params));
    if (holds === (verdict === 'PROVEN')) return undefined;
    return `it says ${verdict} [E3], and what the target signed says otherwise`;
  } catch {
    return `it says ${verdict} [E3], and what the target signed does not show it`;
  }
}

/** As much of the probe's observation as the target signed, under the probe's name. */
function signedValue({ probe, params }: Claim, verified: readonly Verified[]): ValueMap {
  const tls = verified.filter((each) => each.protocol === 'tls');
  const ssh = verified.find((each) => each.protocol === 'ssh');
  const name = nameOf(probe);
  if (name === 'ssh' && ssh !== undefined) return { ssh: signedBySsh(ssh) };
  const host = params?.get('servername');
  return name === 'tls' ? { tls: signedByTls(tls, typeof host === 'string' ? host : '') } : {};
}

function signedBySsh(verified: VerifiedSsh): ValueMap {
  const version = verified.serverVersion;
  return { version, ...listsOf(verified.offer), ...keyOf(verified) };
}

/** The newest version first, as the probe has it. */
function signedByTls(verified: readonly VerifiedTls[], host: string): ValueMap {
  const ordered = verified.toSorted((a, b) => (a.version > b.version ? -1 : 1));
  const by = (of: (each: VerifiedTls) => Value | undefined): ValueMap =>
    Object.fromEntries(
      ordered.flatMap((each): [string, Value][] => {
        const value = of(each);
        return value === undefined ? [] : [[each.version, value]];
      }),
    );
  const [best] = ordered;
  const both = ordered.find(
    ({ signed, offered }) => signed.includes('offered') && offered.versions.length > 1,
  );
  return {
    accepted: by(() => true),
    suite: by(({ suite, signed }) => (signed.includes('suite') ? suite : undefined)),
    group: by(({ group }) => group),
    scheme: by(({ scheme }) => scheme),
    sentinel: by(({ sentinel }) => sentinel ?? 'none'),
    spki: by(({ certificate }) => certificate.spki),
    ...(best !== undefined && { certificate: signedCertificate(best, host) }),
    ...(both !== undefined && {
      negotiated: { version: both.version, suite: both.suite, group: both.group, scheme: both.scheme },
    }),
  };
}

/** Of TLS 1.2 the key alone is signed; days are counted by a clock that nobody signed. */
function signedCertificate(verified: VerifiedTls, host: string): ValueMap {
  const { daysLeft: _, ageDays: __, ...value } = certificateValue(verified, host, 0);
  if (verified.signed.includes('certificate')) return value;
  const { spki, keyType, keyBits } = verified.certificate;
  return { spki, keyType, keyBits };
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

/** The challenge of a proof, hex: for who wants to check it with other tools. */
export function challengeIn({ parsed: { proof } }: EntryOf<'proof'>): string {
  return challengeOf(proof.challenge.root, proof.commitment, proof.challenge.nonce).toHex();
}
