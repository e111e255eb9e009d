/**
 * node:crypto keys as signers. OpenSSL signs faster than the portable code and in constant time; every
 * signature still verifies under `sign/algorithm.ts`. ECDSA and ML-DSA signatures are randomised here.
 */
import { createPublicKey, sign as signNow, type KeyObject } from 'node:crypto';
import { refuse } from '../bytes/refusal.ts';
import type { Algorithm, PublicKey } from '../sign/algorithm.ts';
import type { Signer } from '../sign/signer.ts';

/** A signer that can also sign synchronously, for callers whose thread serves no requests. */
export interface NodeSigner extends Signer {
  signNow(message: Uint8Array): Uint8Array;
}

/** Wraps a private key. Refuses `unsupported-algorithm` unless it is Ed25519, P-256 or ML-DSA-44. */
export function nodeSigner(privateKey: KeyObject): NodeSigner {
  const publicKey = publicKeyOf(privateKey);
  const now = signFunction(publicKey.algorithm, privateKey);
  return {
    publicKey,
    signNow: now,
    // oxlint-disable-next-line require-await -- a failure inside must reject, not throw
    sign: async (message) => now(message),
  };
}

/**
 * The same on libuv's threads: a caller that asks for many signatures at once gets them from all cores, and its own thread
 * stays free. Only for ML-DSA-44, which takes ten times as long as handing it over; other keys sign on the caller's thread.
 */
export function pooledSigner(privateKey: KeyObject): Signer {
  const signer = nodeSigner(privateKey);
  if (signer.publicKey.algorithm !== 'ml-dsa-44') return signer;
  return {
    publicKey: signer.publicKey,
    sign: (message) =>
      new Promise((resolve, reject) => {
        signNow(null, message, privateKey, (error, signature) =>
          error ? reject(error) : resolve(signature),
        );
      }),
  };
}

/** The raw public half of a key, as `sign/` and the formats carry it. */
export function publicKeyOf(key: KeyObject): PublicKey {
  const algorithm = algorithmOf(key);
  const half = key.type === 'private' ? createPublicKey(key) : key;
  const raw = half.export({ format: 'raw-public' });
  // SEC 1 §2.3.3: an uncompressed point begins with 04; the project carries x ‖ y alone.
  return { algorithm, bytes: Uint8Array.from(algorithm === 'ecdsa-p256' ? raw.subarray(1) : raw) };
}

function algorithmOf(key: KeyObject): Algorithm {
  const type = key.asymmetricKeyType;
  if (type === 'ed25519' || type === 'ml-dsa-44') return type;
  if (type === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ecdsa-p256';
  throw refuse(
    'unsupported-algorithm',
    `a ${type ?? 'secret'} key cannot sign here; use Ed25519, ECDSA P-256 or ML-DSA-44`,
  );
}

function signFunction(algorithm: Algorithm, key: KeyObject): (message: Uint8Array) => Uint8Array {
  if (algorithm === 'ecdsa-p256') {
    return (message) => signNow('sha256', message, { key, dsaEncoding: 'ieee-p1363' });
  }
  return (message) => signNow(null, message, key);
}
