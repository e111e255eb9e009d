/**
 * Where entries about each subject are in a whole log: reading every entry is the only way to know from the log alone that
 * nothing about a subject was left out.
 */
import type { EntryId } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { StatementKind } from '../statement/kinds.ts';
import { parseStatement } from '../statement/parse.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { entriesOf } from './entries.ts';
import type { TileReader } from './tiles.ts';
import type { LogView } from './view.ts';

/** More is for a monitor, which keeps what it read. */
const MOST_ENTRIES = 1_000_000;

/** Where an entry is, and what it is about. */
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
  /** By index, rising. */
  readonly #places: Place[] = [];

  constructor(tiles: TileReader, hasher: BatchHasher) {
    this.#tiles = tiles;
    this.#hasher = hasher;
  }

  /** Reads on up to the head of a view. Refuses `too-large`, and as `entriesOf` does. */
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

  /** What was found from an index on, below another. */
  between(from: number, before: number): readonly Place[] {
    return this.#places.slice(this.#placeOf(from), this.#placeOf(before));
  }

  /** Where in the list the first place is that is not before an index. */
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

/** Nothing for what is no statement: the log should have refused it, and fsck says so. */
function placeOf(bytes: Uint8Array, index: number, id: EntryId): readonly Place[] {
  try {
    const { kind, subject } = parseStatement(bytes);
    return [{ index, id, kind, subject }];
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}
