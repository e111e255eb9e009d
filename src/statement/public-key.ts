/** A public key inside a payload: COSE_Key bytes, exactly as `encodeCoseKey` writes them. */
import { equalBytes } from '../bytes/compare.ts';
import { Refusal } from '../bytes/refusal.ts';
import { decodeCoseKey, encodeCoseKey } from '../cose/key.ts';
import type { PublicKey } from '../sign/algorithm.ts';
import { describe, wrong, type Schema } from './schema.ts';

export const publicKey: Schema<PublicKey> = {
  parse(value, at) {
    if (!(value instanceof Uint8Array)) throw wrong(at, `expected COSE_Key bytes, got ${describe(value)}`);
    const key = readCoseKey(value, at);
    if (!equalBytes(encodeCoseKey(key), value)) {
      throw wrong(at, 'expected the COSE_Key with its thumbprint as kid, its alg, and no other members');
    }
    return key;
  },
  encode: encodeCoseKey,
};

function readCoseKey(bytes: Uint8Array, at: string): PublicKey {
  try {
    return decodeCoseKey(bytes).key;
  } catch (error) {
    if (error instanceof Refusal) throw wrong(at, error.message);
    throw error;
  }
}
