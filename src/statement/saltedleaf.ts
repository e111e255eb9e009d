/**
 * A Merkle tree over salted leaves: its root tells nothing about the leaves, and one leaf can be shown
 * later without the rest. A leaf is the deterministic CBOR `[salt, path, value]`, hashed as an RFC 6962
 * leaf (RFC 9162 §2.1.1). `value` is the canonical bytes of the value, or `[SHA-256, length]` of bytes
 * too long to show. The salt, 16 secret bytes, keeps a guess at a short value from being checked.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as sha256Hash } from '@noble/hashes/sha2.js';
import { digest, leafIndex, treeSize, type Digest } from '../bytes/brand.ts';
import { encodeCbor, isCborArray } from '../bytes/cbor.ts';
import { compareBytes, equalBytes } from '../bytes/compare.ts';
import { bigEndian } from '../bytes/cursor.ts';
import { refuse } from '../bytes/refusal.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { hashLeaf, hashNode } from '../tree/hash.ts';
import { proveInclusion, rootAt, type NodeReader } from '../tree/prove.ts';
import { rootFromInclusion } from '../tree/verify.ts';
import { array, bytes, describe, record, text, wrong, type Of, type Schema } from './schema.ts';
import { count, sha256 } from './vocabulary.ts';

/** What a commitment or proof calls this tree. */
export const SALTED_TREE = 'rfc6962-sha256-salted';

/** Bytes in one salt: no guess at a value can be checked without 2^128 tries. */
export const SALT_LENGTH = 16;

/** Least bytes of a key that salts are made from. */
export const SALT_KEY_LENGTH = 32;

/** Canonical bytes, or the SHA-256 and length of bytes too long to show. */
type LeafValue = Uint8Array | { readonly digest: Digest; readonly size: number };

export interface SaltedLeaf {
  readonly salt: Uint8Array;
  /** Where the value stands in its source; the profile says how paths are written. */
  readonly path: string;
  readonly value: LeafValue;
}

/** Root and number of leaves: all that is made public of a tree. */
export interface TreeHead {
  readonly root: Digest;
  readonly count: number;
}

/** A tree with everything needed to open its leaves: for its owner only. */
export interface SaltedTree extends TreeHead {
  readonly leaves: readonly SaltedLeaf[];
  readonly read: NodeReader;
}

const leafValue: Schema<LeafValue> = {
  parse(value, at) {
    if (value instanceof Uint8Array) return shownValue.parse(value, at);
    if (!isCborArray(value) || value.length !== 2) {
      throw wrong(at, `expected bytes or [SHA-256, length], got ${describe(value)}`);
    }
    const [hash = null, size = null] = value;
    return Object.freeze({ digest: sha256.parse(hash, `${at}[0]`), size: count.parse(size, `${at}[1]`) });
  },
  encode: (value) => (value instanceof Uint8Array ? value : [value.digest, value.size]),
};
/** Longest value that is shown, bytes: an opening fits into an entry. */
const MAX_SHOWN = 49_152;
const shownValue = bytes(0, MAX_SHOWN);

/** A value as it stands in its leaf: its bytes, or their digest and length if they are too long to show. */
export function valueInLeaf(value: Uint8Array): LeafValue {
  return value.length <= MAX_SHOWN ? value : { digest: digest(sha256Hash(value)), size: value.length };
}

/** One leaf of a salted tree shown in public, with its inclusion proof (RFC 9162 §2.1.3.1). */
export const opening = record({
  index: count,
  salt: bytes(SALT_LENGTH),
  /** Empty: the top of the source, where it is a list or several documents. */
  path: text(0, 1024),
  value: leafValue,
  proof: array(sha256, 53),
});
export type Opening = Of<typeof opening>;

/** The bytes that are hashed: deterministic CBOR `[salt, path, value]`. A salt of another length is a bug. */
export function encodeLeaf(leaf: SaltedLeaf): Uint8Array<ArrayBuffer> {
  if (leaf.salt.length !== SALT_LENGTH) throw new RangeError(`a salt of ${leaf.salt.length} bytes`);
  return encodeCbor([leaf.salt, leaf.path, leafValue.encode(leaf.value)]);
}

/**
 * Salt of leaf `index` from one secret key of at least 32 bytes: HMAC-SHA-256(key, u64 index), first 16
 * bytes. The key opens every leaf, a salt only its own. A key serves one tree: two trees that share
 * salts show which of their leaves are equal.
 */
export function leafSalt(key: Uint8Array, index: number): Uint8Array {
  if (key.length < SALT_KEY_LENGTH) throw new RangeError(`a salt key has at least ${SALT_KEY_LENGTH} bytes`);
  return hmac(sha256Hash, key, bigEndian(index, 8)).slice(0, SALT_LENGTH);
}

/** Leaves of a declaration in the order of their tree: by the UTF-8 bytes of the path. */
function inPathOrder<T extends { readonly path: string }>(leaves: readonly T[]): T[] {
  return leaves
    .map((leaf) => ({ leaf, key: encodeUtf8(leaf.path) }))
    .toSorted((a, b) => compareBytes(a.key, b.key))
    .map(({ leaf }) => leaf);
}

/**
 * The tree of a declaration: sorted by path, so that two neighbours opened together show that nothing is
 * declared between them. Refuses `malformed-payload` when a path occurs twice.
 */
export function declarationTree(leaves: readonly SaltedLeaf[]): SaltedTree {
  const sorted = inPathOrder(leaves);
  for (const [i, leaf] of sorted.entries()) {
    if (i > 0 && leaf.path === sorted[i - 1]?.path) {
      throw refuse('malformed-payload', `two leaves have the path ${describe(leaf.path)}; give each its own`);
    }
  }
  return saltedTree(sorted);
}

/** The tree of observations: leaves in the order they were made. */
export function saltedTree(leaves: readonly SaltedLeaf[]): SaltedTree {
  let level = leaves.map((leaf) => hashLeaf(encodeLeaf(leaf)));
  const levels = [level];
  while (level.length > 1) {
    const below = level;
    level = Array.from({ length: Math.floor(below.length / 2) }, (_, i) =>
      hashNode(nodeAt(below, 2 * i), nodeAt(below, 2 * i + 1)),
    );
    levels.push(level);
  }
  const read: NodeReader = (height, index) => nodeAt(levels[height] ?? [], index);
  return { root: rootAt(read, treeSize(leaves.length)), count: leaves.length, leaves, read };
}

function nodeAt(level: readonly Digest[], index: number): Digest {
  const node = level[index];
  if (node === undefined) throw new RangeError(`no complete node ${index} at this height`);
  return node;
}

/** Shows one leaf. An index outside the tree is a bug of the caller: RangeError. */
export function openLeaf(tree: SaltedTree, index: number): Opening {
  const leaf = tree.leaves[index];
  if (leaf === undefined) throw new RangeError(`no leaf ${index} in a tree of ${tree.count}`);
  const proof = proveInclusion(tree.read, leafIndex(index), treeSize(tree.count));
  return { index, salt: leaf.salt, path: leaf.path, value: leaf.value, proof };
}

/** Refuses `proof-failed` unless the opening is of a leaf of the tree with this root and count. */
export function verifyOpening(shown: Opening, tree: TreeHead): void {
  if (shown.index >= tree.count) {
    throw refuse('proof-failed', `leaf ${shown.index} is not in a tree of ${tree.count}`);
  }
  const leaf = hashLeaf(encodeLeaf(shown));
  const root = rootFromInclusion(leafIndex(shown.index), treeSize(tree.count), leaf, shown.proof);
  if (!equalBytes(root, tree.root)) {
    throw refuse(
      'proof-failed',
      `leaf ${shown.index} does not lead to the root; ask its owner for the leaf as logged`,
    );
  }
}
