/** What an agent that lies could log: the transcripts of one commitment, with the challenge of another one in them. */
import { digest } from '#src/bytes/brand.ts';
import { challengeOf } from '#src/evidence/challenge.ts';
import { encodeTranscript, isTranscript, parseTranscript } from '#src/evidence/transcript.ts';
import type { RuntimeProof } from '#src/statement/proof.ts';

/** Type of the message that has the challenge, and where (RFC 8446 §4.1.2). */
const CLIENT_HELLO = 1;
const RANDOM_AT = 6;

/** The proof with the challenge of another commitment written into its transcripts: nobody signed that. */
export function forgedFor(commitment: Uint8Array, proof: RuntimeProof): RuntimeProof {
  const { root, nonce } = proof.challenge;
  const about = digest(commitment);
  const challenge = challengeOf(root, about, nonce);
  const attachments = (proof.attachments ?? []).map((each) => {
    if (each.data === undefined || !isTranscript(each.mediaType)) return each;
    const transcript = parseTranscript(each.data);
    if (transcript.kind !== 'tls') return each;
    const messages = transcript.messages.map((message) => {
      const bent = Uint8Array.from(message);
      if (message[0] === CLIENT_HELLO) bent.set(challenge, RANDOM_AT);
      return bent;
    });
    return { mediaType: each.mediaType, data: encodeTranscript({ kind: 'tls', messages }) };
  });
  return { ...proof, commitment: about, seq: 0, attachments };
}
