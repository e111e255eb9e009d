/**
 * The offline verifier of evidence class E3: takes a transcript and its challenge, and returns what the target signed,
 * or refuses. It needs no network and no clock, and the recorder of the transcript need not be trusted. Limits:
 * `E3_LIMITS`.
 */
import { checkChallenge } from './challenge.ts';
import { verifySsh, type VerifiedSsh } from './ssh-verify.ts';
import type { VerifiedTls } from './tls-verify.ts';
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
  if (transcript.kind === 'ssh') return verifySsh(transcript, challenge);
  // Certificates need a library of a third of the verifier's size: a page loads it when it meets one.
  const { verifyTls } = await import('./tls-verify.ts');
  return verifyTls(transcript.messages, challenge);
}
