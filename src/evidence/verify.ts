/**
 * The offline verifier of evidence class E3: takes a transcript and its challenge, and returns what the target signed,
 * or refuses. It needs no network and no clock, and the recorder of the transcript need not be trusted. Limits:
 * `E3_LIMITS`.
 */
import { refuse } from '../bytes/refusal.ts';
import { checkChallenge } from './challenge.ts';
import { verifySsh, type VerifiedSsh } from './ssh-verify.ts';
import { verifyTls, type VerifiedTls } from './tls-verify.ts';
import { parseTranscript } from './transcript.ts';

export type Verified = VerifiedTls | VerifiedSsh;

/**
 * Checks everything that can be checked without knowing the target. Refuses `malformed-proof` for bytes that are no
 * transcript, and `proof-failed` if the signature or the challenge does not hold. For a transcript that uses something
 * unsupported, `isUnread` is true of the refusal.
 */
export async function verifyTranscript(encoded: Uint8Array, challenge: Uint8Array): Promise<Verified> {
  checkChallenge(challenge);
  const transcript = parseTranscript(encoded);
  return transcript.kind === 'tls'
    ? verifyTls(transcript.messages, challenge)
    : verifySsh(transcript, challenge);
}

/** The expected identity of the target. An absent member is not checked. */
export interface ExpectedIdentity {
  /** TLS: hex SHA-256 of the SubjectPublicKeyInfo. */
  readonly spki?: string;
  /**
   * TLS: a name that the certificate must have. TLS 1.2 does not sign the certificate, so there a name proves less than
   * a key.
   */
  readonly host?: string;
  /** SSH: `SHA256:…`. */
  readonly fingerprint?: string;
}

/**
 * Refuses `proof-failed` unless the target has the expected identity, and `malformed-proof` if nothing was expected.
 */
export function checkIdentity(verified: Verified, expected: ExpectedIdentity): void {
  const { spki, host, fingerprint } = expected;
  if (verified.protocol === 'ssh') {
    if (fingerprint === undefined)
      throw refuse('malformed-proof', 'name the host key fingerprint that is expected');
    if (fingerprint !== verified.fingerprint) throw wrongTarget(`host key ${verified.fingerprint}`);
    return;
  }
  if (spki === undefined && host === undefined)
    throw refuse('malformed-proof', 'name the SPKI digest or the host name that is expected');
  const { certificate } = verified;
  if (spki !== undefined && spki !== certificate.spki) throw wrongTarget(`key ${certificate.spki}`);
  if (host !== undefined && !verified.covers(host))
    throw wrongTarget(`certificate of ${certificate.names.join(', ').slice(0, 200) || certificate.subject}`);
}

function wrongTarget(found: string): Error {
  return refuse('proof-failed', `another target signed this: ${found}`);
}
