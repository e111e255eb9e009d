/**
 * Reads a whole log and records where the entries about each subject are. Reading every entry is the only way to know,
 * from the log alone, that nothing about a subject was omitted.
 */
import type { EntryId } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { StatementKind } from '../statement/kinds.ts';
import { parseStatement } from '../statement/parse.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { entriesOf } from './entries.ts';
import type { TileReader } from './tiles.ts';
import type { LogView } from './view.ts';

/** Most entries of a log that is read whole. For a larger log, use a monitor, which stores what it read. */
const MOST_ENTRIES = 1_000_000;

/** The place of an entry, and its subject and kind. */
export interface Place {
  readonly index: number;
  readonly id: EntryId;
  readonly kind: StatementKind;
  readonly subject: string;
}

export class WholeLog {
  readonly #tiles: TileReader;
  readonly #hasher: BatchHasher;
  #size = 0;
  /** Ordered by index. */
  readonly #places: Place[] = [];

  constructor(tiles: TileReader, hasher: BatchHasher) {
    this.#tiles = tiles;
    this.#hasher = hasher;
  }

  /** Continues to read, up to the head of a view. Refuses `too-large`, and what `entriesOf` refuses. */
  async advance({ head }: LogView, onProgress: (done: number) => void): Promise<void> {
    const { size } = head;
    if (size > MOST_ENTRIES)
      throw refuse(
        'too-large',
        `the log has ${size} entries; let a monitor copy it, and name that with --monitor`,
      );
    if (size <= this.#size) return;
    const found: Place[] = [];
    for await (const { start, entries, ids } of entriesOf(this.#tiles, head, this.#hasher, this.#size)) {
      for (const [i, bytes] of entries.entries()) {
        const [index, id] = [start + i, ids[i]];
        if (index >= this.#size && id !== undefined) found.push(...placeOf(bytes, index, id));
      }
      onProgress(start + entries.length);
    }
    this.#size = size;
    for (const place of found) this.#places.push(place);
  }

  /** The places with indices from one index on and below another. */
  between(from: number, before: number): readonly Place[] {
    return this.#places.slice(this.#placeOf(from), this.#placeOf(before));
  }

  /** Position in the list of the first place at or after an index. */
  #placeOf(index: number): number {
    let [low, high] = [0, this.#places.length];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if ((this.#places[middle]?.index ?? 0) < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** No place for an entry that is no statement: the log should have refused it, and fsck reports it. */
function placeOf(bytes: Uint8Array, index: number, id: EntryId): readonly Place[] {
  try {
    const { kind, subject } = parseStatement(bytes);
    return [{ index, id, kind, subject }];
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}
