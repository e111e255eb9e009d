import { decodeCbor, encodeCbor } from '#src/bytes/cbor.ts';
import { encodeCoseKey } from '#src/cose/key.ts';
import type { PublicKey } from '#src/sign/algorithm.ts';

/** A COSE_KeySet of these keys, in this order. */
export function encodeKeySet(keys: readonly PublicKey[]): Uint8Array<ArrayBuffer> {
  return encodeCbor(keys.map((key) => decodeCbor(encodeCoseKey(key))));
}
