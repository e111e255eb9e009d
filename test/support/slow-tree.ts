/**
 * The tree as RFC 9162 §2.1 defines it, recursively, over bigints: slow, short, and written apart from
 * src/tree, which is checked against it. And node:crypto's SHA-256, so that checking it is quick.
 */
import { hash } from 'node:crypto';
import { digest, type Digest } from '../../src/bytes/brand.ts';
import type { BatchHasher, NodeHash } from '../../src/tree/hash.ts';
import type { NodeReader } from '../../src/tree/prove.ts';

const sha256 = (...parts: Uint8Array[]): Digest => {
  const out = new Uint8Array(32);
  Buffer.from(out.buffer).write(hash('sha256', Buffer.concat(parts), 'latin1'), 'latin1');
  return digest(out);
};

const zero = Uint8Array.of(0);
const one = Uint8Array.of(1);

export const slowLeaf = (entry: Uint8Array): Digest => sha256(zero, entry);
export const slowNode: NodeHash = (left, right) => sha256(one, left, right);

const eachMessage =
  (...prefix: Uint8Array[]): BatchHasher['leaves'] =>
  (data, ends, count, out) => {
    for (let i = 0; i < count; i++) {
      out.set(sha256(...prefix, data.subarray(i === 0 ? 0 : ends[i - 1], ends[i])), 32 * i);
    }
  };

/** A hash that knows what it hashed before, so that checking all proofs of all trees is quick. */
export function remembering(hash: NodeHash): NodeHash {
  const known = new WeakMap<Uint8Array, WeakMap<Uint8Array, Digest>>();
  return (left, right) => {
    let parents = known.get(left);
    if (parents === undefined) known.set(left, (parents = new WeakMap()));
    let parent = parents.get(right);
    if (parent === undefined) parents.set(right, (parent = hash(left, right)));
    return parent;
  };
}

/** A hash of nothing but speed, for tests of which hash goes where. */
export const quickNode: NodeHash = (left, right) => {
  const out = new Uint8Array(32);
  let state = 1;
  for (let i = 0; i < 64; i++) {
    const at = i % 32;
    state = Math.imul(state ^ (left[at]! + 256 * right[at]!), 0x01000193);
    state ^= state >>> 15;
    out[at]! ^= state;
  }
  return digest(out);
};

/** Whether two proofs are the same. */
export function sameHashes(a: readonly Digest[], b: readonly Digest[]): boolean {
  return a.length === b.length && a.every((hash, i) => hash === b[i] || Buffer.compare(hash, b[i]!) === 0);
}

/** A batch hasher on node:crypto that counts what it is asked for. */
export function countingHasher(): BatchHasher & { calls: number; hashed: number } {
  return {
    name: 'node',
    calls: 0,
    hashed: 0,
    leaves: eachMessage(zero),
    digests: eachMessage(),
    nodes(pairs, out) {
      this.calls++;
      this.hashed += out.length / 32;
      if (pairs.length !== 2 * out.length) throw new Error('pairs and parents do not match');
      for (let at = 0; at < out.length; at += 32) {
        out.set(sha256(one, pairs.subarray(2 * at, 2 * at + 64)), at);
      }
    },
  };
}

/** The largest power of two below n (n ≥ 2). */
function split(n: bigint): bigint {
  let k = 1n;
  while (2n * k < n) k *= 2n;
  return k;
}

/**
 * The tree whose leaf i is `leaves.get(i)`, and the same filler everywhere else: so its nodes can be computed
 * at any size.
 */
export class SlowTree {
  readonly leaves: ReadonlyMap<bigint, Digest>;
  readonly #hash: NodeHash;
  readonly #known: readonly bigint[];
  readonly #filler: Digest[] = [slowLeaf(Buffer.from('filler'))];
  readonly #memo = new Map<bigint, Map<bigint, Digest>>();

  constructor(leaves: ReadonlyMap<bigint, Digest>, hash: NodeHash = slowNode) {
    this.leaves = leaves;
    this.#hash = hash;
    this.#known = [...leaves.keys()].toSorted((a, b) => (a < b ? -1 : 1));
    for (let h = 0; h < 54; h++) this.#filler.push(hash(this.#filler[h]!, this.#filler[h]!));
  }

  static of(leaves: readonly Digest[], hash: NodeHash = slowNode): SlowTree {
    return new SlowTree(new Map(leaves.map((leaf, i) => [BigInt(i), leaf])), hash);
  }

  /** MTH(D[low : high]). */
  mth(low: bigint, high: bigint): Digest {
    if (low === high) return sha256();
    let roots = this.#memo.get(low);
    if (roots === undefined) this.#memo.set(low, (roots = new Map()));
    let root = roots.get(high);
    if (root === undefined) roots.set(high, (root = this.#mth(low, high)));
    return root;
  }

  #mth(low: bigint, high: bigint): Digest {
    const width = high - low;
    const height = width.toString(2).length - 1;
    if (width === 1n << BigInt(height) && !this.#holdsLeaf(low, high)) return this.#filler[height]!;
    if (width === 1n) return this.leaves.get(low)!;
    const middle = low + split(width);
    return this.#hash(this.mth(low, middle), this.mth(middle, high));
  }

  /** Whether any leaf of [low, high) is not filler; by bisection, because a tree may have many. */
  #holdsLeaf(low: bigint, high: bigint): boolean {
    let [from, to] = [0, this.#known.length];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      if (this.#known[middle]! < low) from = middle + 1;
      else to = middle;
    }
    return from < this.#known.length && this.#known[from]! < high;
  }

  /** RFC 9162 §2.1.3.1: PATH(m, D[low : high]). */
  path(m: bigint, low: bigint, high: bigint): Digest[] {
    if (high - low === 1n) return [];
    const k = split(high - low);
    return m < k
      ? [...this.path(m, low, low + k), this.mth(low + k, high)]
      : [...this.path(m - k, low + k, high), this.mth(low, low + k)];
  }

  /** RFC 9162 §2.1.4.1: PROOF(m, D[0 : n]). */
  proof(m: bigint, n: bigint): Digest[] {
    return m === 0n ? [] : this.#subproof(m, 0n, n, true);
  }

  #subproof(m: bigint, low: bigint, high: bigint, known: boolean): Digest[] {
    if (m === high - low) return known ? [] : [this.mth(low, high)];
    const k = split(high - low);
    return m <= k
      ? [...this.#subproof(m, low, low + k, known), this.mth(low + k, high)]
      : [...this.#subproof(m - k, low + k, high, false), this.mth(low, low + k)];
  }

  /** Complete nodes of the tree of `size` leaves; throws for any other. */
  reader(size: number): NodeReader {
    return (height, index) => {
      const [low, high] = [BigInt(index) << BigInt(height), BigInt(index + 1) << BigInt(height)];
      if (index < 0 || high > BigInt(size))
        throw new Error(`(${height}, ${index}) is not complete in ${size}`);
      return this.mth(low, high);
    };
  }
}
