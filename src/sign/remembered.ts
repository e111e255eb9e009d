/**
 * A verifier that does not ask twice. A client opens one checkpoint many times while it answers one question, and an ML-DSA-44
 * signature takes a browser 20 ms. The answer for a key, a message and a signature never changes.
 */
import { equalBytes } from '../bytes/compare.ts';
import { Lru } from '../bytes/lru.ts';
import { formatHex } from '../bytes/text.ts';
import { verifyWithNoble, type PublicKey, type VerifySignature } from './algorithm.ts';

/** Most answers kept, and most bytes of a message that one is kept for. */
const KEPT = 256;
const MOST_BYTES = 16_384;

interface Answer {
  readonly key: PublicKey;
  readonly message: Uint8Array;
  readonly good: boolean;
}

/** The same verifier, which keeps its last answers. An answer counts for exactly the bytes that it was given for. */
export function remembering(verify: VerifySignature): VerifySignature {
  const answers = new Lru<string, Answer>(KEPT, () => 1);
  return (key, message, signature) => {
    const id = formatHex(signature);
    const known = answers.get(id);
    if (known !== undefined && isSame(known, key, message)) return known.good;
    const good = verify(key, message, signature);
    if (message.length <= MOST_BYTES) {
      // Copies: whoever asked may write other bytes there.
      const own = { algorithm: key.algorithm, bytes: Uint8Array.from(key.bytes) };
      answers.set(id, { key: own, message: Uint8Array.from(message), good });
    }
    return good;
  };
}

function isSame({ key, message }: Answer, otherKey: PublicKey, otherMessage: Uint8Array): boolean {
  return (
    key.algorithm === otherKey.algorithm &&
    equalBytes(key.bytes, otherKey.bytes) &&
    equalBytes(message, otherMessage)
  );
}

/** `verifyWithNoble`, with one memory for all that ask in this thread. */
export const verifyOnce: VerifySignature = remembering(verifyWithNoble);
