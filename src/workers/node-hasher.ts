/**
 * SHA-256 on node:crypto, so on OpenSSL: for machines without WebAssembly SIMD, and for what suits four
 * lanes badly. Measured: the one-shot function is twice as quick as a Hash object, and twice again when
 * it answers with a string of 32 Latin-1 characters, because making a Buffer costs more than hashing.
 */
import { createHash, hash } from 'node:crypto';
import type { BatchHasher } from '../tree/hash.ts';

const DIGEST = 32;
const PAIR = 2 * DIGEST;
/** Longest message, prefix included, that is copied behind its prefix; others are hashed in two parts. */
const SCRATCH_LENGTH = 65_536;

const scratch = new Uint8Array(SCRATCH_LENGTH);
const prefixedNode = scratch.subarray(0, 1 + PAIR);
const LEAF_PREFIX = Uint8Array.of(0);

/** The hasher on node:crypto. */
export const nodeHasher: BatchHasher = {
  name: 'node:crypto',
  leaves: eachMessage(hashLeaf),
  digests: eachMessage((message) => hash('sha256', message, 'latin1')),
  nodes(pairs, out) {
    const rows = asBuffer(out);
    scratch[0] = 1;
    for (let at = 0; at < rows.length; at += DIGEST) {
      prefixedNode.set(pairs.subarray(2 * at, 2 * at + PAIR), 1);
      rows.write(hash('sha256', prefixedNode, 'latin1'), at, 'latin1');
    }
  },
};

function hashLeaf(message: Uint8Array): string {
  const length = 1 + message.length;
  if (length > SCRATCH_LENGTH)
    return createHash('sha256').update(LEAF_PREFIX).update(message).digest('latin1');
  scratch[0] = 0;
  scratch.set(message, 1);
  return hash('sha256', scratch.subarray(0, length), 'latin1');
}

function eachMessage(digestOf: (message: Uint8Array) => string): BatchHasher['leaves'] {
  return (data, ends, count, out) => {
    const rows = asBuffer(out);
    for (let i = 0, start = 0; i < count; i++) {
      const end = ends[i] ?? start;
      rows.write(digestOf(data.subarray(start, end)), DIGEST * i, 'latin1');
      start = end;
    }
  };
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
