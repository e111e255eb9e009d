/**
 * The hashes of the Merkle tree (RFC 6962 §2.1 = RFC 9162 §2.1.1, SHA-256): a leaf is
 * SHA-256(0x00 ‖ entry), an interior node SHA-256(0x01 ‖ left ‖ right), the empty tree SHA-256 of nothing.
 *
 * One hash at a time, and the same in batches over flat buffers: a `BatchHasher` is the port behind which
 * faster kernels stand. The one here, on @noble/hashes, is their fallback and their oracle.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { DIGEST_LENGTH, digest, type Digest } from '../bytes/brand.ts';

const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** Root of the tree without leaves (RFC 9162 §2.1.1). */
export const EMPTY_ROOT: Digest = digest(sha256(new Uint8Array(0)));

/** How two nodes make their parent: what proofs are made and checked with. Default: {@link hashNode}. */
export type NodeHash = (left: Uint8Array, right: Uint8Array) => Digest;

/** RFC 9162 §2.1.1: SHA-256(0x00 ‖ entry). */
export function hashLeaf(entry: Uint8Array): Digest {
  return digest(sha256.create().update(LEAF_PREFIX).update(entry).digest());
}

/** RFC 9162 §2.1.1: SHA-256(0x01 ‖ left ‖ right). */
export function hashNode(left: Uint8Array, right: Uint8Array): Digest {
  return digest(sha256.create().update(NODE_PREFIX).update(left).update(right).digest());
}

/**
 * Hashes many messages per call. Lengths are the caller's to get right; every `out` is written in full.
 * `ends[i]` is where message i ends in `data`; the first starts at 0, each next where the last ended.
 */
export interface BatchHasher {
  /** For logs and metrics. */
  readonly name: string;
  /** SHA-256(0x00 ‖ message i) for `count` messages into `out`, 32·count bytes. */
  leaves(data: Uint8Array, ends: Uint32Array, count: number, out: Uint8Array): void;
  /**
   * SHA-256(0x01 ‖ left ‖ right) for n pairs: `pairs` has 64·n bytes, `out` 32·n. `out` may be
   * `pairs.subarray(0, 32 * n)`: parents may take the place of their children.
   */
  nodes(pairs: Uint8Array, out: Uint8Array): void;
  /** Plain SHA-256 of `count` messages into `out`, 32·count bytes (entry ids). */
  digests(data: Uint8Array, ends: Uint32Array, count: number, out: Uint8Array): void;
}

/** A batch hasher's way to make one parent. */
export function nodeHashOf(hasher: BatchHasher): NodeHash {
  const pair = new Uint8Array(2 * DIGEST_LENGTH);
  return (left, right) => {
    const out = new Uint8Array(DIGEST_LENGTH);
    pair.set(left, 0);
    pair.set(right, DIGEST_LENGTH);
    hasher.nodes(pair, out);
    return digest(out);
  };
}

/** Hashes messages one after another, each from a copy of `start`: twice as fast as starting afresh. */
function inTurn(start: typeof UNSTARTED): (message: Uint8Array, out: Uint8Array, at: number) => void {
  const state = start.clone();
  return (message, out, at) => {
    // oxlint-disable-next-line no-underscore-dangle -- noble's public way to reuse a state's memory
    start._cloneInto(state);
    state.update(message).digestInto(out.subarray(at));
  };
}

const UNSTARTED = sha256.create();
const plainInTurn = inTurn(UNSTARTED);
const leafInTurn = inTurn(UNSTARTED.clone().update(LEAF_PREFIX));
const nodeInTurn = inTurn(UNSTARTED.clone().update(NODE_PREFIX));

function eachMessage(hash: typeof leafInTurn): BatchHasher['leaves'] {
  return (data, ends, count, out) => {
    for (let i = 0, start = 0; i < count; i++) {
      const end = ends[i] ?? start;
      hash(data.subarray(start, end), out, DIGEST_LENGTH * i);
      start = end;
    }
  };
}

/** @noble/hashes, in pure JavaScript: runs everywhere, the oracle of the faster ones. */
export const nobleHasher: BatchHasher = {
  name: 'noble',
  leaves: eachMessage(leafInTurn),
  digests: eachMessage(plainInTurn),
  nodes(pairs, out) {
    for (let at = 0; at < out.length; at += DIGEST_LENGTH) {
      nodeInTurn(pairs.subarray(2 * at, 2 * at + 2 * DIGEST_LENGTH), out, at);
    }
  },
};
