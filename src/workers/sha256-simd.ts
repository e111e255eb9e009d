/**
 * SHA-256 in batches on WebAssembly SIMD: a `BatchHasher` over the kernel that sha256-module.ts writes.
 * Input is worked on in chunks of 64 KiB, so a hasher takes 192 KiB however much it is given. Messages up
 * to some 700 bytes go four at a time, sorted so that those of equally many blocks share a group. Longer
 * ones, or one or two alone, are quicker in OpenSSL, which has the processor's own SHA instructions but
 * costs half a microsecond a call.
 */
import type { BatchHasher } from '../tree/hash.ts';
import { AREA_LENGTH, AT, BLOCK, MAX_BLOCKS, MAX_ROWS, SLOT, fillConstants } from './sha256-memory.ts';
import { sha256Module } from './sha256-module.ts';

const DIGEST = 32;
const PAIR = 2 * DIGEST;
const LANES = 4;
const PAIRS_PER_CALL = AREA_LENGTH / PAIR;
/** Fewer short messages than this are as quick one by one. */
const WORTH_A_GROUP = 3;

/** Makes a hasher; throws where WebAssembly SIMD is missing. `single` takes what suits four lanes badly. */
export function simdHasher(single: BatchHasher): BatchHasher {
  return new SimdHasher(loadKernel(), single);
}

interface Kernel {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly nodes: (groups: number) => void;
  readonly messages: (groups: number, prefix: number) => void;
}

function loadKernel(): Kernel {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(sha256Module()));
  const { memory, nodes, messages } = exports;
  if (
    !(memory instanceof WebAssembly.Memory) ||
    typeof nodes !== 'function' ||
    typeof messages !== 'function'
  ) {
    throw new Error('the SHA-256 module lacks an export');
  }
  const words = new Uint32Array(memory.buffer);
  fillConstants(words);
  return { bytes: new Uint8Array(memory.buffer), words, nodes, messages };
}

/** Messages back to back, number i from `ends[i - 1]` to `ends[i]`, each after `prefix` zero bytes. */
interface Messages {
  readonly data: Uint8Array;
  readonly ends: Uint32Array;
  readonly prefix: 0 | 1;
}

const startOf = ({ ends }: Messages, i: number): number => ends[i - 1] ?? 0;
const lengthOf = (m: Messages, i: number): number => startOf(m, i + 1) - startOf(m, i);
/** Blocks of a message and its padding: a byte 0x80 and eight of length at least (FIPS 180-4 §5.1.1). */
const blocksOf = (m: Messages, i: number): number => Math.ceil((m.prefix + lengthOf(m, i) + 9) / BLOCK);

/** Where a slot begins in the kernel's words. */
const slotAt = (slot: number): number => (AT.slots + SLOT * slot) / 4;

/** The longest run of messages from `first` that the kernel's memory takes, and at least one. */
function endOfChunk(m: Messages, first: number, count: number): number {
  const limit = Math.min(count, first + MAX_ROWS);
  let last = first + 1;
  while (last < limit && startOf(m, last + 1) - startOf(m, first) <= AREA_LENGTH) last++;
  return last;
}

class SimdHasher implements BatchHasher {
  readonly name = 'wasm-simd';
  readonly #kernel: Kernel;
  readonly #single: BatchHasher;
  /** By number of blocks: the slot for the next message of so many. */
  readonly #nextSlot = new Uint16Array(MAX_BLOCKS + 2);

  constructor(kernel: Kernel, single: BatchHasher) {
    this.#kernel = kernel;
    this.#single = single;
  }

  nodes(pairs: Uint8Array, out: Uint8Array): void {
    const { bytes, nodes } = this.#kernel;
    const count = out.length / DIGEST;
    if (pairs.length !== PAIR * count) throw new RangeError('a pair has 64 bytes, and its parent 32');
    for (let first = 0; first < count; first += PAIRS_PER_CALL) {
      const n = Math.min(PAIRS_PER_CALL, count - first);
      bytes.set(n === count ? pairs : pairs.subarray(PAIR * first, PAIR * (first + n)), AT.area);
      nodes(Math.ceil(n / LANES));
      out.set(bytes.subarray(AT.area, AT.area + DIGEST * n), DIGEST * first);
    }
  }

  leaves(data: Uint8Array, ends: Uint32Array, count: number, out: Uint8Array): void {
    this.#hash({ data, ends, prefix: 1 }, count, out);
  }

  digests(data: Uint8Array, ends: Uint32Array, count: number, out: Uint8Array): void {
    this.#hash({ data, ends, prefix: 0 }, count, out);
  }

  #hash(m: Messages, count: number, out: Uint8Array): void {
    if (startOf(m, count) > m.data.length) throw new RangeError('messages end beyond their data');
    for (let first = 0; first < count;) {
      const last = endOfChunk(m, first, count);
      out.set(this.#hashChunk(m, first, last), DIGEST * first);
      first = last;
    }
  }

  /** Digests of messages first … last − 1: a view of the kernel's memory, good until its next use. */
  #hashChunk(m: Messages, first: number, last: number): Uint8Array {
    const { bytes, messages } = this.#kernel;
    const rows = bytes.subarray(AT.rows, AT.rows + DIGEST * (last - first));
    const short = this.#fillSlots(m, first, last);
    const grouped = short >= WORTH_A_GROUP;
    if (grouped) {
      bytes.set(m.data.subarray(startOf(m, first), startOf(m, last)), AT.area);
      messages(Math.ceil(short / LANES), m.prefix);
      if (short === last - first) return rows;
    }
    for (let i = first; i < last; i++) {
      if (!grouped || blocksOf(m, i) > MAX_BLOCKS) this.#hashAlone(m, i, rows.subarray(DIGEST * (i - first)));
    }
    return rows;
  }

  #hashAlone(m: Messages, i: number, out: Uint8Array): void {
    const message = m.data.subarray(startOf(m, i), startOf(m, i + 1));
    const ends = Uint32Array.of(message.length);
    if (m.prefix === 1) this.#single.leaves(message, ends, 1, out);
    else this.#single.digests(message, ends, 1, out);
  }

  /** Describes the short messages to the kernel, those of fewest blocks first. Returns how many there are. */
  #fillSlots(m: Messages, first: number, last: number): number {
    const { words } = this.#kernel;
    const next = this.#nextSlot.fill(0);
    const raise = (blocks: number): number => (next[blocks] = (next[blocks] ?? 0) + 1);
    for (let i = first; i < last; i++) if (blocksOf(m, i) <= MAX_BLOCKS) raise(blocksOf(m, i) + 1);
    for (let blocks = 1; blocks < next.length; blocks++)
      next[blocks] = (next[blocks] ?? 0) + (next[blocks - 1] ?? 0);
    const short = next[MAX_BLOCKS + 1] ?? 0;
    for (let i = first; i < last; i++) {
      const blocks = blocksOf(m, i);
      if (blocks > MAX_BLOCKS) continue;
      const slot = slotAt(raise(blocks) - 1);
      words[slot] = startOf(m, i) - startOf(m, first);
      words[slot + 1] = lengthOf(m, i);
      words[slot + 2] = DIGEST * (i - first);
    }
    // A last group that is not full hashes its last message again, into the same row.
    for (let n = short; n % LANES !== 0; n++) words.copyWithin(slotAt(n), slotAt(n - 1), slotAt(n));
    return short;
  }
}
