/**
 * A batch of statements in one piece of shared memory, so that the threads that check, hash and store
 * it pass a reference and copy nothing:
 *
 *     u32 count · u32 ends[count] · ids[32·count] · data
 *
 * `data` first holds the statements as posted; checking replaces each by its entry bytes (never longer),
 * in place; a refused one leaves an empty slot. The sequencer fills in the ids.
 */
import { entryId, plain, type EntryId, type PlainBytes } from '../bytes/brand.ts';
import type { Refusal, RefusalCode } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';

const DIGEST = 32;

/** The parts of a batch as views of its memory. */
export interface Batch {
  readonly memory: SharedArrayBuffer;
  readonly count: number;
  /** End of each item in `data`; an item starts where the one before it ends. */
  readonly ends: Uint32Array;
  /** SHA-256 of each entry, once the sequencer has seen it. */
  readonly ids: Uint8Array;
  readonly data: Uint8Array;
}

/** Why one item of a batch was refused, in a form that crosses threads. */
export interface RefusedAt {
  readonly position: number;
  readonly code: RefusalCode;
  readonly message: string;
}

/** A batch whose items were checked: all but the refused ones are well signed. */
export interface CheckedBatch {
  readonly memory: SharedArrayBuffer;
  readonly refused: readonly RefusedAt[];
}

/** Copies statements into fresh shared memory. */
export function packBatch(statements: readonly Uint8Array[]): Batch {
  const count = statements.length;
  const bytes = statements.reduce((sum, statement) => sum + statement.length, 0);
  const memory = new SharedArrayBuffer(4 + 4 * count + DIGEST * count + bytes);
  new Uint32Array(memory, 0, 1)[0] = count;
  const batch = openBatch(memory);
  let at = 0;
  for (const [i, statement] of statements.entries()) {
    batch.data.set(statement, at);
    at += statement.length;
    batch.ends[i] = at;
  }
  return batch;
}

/** Views of a batch that another thread packed. */
export function openBatch(memory: SharedArrayBuffer): Batch {
  const count = new Uint32Array(memory, 0, 1)[0] ?? 0;
  const ids = 4 + 4 * count;
  const data = ids + DIGEST * count;
  return {
    memory,
    count,
    ends: new Uint32Array(memory, 4, count),
    ids: new Uint8Array(memory, ids, DIGEST * count),
    data: new Uint8Array(memory, data),
  };
}

/**
 * The items as views of one private copy. No other thread can change them, and platform functions that reject shared
 * memory accept them.
 */
export function privateItems({ count, ends, data }: Batch): readonly PlainBytes[] {
  const own = new Uint8Array(data);
  let start = 0;
  return Array.from({ length: count }, (_, i) => own.subarray(start, (start = ends[i] ?? start)));
}

/**
 * The rows of a table of digests as entry ids. The table is read as one string, since copying each row costs an
 * allocation.
 */
export function idsOf(digests: Uint8Array): readonly EntryId[] {
  const hex = formatHex(plain(digests));
  return Array.from({ length: digests.length / DIGEST }, (_, i) =>
    entryId(hex.slice(2 * DIGEST * i, 2 * DIGEST * (i + 1))),
  );
}

/** Puts a refusal in the form that crosses threads. */
export function refusedAt(position: number, refusal: Refusal): RefusedAt {
  return { position, code: refusal.code, message: refusal.message };
}
