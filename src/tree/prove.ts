/**
 * Making proofs from complete nodes: inclusion (RFC 9162 §2.1.3.1), consistency (§2.1.4.1) and subtrees
 * (draft-ietf-plants-merkle-tree-certs §4.4.1). One generator makes all three: an inclusion proof is the proof
 * of the subtree [index, index + 1), a consistency proof that of [0, from).
 *
 * Trees store complete nodes only. Where a proof needs the hash of the ragged right edge, it is folded
 * from the complete nodes it is made of. Arguments are the caller's own numbers: a bad one is a RangeError.
 */
import type { Digest, LeafIndex, TreeSize } from '../bytes/brand.ts';
import { EMPTY_ROOT, hashNode, type NodeHash } from './hash.ts';
import { bitCeil, isSubtree, nodesOfSubtree, type NodeId } from './shape.ts';

/** The complete node MTH(D[index·2^height : (index+1)·2^height]) of one tree, or a throw when it has none. */
export type NodeReader = (height: number, index: number) => Digest;

/** Root of the tree's first `size` leaves; {@link EMPTY_ROOT} for none. */
export function rootAt(read: NodeReader, size: TreeSize, hash: NodeHash = hashNode): Digest {
  return subtreeRoot(read, 0, size, hash);
}

/** MTH(D[start : end]) of a subtree; {@link EMPTY_ROOT} when it has no leaves. */
export function subtreeRoot(read: NodeReader, start: number, end: number, hash: NodeHash = hashNode): Digest {
  let root: Digest | undefined;
  for (const { height, index } of nodesOfSubtree(start, end)) {
    const node = read(height, index);
    root = root === undefined ? node : hash(node, root);
  }
  return root ?? EMPTY_ROOT;
}

/** Proof that the leaf is at the index, leaf side first (RFC 9162 §2.1.3.1). */
export function proveInclusion(
  read: NodeReader,
  index: LeafIndex,
  size: TreeSize,
  hash: NodeHash = hashNode,
): Digest[] {
  return proveSubtree(read, index, index + 1, size, hash);
}

/** Proof that the tree of `to` leaves begins with that of `from` (RFC 9162 §2.1.4.1); empty from 0 or `to`. */
export function proveConsistency(
  read: NodeReader,
  from: TreeSize,
  to: TreeSize,
  hash: NodeHash = hashNode,
): Digest[] {
  return proveSubtree(read, 0, from, to, hash);
}

/** Proof that [start, end) is a subtree (draft-ietf-plants-merkle-tree-certs §4.4.1). */
export function proveSubtree(
  read: NodeReader,
  start: number,
  end: number,
  size: number,
  hash: NodeHash = hashNode,
): Digest[] {
  return partsOfProof(start, end, size).map((part) => subtreeRoot(read, part.start, part.end, hash));
}

/** The nodes that {@link rootAt} reads. */
export function nodesForRoot(size: TreeSize): readonly NodeId[] {
  return nodesOfSubtree(0, size);
}

/** The nodes that {@link proveInclusion} reads: whoever must wait for them loads them first. */
export function nodesForInclusion(index: LeafIndex, size: TreeSize): readonly NodeId[] {
  return nodesForSubtree(index, index + 1, size);
}

/** The nodes that {@link proveConsistency} reads. */
export function nodesForConsistency(from: TreeSize, to: TreeSize): readonly NodeId[] {
  return nodesForSubtree(0, from, to);
}

/** The nodes that {@link proveSubtree} reads. */
export function nodesForSubtree(start: number, end: number, size: number): readonly NodeId[] {
  return partsOfProof(start, end, size).flatMap((part) => nodesOfSubtree(part.start, part.end));
}

/**
 * Inclusion proofs of many leaves against one size. The hashes of the ragged right edge are computed once,
 * when first needed, and shared; a proof then costs no more than reading its nodes. The hashes returned
 * are `read`'s own: copy before you change them.
 */
export function batchProver(
  read: NodeReader,
  size: TreeSize,
  hash: NodeHash = hashNode,
): (index: LeafIndex) => Digest[] {
  // edge[h]: the last node at height h, the only one there that may be incomplete.
  const edge: Digest[] = [];
  const lastNode = (height: number): Digest => (edge[height] ??= findLastNode(height));
  const findLastNode = (height: number): Digest => {
    const width = 2 ** height;
    const index = Math.floor((size - 1) / width);
    if ((index + 1) * width <= size) return read(height, index);
    // Incomplete: it has the last node below it as its only child, or as its right one.
    const child = Math.floor((size - 1) / (width / 2));
    const right = lastNode(height - 1);
    return child % 2 === 0 ? right : hash(read(height - 1, child - 1), right);
  };
  // The node read last at each height: neighbours share all but the lowest.
  const kept: { readonly index: number; readonly node: Digest }[] = [];
  const nodeAt = (height: number, index: number): Digest => {
    const before = kept[height];
    if (before?.index === index) return before.node;
    const node = read(height, index);
    kept[height] = { index, node };
    return node;
  };
  return (index) => {
    if (!Number.isInteger(index) || index < 0 || index >= size) {
      throw new RangeError(`leaf ${index} of a tree of ${size}`);
    }
    const path: Digest[] = [];
    for (let height = 0, at: number = index, last = size - 1; last > 0; height++) {
      if (at % 2 === 1) path.push(nodeAt(height, at - 1));
      else if (at + 1 < last) path.push(nodeAt(height, at + 1));
      else if (at + 1 === last) path.push(lastNode(height));
      at = Math.floor(at / 2);
      last = Math.floor(last / 2);
    }
    return path;
  };
}

/**
 * The subtrees whose roots are the proof of [start, end), from the bottom up: SUBTREE_PROOF, walked from the
 * root down. At each step the tree [low, high) splits after its largest power of two; the half without
 * the subtree is part of the proof. A subtree on both halves contains the left one, so it goes on in the
 * right one, and the hash of what is left of it there is no longer known to the verifier.
 */
function partsOfProof(start: number, end: number, size: number): { start: number; end: number }[] {
  if (!isSubtree(start, end) || !Number.isSafeInteger(size) || end > size) {
    throw new RangeError(`not a subtree of a tree of ${size}: [${start}, ${end})`);
  }
  if (start === end) return [];
  const parts: { start: number; end: number }[] = [];
  let [low, high, from] = [0, size, start];
  for (let split = bitCeil(size); from !== low || end !== high; split /= 2) {
    if (split >= high - low) continue;
    const middle = low + split;
    if (end <= middle) {
      parts.push({ start: middle, end: high });
      high = middle;
    } else {
      parts.push({ start: low, end: middle });
      if (from < middle) from = middle;
      low = middle;
    }
  }
  if (from !== start) parts.push({ start: low, end: high });
  return parts.toReversed();
}
