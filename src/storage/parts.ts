/**
 * The bytes of entries, stored as they are served. A part is a run of entries of one bundle in the form of bundles
 * (tree/bundle.ts), under the index of its first entry; the parts of a bundle, one after another, are the bundle.
 * A commit appends a part for each bundle that it adds to. Those of a full bundle are merged afterwards (merge.ts), so
 * that it is one row, or several of PART_BYTES where entries are large. An entry's place is its index: no offset is
 * stored that could contradict the bytes.
 */
import type Database from 'better-sqlite3';
import { refuse } from '../bytes/refusal.ts';
import { encodeBundle } from '../tree/bundle.ts';
import { TILE_WIDTH } from '../tree/tile.ts';

/**
 * Bytes of the longest part, and so the most that one step of merging moves or that is read for one entry. A full bundle of
 * entries of 300 bytes fits. Two of the largest entries do not: moving them costs more than a row of their own.
 */
export const PART_BYTES = 98_304;

/** A part as it is stored. */
export type Part = readonly [first: number, bytes: Uint8Array];

/**
 * Divides appended entries into parts, at the end of each bundle and wherever a part would be longer than PART_BYTES.
 */
export function partsOf(
  entries: readonly { readonly index: number; readonly bytes: Uint8Array }[],
): readonly Part[] {
  const parts: Part[] = [];
  let run: Uint8Array[] = [];
  let length = 0;
  for (const [i, { index, bytes }] of entries.entries()) {
    run.push(bytes);
    length += 2 + bytes.length;
    const next = entries[i + 1];
    const goes = next?.index === index + 1 && next.index % TILE_WIDTH !== 0;
    if (goes && length + 2 + next.bytes.length <= PART_BYTES) continue;
    parts.push([index + 1 - run.length, encodeBundle(run)]);
    run = [];
    length = 0;
  }
  return parts;
}

/** Reads parts. Refuses `corrupt-store` if a part is missing or misplaced. */
export class Parts {
  readonly #parts: Database.Statement;

  constructor(db: Database.Database) {
    // One statement reads the indices at which parts begin, so that all belong to one committed state.
    this.#parts = db
      .prepare(
        `SELECT first, bytes FROM part
          WHERE first >= coalesce((SELECT max(first) FROM part WHERE first <= ?), 0) AND first < ? ORDER BY first`,
      )
      .raw();
  }

  /** Bytes of the entries [start, end), fewer at the end of the log. */
  entries(start: number, end: number): readonly Uint8Array[] {
    const found: Uint8Array[] = [];
    for (const [first, bytes] of this.#read(start, end)) {
      if (first > start + found.length) throw misplaced(first);
      let index = first;
      for (let at = 0; at < bytes.length && index < end; index++) {
        const next = endOf(bytes, at, index);
        if (index >= start) {
          if (index !== start + found.length) throw misplaced(index);
          found.push(new Uint8Array(bytes.subarray(at + 2, next)));
        }
        at = next;
      }
    }
    return found;
  }

  /** The first `width` entries of a bundle as they are served; undefined when there are fewer. */
  bundle(index: number, width: number): Uint8Array | undefined {
    const start = index * TILE_WIDTH;
    const pieces: Uint8Array[] = [];
    let next = start;
    for (const [first, bytes] of this.#read(start, start + width)) {
      if (first !== next) throw misplaced(first);
      let at = 0;
      for (; at < bytes.length && next < start + width; next++) at = endOf(bytes, at, next);
      if (at < bytes.length && width === TILE_WIDTH) throw misplaced(next);
      pieces.push(bytes.subarray(0, at));
    }
    if (next < start + width) return undefined;
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  }

  #read(start: number, end: number): readonly Part[] {
    return this.#parts.all(start, end).map(partOf);
  }
}

/** Where the entry ends that begins at `at`, with its length. */
function endOf(bytes: Uint8Array, at: number, index: number): number {
  const end = at + 2 + (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
  if (at + 2 > bytes.length || end > bytes.length) throw misplaced(index);
  return end;
}

function partOf(row: unknown): Part {
  if (Array.isArray(row)) {
    const first: unknown = row[0];
    const bytes: unknown = row[1];
    if (typeof first === 'number' && bytes instanceof Uint8Array) return [first, bytes];
  }
  throw refuse('corrupt-store', 'table part holds what this program never wrote: run `tallystick fsck`');
}

function misplaced(index: number): Error {
  return refuse(
    'corrupt-store',
    `the bytes of entry ${index} are not where they should be: run \`tallystick fsck\`, then restore a backup`,
  );
}
