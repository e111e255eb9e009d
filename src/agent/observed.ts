/**
 * What an agent stores of a proof for itself: the key of its salts and every leaf of its observations. With these, any
 * leaf can be opened later, for somebody who may see it, against the root in the log (spec/agent.md §4).
 */
import { digest, DIGEST_LENGTH } from '../bytes/brand.ts';
import { decodeCbor, encodeCbor, isCborArray, type CborValue } from '../bytes/cbor.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { leafSalt, SALT_KEY_LENGTH, saltedTree, type SaltedTree } from '../statement/saltedleaf.ts';

/** Most bytes of one record: 20,000 leaves of a kilobyte take less. */
const MAX_BYTES = 64 * 1_048_576;

/** `[salt key, [[path, value or [SHA-256, length]], …]]`, deterministic CBOR. */
export function encodeObserved(saltKey: Uint8Array, tree: SaltedTree): Uint8Array {
  const leaves = tree.leaves.map(({ path, value }): CborValue => [
    path,
    value instanceof Uint8Array ? value : [value.digest, value.size],
  ]);
  return encodeCbor([saltKey, leaves]);
}

/** The tree, as `openLeaf` needs it. Refuses `corrupt-store`. */
export function decodeObserved(bytes: Uint8Array): SaltedTree {
  const [saltKey, leaves = null] = asArray(wholeOf(bytes), 2);
  if (!(saltKey instanceof Uint8Array) || saltKey.length < SALT_KEY_LENGTH) throw damaged();
  return saltedTree(asArray(leaves).map((leaf, i) => readLeaf(leaf, saltKey, i)));
}

function wholeOf(bytes: Uint8Array): CborValue {
  try {
    return decodeCbor(bytes, { maxBytes: MAX_BYTES });
  } catch (error) {
    throw error instanceof Refusal ? damaged(error) : error;
  }
}

function asArray(value: CborValue, length?: number): readonly CborValue[] {
  if (!isCborArray(value) || (length ?? value.length) !== value.length) throw damaged();
  return value;
}

function readLeaf(leaf: CborValue, saltKey: Uint8Array, i: number): SaltedTree['leaves'][number] {
  const [path, value = null] = asArray(leaf, 2);
  if (typeof path !== 'string') throw damaged();
  const salt = leafSalt(saltKey, i);
  if (value instanceof Uint8Array) return { salt, path, value };
  const [hash, size] = asArray(value, 2);
  const isDigest = hash instanceof Uint8Array && hash.length === DIGEST_LENGTH;
  if (!isDigest || typeof size !== 'number' || size < 0) throw damaged();
  return { salt, path, value: { digest: digest(hash), size } };
}

function damaged(cause?: Refusal): Refusal {
  return refuse('corrupt-store', 'what was kept of an observation cannot be read; restore agent.db', {
    cause,
  });
}
