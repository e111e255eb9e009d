/**
 * The receipt keys by their names in a path (draft-ietf-scitt-scrapi-11 §2.1): every kid in unpadded
 * base64url, and also as its own bytes if these can stand in a path segment. base64url is tried first.
 */
import { encodeCbor, decodeCbor } from '../bytes/cbor.ts';
import { formatBase64Url } from '../bytes/text.ts';

export interface KeyDirectory {
  /** The COSE Key Set (RFC 9052 §7): an array of COSE_Key maps. */
  readonly all: Uint8Array;
  /** One COSE_Key by its name in the path. */
  find(name: string): Uint8Array | undefined;
}

/** RFC 3986 §3.3: what a segment holds without percent-encoding. */
const SEGMENT = /^[A-Za-z0-9\-._~!$&'()*+,;=:@]+$/;

/** From [kid, COSE_Key] pairs. */
export function keyDirectory(
  keys: readonly (readonly [kid: Uint8Array, coseKey: Uint8Array])[],
): KeyDirectory {
  const encoded = new Map<string, Uint8Array>();
  const raw = new Map<string, Uint8Array>();
  for (const [kid, key] of keys) {
    encoded.set(formatBase64Url(kid), key);
    const text = Buffer.from(kid).toString('latin1');
    if (SEGMENT.test(text)) raw.set(text, key);
  }
  return {
    all: encodeCbor(keys.map(([, key]) => decodeCbor(key))),
    find: (name) => encoded.get(name) ?? raw.get(name),
  };
}
