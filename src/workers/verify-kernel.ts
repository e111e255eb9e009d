/**
 * Checking signatures with native code: Ed25519 in libsodium (sodium-native), P-256 and ML-DSA-44, and
 * Ed25519 as a second choice, in OpenSSL (node:crypto). kernels.ts chooses.
 *
 * All kernels must agree on every signature. ML-DSA-44 and ECDSA leave a verifier no choice (all accept high-S, which FIPS 186-5
 * does not forbid). Ed25519 does: `isAskable` (sign/strict-ed25519.ts) says how all three accept the same signatures by strong
 * keys. Keys pass `assertStrongKey` before they are ever used.
 */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import type * as Sodium from 'sodium-native';
import { concatBytes } from '../bytes/compare.ts';
import {
  PUBLIC_KEY_LENGTH,
  SIGNATURE_LENGTH,
  type Algorithm,
  type PublicKey,
  type VerifySignature,
} from '../sign/algorithm.ts';
import { isAskable } from '../sign/strict-ed25519.ts';

/** Most keys kept imported: ML-DSA-44 keys take some 20 KB each. */
const KEPT_KEYS = 256;

/** Refuses wrong lengths, and turns whatever a check throws about its input into false. */
function guarded(check: VerifySignature): VerifySignature {
  return (key, message, signature) => {
    if (key.bytes.length !== PUBLIC_KEY_LENGTH[key.algorithm]) return false;
    if (signature.length !== SIGNATURE_LENGTH[key.algorithm]) return false;
    try {
      return check(key, message, signature);
    } catch {
      return false;
    }
  };
}

/** Ed25519 in libsodium; false for other algorithms. Throws when the native library cannot be loaded. */
export function sodiumVerifier(): VerifySignature {
  const sodium: typeof Sodium = createRequire(import.meta.url)('sodium-native');
  return guarded(
    (key, message, signature) =>
      key.algorithm === 'ed25519' && sodium.crypto_sign_verify_detached(signature, message, key.bytes),
  );
}

type Check = (key: KeyObject, message: Uint8Array, signature: Uint8Array) => boolean;

const OPENSSL: Record<Algorithm, Check> = {
  ed25519: (key, message, signature) => isAskable(signature) && verify(null, message, key, signature),
  'ecdsa-p256': (key, message, signature) =>
    verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature),
  'ml-dsa-44': (key, message, signature) => verify(null, message, key, signature),
};

/** All three algorithms in OpenSSL. Keeps the keys it used last: importing costs up to half a check. */
export function nodeVerifier(): VerifySignature {
  const keys = new RecentKeys();
  return guarded((key, message, signature) => OPENSSL[key.algorithm](keys.get(key), message, signature));
}

/** Imported public keys, the least recently used forgotten first. */
class RecentKeys {
  readonly #keys = new Map<string, KeyObject>();

  /** Throws when the bytes are not a key of their algorithm. */
  get(key: PublicKey): KeyObject {
    const { buffer, byteOffset, length } = key.bytes;
    const id = key.algorithm + Buffer.from(buffer, byteOffset, length).toString('latin1');
    const object = this.#keys.get(id) ?? importKey(key);
    this.#keys.delete(id);
    this.#keys.set(id, object);
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > KEPT_KEYS && oldest !== undefined) this.#keys.delete(oldest);
    return object;
  }
}

function importKey({ algorithm, bytes }: PublicKey): KeyObject {
  const format = 'raw-public';
  if (algorithm !== 'ecdsa-p256')
    return createPublicKey({ key: bytes, format, asymmetricKeyType: algorithm });
  // SEC 1 §2.3.3: an uncompressed point begins with 4.
  const key = concatBytes(Uint8Array.of(4), bytes);
  return createPublicKey({ key, format, asymmetricKeyType: 'ec', namedCurve: 'P-256' });
}
