/**
 * The offline verifier of evidence class E3: from a transcript and the challenge to what the target signed, or a
 * refusal. It needs no network, no clock and no trust in who recorded it. Limits: `E3_LIMITS`.
 */
import { refuse } from '../bytes/refusal.ts';
import { checkChallenge } from './challenge.ts';
import { verifySsh, type VerifiedSsh } from './ssh-verify.ts';
import { verifyTls, type VerifiedTls } from './tls-verify.ts';
import { parseTranscript } from './transcript.ts';

export type Verified = VerifiedTls | VerifiedSsh;

/**
 * Checks everything that can be checked without knowing the target. Refuses `malformed-proof` (it is no
 * transcript, or of something that is not read here: then `isUnread`) and `proof-failed` (it does not prove what it
 * says).
 */
export async function verifyTranscript(encoded: Uint8Array, challenge: Uint8Array): Promise<Verified> {
  checkChallenge(challenge);
  const transcript = parseTranscript(encoded);
  return transcript.kind === 'tls'
    ? verifyTls(transcript.messages, challenge)
    : verifySsh(transcript, challenge);
}

/** Who the target must be; what is not given is not checked. */
export interface ExpectedIdentity {
  /** TLS: hex SHA-256 of the SubjectPublicKeyInfo. */
  readonly spki?: string;
  /**
   * TLS: a name the certificate must be made out to. Of TLS 1.2 the certificate is not signed along, so that a
   * name alone is worth less there than a key.
   */
  readonly host?: string;
  /** SSH: `SHA256:…`. */
  readonly fingerprint?: string;
}

/** Refuses `proof-failed` unless the target is who was expected, and `malformed-proof` when nothing was. */
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
