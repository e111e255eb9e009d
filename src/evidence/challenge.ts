/**
 * The challenge that makes a transcript fresh: the target signs bytes that nobody could know before the checkpoint, and
 * that are made for one commitment (design.md, "Proof-as-code").
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { digest, type Digest } from '../bytes/brand.ts';
import { concatBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';

/** Bytes of a challenge: SHA-256. */
export const CHALLENGE_LENGTH = 32;

/** SHA-256(checkpoint root ‖ entry id of the commitment ‖ nonce); the first two have 32 bytes each. */
export function challengeOf(root: Digest, commitment: Digest, nonce: Uint8Array): Digest {
  return digest(sha256(concatBytes(root, commitment, nonce)));
}

/** Refuses `malformed-proof` unless a challenge has 32 bytes. */
export function checkChallenge(challenge: Uint8Array): void {
  if (challenge.length !== CHALLENGE_LENGTH)
    throw refuse('malformed-proof', `a challenge is ${CHALLENGE_LENGTH} bytes, not ${challenge.length}`);
}
