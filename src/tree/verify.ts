/**
 * Checks proofs: inclusion (RFC 9162 §2.1.3.2), consistency (§2.1.4.2) and subtrees
 * (draft-ietf-plants-merkle-tree-certs §4.4.3; consistency is the case that starts at 0).
 *
 * Every function takes untrusted numbers and hashes, and refuses `proof-failed` if they do not prove what is claimed. A
 * proof that passes shows: if `root` is the root of that tree, then the claim is true.
 */
import { DIGEST_LENGTH, type Digest, type LeafIndex, type TreeSize } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { EMPTY_ROOT, hashNode, type NodeHash } from './hash.ts';
import { isSubtree } from './shape.ts';

/** Hashes in the longest proof that is looked at: a tree of 2^63 leaves needs no more (C2SP tlog-proof). */
export const MAX_PROOF_LENGTH = 63;

/**
 * The root to which a leaf and its inclusion proof lead (RFC 9162 §2.1.3.2). Refuses `proof-failed` when
 * the index is not in the tree or the proof does not have the length the two numbers ask for.
 */
export function rootFromInclusion(
  index: LeafIndex,
  size: TreeSize,
  leaf: Digest,
  path: readonly Digest[],
  hash: NodeHash = hashNode,
): Digest {
  check(isWithin(index, index + 1, size), `leaf ${index} is not in a tree of ${size}`);
  check(isDigest(leaf), 'the leaf hash is not 32 bytes long');
  checkProof(path);
  let fn: number = index;
  let sn = size - 1;
  let root = leaf;
  for (const sibling of path) {
    check(sn > 0, 'the inclusion proof is too long');
    if (fn % 2 === 1 || fn === sn) {
      root = hash(sibling, root);
      // The right edge: where the node is a left child without a sibling, it is its own parent.
      while (fn % 2 === 0 && fn > 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      root = hash(root, sibling);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  check(sn === 0, 'the inclusion proof is too short');
  return root;
}

/** Refuses `proof-failed` unless the tree of this size and root has the leaf at the index. */
export function verifyInclusion(
  index: LeafIndex,
  size: TreeSize,
  leaf: Digest,
  path: readonly Digest[],
  root: Digest,
  hash: NodeHash = hashNode,
): void {
  const found = rootFromInclusion(index, size, leaf, path, hash);
  check(equalBytes(found, root), 'the inclusion proof leads to another root');
}

/**
 * Refuses `proof-failed` unless the tree of `to` leaves begins with the tree of `from` leaves (RFC 9162
 * §2.1.4.2). Every tree begins with the empty tree and with itself: the proof of that is empty, and a
 * tree of size 0 has the root {@link EMPTY_ROOT}. So from size 0 nothing is said about the new root.
 */
export function verifyConsistency(
  from: TreeSize,
  to: TreeSize,
  proof: readonly Digest[],
  oldRoot: Digest,
  newRoot: Digest,
  hash: NodeHash = hashNode,
): void {
  verifySubtree(0, from, to, proof, oldRoot, newRoot, hash);
}

/**
 * Refuses `proof-failed` unless [start, end) is a subtree of the tree with this size and root, and its own
 * root is `subtreeRoot` (draft-ietf-plants-merkle-tree-certs §4.4.3). An empty subtree has an empty proof
 * and the root {@link EMPTY_ROOT}; the tree's root then matters only for size 0.
 */
export function verifySubtree(
  start: number,
  end: number,
  size: number,
  proof: readonly Digest[],
  subtreeRoot: Digest,
  root: Digest,
  hash: NodeHash = hashNode,
): void {
  check(isWithin(start, end, size), `[${start}, ${end}) is not a subtree of a tree of ${size}`);
  check(isDigest(subtreeRoot) && isDigest(root), 'a root is not 32 bytes long');
  checkProof(proof);
  if (start === end) {
    const empty = proof.length === 0 && equalBytes(subtreeRoot, EMPTY_ROOT);
    check(
      empty && (size > 0 || equalBytes(root, EMPTY_ROOT)),
      'a tree without leaves has one root, and no proof',
    );
    return;
  }
  const [foundSubtree, foundRoot] = rootsFromSubtree(start, end, size, proof, subtreeRoot, hash);
  check(
    equalBytes(foundSubtree, subtreeRoot),
    'the proof leads to another root of the older or smaller tree',
  );
  check(equalBytes(foundRoot, root), 'the proof leads to another root of the tree');
}

/** The root of the subtree and of the tree to which the proof of a subtree leads. */
function rootsFromSubtree(
  start: number,
  end: number,
  size: number,
  proof: readonly Digest[],
  subtreeRoot: Digest,
  hash: NodeHash,
): [Digest, Digest] {
  let fn = start;
  let sn = end - 1;
  let tn = size - 1;
  // Climb to the largest complete node that the subtree ends with. Its hash begins the proof, unless it is
  // the whole subtree, whose hash is known. (Where a proof lacks it, the tree's root is still far: too short.)
  while (fn !== sn && (sn === tn || sn % 2 === 1)) [fn, sn, tn] = [half(fn), half(sn), half(tn)];
  const [first = subtreeRoot, ...rest] = fn === sn ? [subtreeRoot, ...proof] : proof;
  let [small, large] = [first, first];
  for (const sibling of rest) {
    check(tn > 0, 'the proof is too long');
    if (sn % 2 === 1 || sn === tn) {
      if (fn < sn) small = hash(sibling, small);
      large = hash(sibling, large);
      while (sn % 2 === 0) [fn, sn, tn] = [half(fn), half(sn), half(tn)];
    } else {
      large = hash(large, sibling);
    }
    [fn, sn, tn] = [half(fn), half(sn), half(tn)];
  }
  check(tn === 0, 'the proof is too short');
  return [small, large];
}

function isWithin(start: number, end: number, size: number): boolean {
  return isSubtree(start, end) && Number.isSafeInteger(size) && end <= size;
}

function checkProof(proof: readonly Uint8Array[]): void {
  check(proof.length <= MAX_PROOF_LENGTH, `the proof has more than ${MAX_PROOF_LENGTH} hashes`);
  check(proof.every(isDigest), 'the proof has a hash that is not 32 bytes long');
}

function isDigest(hash: Uint8Array): boolean {
  return hash.length === DIGEST_LENGTH;
}

function half(n: number): number {
  return Math.floor(n / 2);
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw refuse('proof-failed', `${otherwise}; do not trust it`);
}
