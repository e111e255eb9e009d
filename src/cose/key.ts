/**
 * COSE keys (RFC 9052 §7; OKP and EC2: RFC 9053 §7.1, §7.2; AKP: RFC 9964), key sets, and thumbprints
 * (RFC 9679), which are the key ids that we write. Public keys only: a private member is refused.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { decodeCbor, encodeCbor, isCborArray, isCborMap } from '../bytes/cbor.ts';
import type { CborKey, CborMap, CborValue } from '../bytes/cbor.ts';
import { concatBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { PUBLIC_KEY_LENGTH, type Algorithm, type PublicKey } from '../sign/algorithm.ts';
import { algorithmId, algorithmMatches } from './algorithm.ts';
import { isKid } from './identity.ts';
import { CRV, KEY, KTY } from './labels.ts';

/** A key with the id it was given, if any. */
export interface CoseKey {
  readonly key: PublicKey;
  readonly kid: Uint8Array | undefined;
}

type Members = readonly (readonly [CborKey, CborValue])[];

/** The members a thumbprint covers (RFC 9679 §4; AKP: RFC 9964). */
const REQUIRED: Record<Algorithm, (bytes: Uint8Array) => Members> = {
  ed25519: (x) => [
    [KEY.kty, KTY.okp],
    [KEY.crv, CRV.ed25519],
    [KEY.x, x],
  ],
  'ecdsa-p256': (xy) => [
    [KEY.kty, KTY.ec2],
    [KEY.crv, CRV.p256],
    [KEY.x, xy.subarray(0, 32)],
    [KEY.y, xy.subarray(32)],
  ],
  'ml-dsa-44': (pub) => [
    [KEY.kty, KTY.akp],
    [KEY.alg, algorithmId('ml-dsa-44')],
    [KEY.akpPub, pub],
  ],
};

/** RFC 9679: SHA-256 of the deterministic CBOR of the required members; 32 bytes. */
export function keyThumbprint(key: PublicKey): Uint8Array {
  return sha256(encodeCbor(new Map(REQUIRED[key.algorithm](key.bytes))));
}

/** Thumbprint of a key in lower-case hex. */
export function kidOf(key: PublicKey): string {
  return formatHex(keyThumbprint(key));
}

/** A COSE_Key as a map, with its thumbprint as `kid` and its `alg`. */
export function coseKeyMap(key: PublicKey): CborMap {
  return new Map<CborKey, CborValue>([
    ...REQUIRED[key.algorithm](key.bytes),
    [KEY.kid, keyThumbprint(key)],
    [KEY.alg, algorithmId(key.algorithm)],
  ]);
}

/** `coseKeyMap`, encoded. */
export function encodeCoseKey(key: PublicKey): Uint8Array<ArrayBuffer> {
  return encodeCbor(coseKeyMap(key));
}

/** Reads a COSE_Key from its bytes, or from its decoded value. Refuses as `readCoseKey` and `decodeCbor` do. */
export function decodeCoseKey(source: Uint8Array | CborValue): CoseKey {
  return readCoseKey(source instanceof Uint8Array ? decodeCbor(source) : source);
}

/**
 * Reads a COSE_Key that stands inside another message. Refuses `malformed-key`; a type, curve or `alg` that
 * is not supported is one too. Whether the key is strong is for `assertStrongKey` to say.
 */
export function readCoseKey(map: CborValue): CoseKey {
  if (!isCborMap(map)) throw refuse('malformed-key', 'a COSE_Key is a map');
  const key = readKey(map);
  const alg = map.get(KEY.alg);
  if (
    alg === undefined ? key.algorithm === 'ml-dsa-44' : typeof alg !== 'number' || !algorithmMatches(alg, key)
  ) {
    throw refuse('malformed-key', `the COSE_Key's alg (3) is not the one of ${key.algorithm}`);
  }
  const kid = map.get(KEY.kid);
  if (kid !== undefined && !isKid(kid))
    throw refuse('malformed-key', "the COSE_Key's kid (2) is not 1 to 64 bytes");
  return { key, kid };
}

function readKey(map: CborMap): PublicKey {
  const kty = map.get(KEY.kty);
  const crv = map.get(KEY.crv);
  if (map.has(kty === KTY.akp ? KEY.akpPriv : KEY.d)) {
    throw refuse('malformed-key', 'the COSE_Key holds a private key; treat that key as disclosed');
  }
  if (kty === KTY.okp && crv === CRV.ed25519) return publicKey('ed25519', map.get(KEY.x));
  if (kty === KTY.ec2 && crv === CRV.p256) return publicKey('ecdsa-p256', map.get(KEY.x), map.get(KEY.y));
  if (kty === KTY.akp) return publicKey('ml-dsa-44', map.get(KEY.akpPub));
  throw refuse('malformed-key', 'the COSE_Key is not an Ed25519, P-256 or ML-DSA-44 key');
}

function publicKey(algorithm: Algorithm, ...parts: readonly (CborValue | undefined)[]): PublicKey {
  const length = PUBLIC_KEY_LENGTH[algorithm] / parts.length;
  const whole: Uint8Array[] = [];
  for (const part of parts) {
    // A P-256 key with only the sign of y (RFC 9053 §7.1.1) ends here too: one key has one spelling.
    if (!(part instanceof Uint8Array) || part.length !== length) {
      throw refuse('malformed-key', `a coordinate of the ${algorithm} COSE_Key is not ${length} bytes`);
    }
    whole.push(part);
  }
  return { algorithm, bytes: concatBytes(...whole) };
}

/**
 * The keys of a COSE_KeySet. A key that is malformed or not supported is left out and the others stand
 * (RFC 9052 §7). Refuses `malformed-key` for what is no key set.
 */
export function decodeKeySet(bytes: Uint8Array): CoseKey[] {
  const set = decodeCbor(bytes);
  if (!isCborArray(set) || set.length === 0)
    throw refuse('malformed-key', 'a COSE_KeySet is an array of keys');
  return set.flatMap((element) => {
    try {
      return [readCoseKey(element)];
    } catch (error) {
      if (error instanceof Refusal) return [];
      throw error;
    }
  });
}
