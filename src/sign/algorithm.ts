/**
 * The three signature algorithms of Tallystick and their checks, on @noble: Ed25519 (RFC 8032), ECDSA over
 * P-256 with SHA-256 (FIPS 186-5, signatures as r ‖ s) and ML-DSA-44 (FIPS 204, empty context). These are
 * the fallback of the faster native kernels and their oracle: all must agree on every signature.
 */
import { Point, verify as verifyEd25519 } from './noble-ed25519.ts';
import { p256 } from '@noble/curves/nist.js';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { concatBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';

export type Algorithm = 'ed25519' | 'ecdsa-p256' | 'ml-dsa-44';

/** Every algorithm, in the order documentation lists them. */
export const ALGORITHMS = ['ed25519', 'ecdsa-p256', 'ml-dsa-44'] as const satisfies readonly Algorithm[];

/** Bytes in a public key: the point (RFC 8032 §5.1.2), x ‖ y, or the encoded key (FIPS 204 §7.2). */
export const PUBLIC_KEY_LENGTH = { ed25519: 32, 'ecdsa-p256': 64, 'ml-dsa-44': 1312 } as const;
/** Bytes in a signature: R ‖ S, r ‖ s, or the encoded signature (FIPS 204 §7.2). */
export const SIGNATURE_LENGTH = { ed25519: 64, 'ecdsa-p256': 64, 'ml-dsa-44': 2420 } as const;

/** A public key; `bytes` as `PUBLIC_KEY_LENGTH` says. Strangers' keys go through `assertStrongKey` first. */
export interface PublicKey {
  readonly algorithm: Algorithm;
  readonly bytes: Uint8Array;
}

/** Whether a signature is good. Never throws for bad input of any kind: false. */
export type VerifySignature = (key: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean;

/** `VerifySignature` in pure JavaScript. */
export const verifyWithNoble: VerifySignature = (key, message, signature) => {
  if (key.bytes.length !== PUBLIC_KEY_LENGTH[key.algorithm]) return false;
  if (signature.length !== SIGNATURE_LENGTH[key.algorithm]) return false;
  try {
    return CHECKS[key.algorithm](key.bytes, message, signature);
  } catch {
    return false;
  }
};

const CHECKS: Record<Algorithm, (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean> = {
  // Without ZIP-215's leniency (RFC 8032 §5.1.7 wants canonical points). noble multiplies by the cofactor
  // and OpenSSL and libsodium do not; they differ only when R lies outside the prime-order group, where
  // only the key's holder can put it. Refused here, so that all verifiers agree.
  ed25519: (key, message, signature) =>
    verifyEd25519(signature, message, key, { zip215: false }) && isPrimeOrder(signature.subarray(0, 32)),
  'ecdsa-p256': (key, message, signature) =>
    p256.verify(signature, message, uncompressed(key), { lowS: false, prehash: true, format: 'compact' }),
  'ml-dsa-44': (key, message, signature) => ml_dsa44.verify(signature, message, key),
};

/**
 * Refuses `weak-key`: a key of the wrong length, not a point of its curve, or, for Ed25519, one of small
 * order or with a part of small order, on whose signatures cofactored and cofactorless verifiers disagree.
 */
export function assertStrongKey(key: PublicKey): void {
  const length = PUBLIC_KEY_LENGTH[key.algorithm];
  if (key.bytes.length !== length) {
    throw refuse('weak-key', `an ${key.algorithm} public key has ${length} bytes, not ${key.bytes.length}`);
  }
  if (!isStrong(key)) {
    throw refuse(
      'weak-key',
      `the ${key.algorithm} public key is not a safe point of its curve; make a new key`,
    );
  }
}

function isStrong(key: PublicKey): boolean {
  try {
    if (key.algorithm === 'ed25519') return isPrimeOrder(key.bytes);
    // FIPS 204 encodings have no invalid values: every 1312 bytes are some key.
    if (key.algorithm === 'ecdsa-p256') p256.Point.fromBytes(uncompressed(key.bytes)).assertValidity();
    return true;
  } catch {
    return false;
  }
}

/** Whether 32 bytes are canonical and encode a point other than zero of the prime-order group. */
function isPrimeOrder(encoded: Uint8Array): boolean {
  const point = Point.fromBytes(encoded, false);
  return !point.is0() && point.isTorsionFree();
}

/** SEC 1 §2.3.3, uncompressed form of x ‖ y. */
function uncompressed(xy: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(4), xy);
}
