/**
 * One proof for many leaves, and for the roots that the tree had at earlier sizes (spec/bundle.md, "The one proof").
 *
 * The tree is walked from its root down, left before right. A complete node without a proven leaf, and without an earlier
 * size strictly inside it, is one hash of the proof. Every other node is made of its two halves, and a leaf of its entry.
 * So each hash that a proof holds stands for a complete node; the ragged right edge is always made of complete ones.
 *
 *     const proof = readNodes(nodesForMany(what)) → proveMany(read, what)
 *     const known = verifyMany(what, leafHash, proof, root)    // known.read: nodes; rootAt(known, size): earlier roots
 */
import { DIGEST_LENGTH, type Digest, type TreeSize } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { hashNode, type NodeHash } from './hash.ts';
import type { NodeReader } from './prove.ts';
import { bitCeil, type NodeId } from './shape.ts';

/** What one proof shows of a tree. Both lists are strictly ascending. */
export interface Shown {
  readonly size: TreeSize;
  /** Indices of leaves below `size`. */
  readonly leaves: readonly number[];
  /** Earlier sizes whose roots the proof gives: above 0, below `size`. */
  readonly sizes: readonly number[];
}

/** The complete nodes whose hashes are the proof, in its order. RangeError for lists that are not as described. */
export function nodesForMany(shown: Shown): readonly NodeId[] {
  const nodes: NodeId[] = [];
  walk(shown, {
    node: (id) => void nodes.push(id),
    leaf: () => undefined,
    parent: () => undefined,
  });
  return nodes;
}

/** The proof: one hash for each of {@link nodesForMany}. */
export function proveMany(read: NodeReader, shown: Shown): readonly Digest[] {
  return nodesForMany(shown).map(({ height, index }) => read(height, index));
}

/**
 * Checks the proof, and returns a reader of the complete nodes on the way: enough for `rootAt` each of the sizes and the
 * tree's own, for `proveInclusion` of each leaf and `proveConsistency` from each size. `leaf(i)`: hash of the leaf at
 * `leaves[i]`. Refuses `proof-failed` for a proof that leads to another root or does not have the length asked for.
 */
export function verifyMany(
  shown: Shown,
  leaf: (i: number) => Digest,
  proof: readonly Digest[],
  root: Digest,
  hash: NodeHash = hashNode,
): NodeReader {
  const known = new Map<string, Digest>();
  let taken = 0;
  const found = walk<Digest>(shown, {
    node({ height, index }) {
      const node = proof[taken++];
      if (node?.length !== DIGEST_LENGTH) throw failed('the proof of the entries is too short');
      known.set(`${height}/${index}`, node);
      return node;
    },
    leaf(i, index) {
      const node = leaf(i);
      known.set(`0/${index}`, node);
      return node;
    },
    parent(left, right, id) {
      const node = hash(left, right);
      if (id !== undefined) known.set(`${id.height}/${id.index}`, node);
      return node;
    },
  });
  if (taken !== proof.length) throw failed('the proof of the entries is too long');
  if (!equalBytes(found, root)) throw failed('the entries and their proof lead to another root');
  return (height, index) => {
    const node = known.get(`${height}/${index}`);
    if (node === undefined) throw failed(`the proof of the entries says nothing of node ${height}/${index}`);
    return node;
  };
}

/** What is done at each step of a walk. `parent`: `id` is undefined for a node that is not complete. */
interface Steps<T> {
  readonly node: (id: NodeId) => T;
  readonly leaf: (i: number, index: number) => T;
  readonly parent: (left: T, right: T, id: NodeId | undefined) => T;
}

function walk<T>({ size, leaves, sizes }: Shown, steps: Steps<T>): T {
  assertAscending(leaves, 0, size);
  assertAscending(sizes, 1, size);
  if (size < 1) throw new RangeError('a tree without leaves has nothing to prove');
  // Of both lists, those inside a node are a range: [a, b) of the leaves, [c, d) of the sizes strictly inside.
  const at = (start: number, end: number, a: number, b: number, c: number, d: number): T => {
    const width = end - start;
    const id = completeNode(start, width);
    if (id !== undefined && a === b && c === d) return steps.node(id);
    if (width === 1) return steps.leaf(a, start);
    const middle = start + bitCeil(width) / 2;
    const leaf = firstFrom(leaves, middle, a, b);
    const cut = firstFrom(sizes, middle, c, d);
    const left = at(start, middle, a, leaf, c, cut);
    const right = at(middle, end, leaf, b, sizes[cut] === middle ? cut + 1 : cut, d);
    return steps.parent(left, right, id);
  };
  return at(0, size, 0, leaves.length, 0, sizes.length);
}

/** The complete node [start, start + width); undefined where the width is no power of two. */
function completeNode(start: number, width: number): NodeId | undefined {
  let [height, power] = [0, 1];
  while (power < width) [height, power] = [height + 1, power * 2];
  return power === width ? { height, index: start / width } : undefined;
}

/** Place of the first number of a range of an ascending list that is not below `least`; the end of the range if none is. */
function firstFrom(list: readonly number[], least: number, from: number, to: number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((list[middle] ?? Infinity) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

function assertAscending(list: readonly number[], least: number, below: number): void {
  let before = least - 1;
  for (const n of list) {
    if (!Number.isSafeInteger(n) || n <= before || n >= below) throw new RangeError(`${n} after ${before}`);
    before = n;
  }
}

function failed(what: string): Error {
  return refuse('proof-failed', `${what}; do not trust it`);
}
