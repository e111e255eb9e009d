/** Signers whose key is made from a seed, on @noble. All signatures are deterministic: one message, one signature. */
import { p256 } from '@noble/curves/nist.js';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import type { Algorithm, PublicKey } from '#src/sign/algorithm.ts';
import { getPublicKey, sign as signEd25519 } from '#src/sign/noble-ed25519.ts';
import type { Signer } from '#src/sign/signer.ts';

/** Bytes in a seed: RFC 8032 §5.1.5, the P-256 private scalar, or ξ of FIPS 204 §5.1. */
const SEED_LENGTH = 32;

/**
 * A signer from its 32-byte seed. A seed of another length, or one that is not a P-256 scalar in
 * 1 … n−1, is a bug of the caller: RangeError.
 */
export function seedSigner(algorithm: Algorithm, seed: Uint8Array): Signer {
  if (seed.length !== SEED_LENGTH)
    throw new RangeError(`a seed has ${SEED_LENGTH} bytes, not ${seed.length}`);
  return MAKERS[algorithm](new Uint8Array(seed));
}

const MAKERS: Record<Algorithm, (seed: Uint8Array) => Signer> = {
  ed25519: (seed) =>
    signer({ algorithm: 'ed25519', bytes: getPublicKey(seed) }, (message) => signEd25519(message, seed)),

  'ecdsa-p256': (seed) => {
    if (!p256.utils.isValidSecretKey(seed)) throw new RangeError('the seed is not a P-256 scalar');
    // Uncompressed, without its leading 0x04.
    const bytes = p256.getPublicKey(seed, false).subarray(1);
    // RFC 6979 nonces; the low-S form, since some verifiers take no other.
    return signer({ algorithm: 'ecdsa-p256', bytes }, (message) =>
      p256.sign(message, seed, { lowS: true, prehash: true, format: 'compact' }),
    );
  },

  'ml-dsa-44': (seed) => {
    const { publicKey, secretKey } = ml_dsa44.keygen(seed);
    // FIPS 204 §5.2, the deterministic variant: a cosignature made twice is the same line.
    return signer({ algorithm: 'ml-dsa-44', bytes: publicKey }, (message) =>
      ml_dsa44.sign(message, secretKey, { extraEntropy: false }),
    );
  },
};

function signer(publicKey: PublicKey, sign: (message: Uint8Array) => Uint8Array): Signer {
  return { publicKey, sign: async (message) => sign(message) };
}
