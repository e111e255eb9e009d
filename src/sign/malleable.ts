/**
 * Signatures that have a second spelling. Of the three algorithms only ECDSA has one that a stranger can write:
 * (r, n − s) verifies wherever (r, s) does (SEC 1 §4.1.4; n is the order of the group). Ed25519 bounds S and fixes R
 * (RFC 8032 §5.1.7), and ML-DSA has one encoding of each signature (FIPS 204 §7.2), strongly unforgeable.
 */
import { p256 } from '@noble/curves/nist.js';
import { formatHex, parseHex } from '../bytes/text.ts';
import { SIGNATURE_LENGTH, type Algorithm } from './algorithm.ts';

const ORDER = p256.Point.CURVE().n;
const HALF = SIGNATURE_LENGTH['ecdsa-p256'] / 2;

/** The other signature that every verifier takes for this one; undefined where there is none. No key is needed. */
export function twinSignature(algorithm: Algorithm, signature: Uint8Array): Uint8Array | undefined {
  if (algorithm !== 'ecdsa-p256' || signature.length !== 2 * HALF) return undefined;
  const s = BigInt(`0x${formatHex(new Uint8Array(signature.subarray(HALF)))}`);
  if (s === 0n || s >= ORDER) return undefined; // verifies nowhere
  const twin = new Uint8Array(signature);
  twin.set(parseHex((ORDER - s).toString(16).padStart(2 * HALF, '0')), HALF);
  return twin;
}
