/**
 * Ed25519 by a native library, made as strict as `verifyWithNoble`. Strict verifiers differ (of 914 edge cases noble accepts
 * 212, OpenSSL 208): whether they multiply by the cofactor, whether they take non-canonical or small-order points. Every such
 * case has a bad public key, or an R outside the prime-order group, which only the key's holder can make. For a strong key a
 * library that computes R from the rest without the cofactor and compares its bytes takes no R but a canonical one of the group.
 * Two things are left, and refused here: R = 0, and an S that is not below the order (RFC 8032 §5.1.7).
 */
import { parseHex } from '../bytes/text.ts';

/** Order of the prime-order group, little-endian (RFC 8032 §5.1). */
const ORDER = parseHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
const HALF = 32;

/** Whether a signature of 64 bytes has an R and an S that a native verifier may be asked about; if not, it is bad. */
export function isAskable(signature: Uint8Array): boolean {
  return !isZeroPoint(signature.subarray(0, HALF)) && isBelowOrder(signature.subarray(HALF));
}

/** Encoding of the point zero (RFC 8032 §5.1.2): y = 1. */
function isZeroPoint(point: Uint8Array): boolean {
  return point.every((byte, i) => byte === (i === 0 ? 1 : 0));
}

function isBelowOrder(scalar: Uint8Array): boolean {
  for (let i = HALF - 1; i >= 0; i--) {
    const difference = (scalar[i] ?? 0) - (ORDER[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
