/**
 * Reading a whole log: the only way to know from the log alone that nothing about a subject was left out. Every
 * entry is hashed up to the signed root; where entries about each subject are is remembered.
 */
import { entryId, type EntryId } from '../bytes/brand.ts';
import { concatBytes, equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import type { LogView } from './view.ts';
import { parseStatement } from '../statement/parse.ts';
import type { StatementKind } from '../statement/kinds.ts';
import { emptyEdge, grow, type Edge, type Growth } from '../tree/grow.ts';
import { hashLeaf, type BatchHasher } from '../tree/hash.ts';
import { TILE_WIDTH, tileWidthAt } from '../tree/tile.ts';
import type { TileReader } from './tiles.ts';

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
  readonly #tiles: Pick<TileReader, 'bundle'>;
  readonly #hasher: BatchHasher;
  #edge: Edge = emptyEdge();
  /** By index, rising. */
  readonly #places: Place[] = [];

  constructor(tiles: Pick<TileReader, 'bundle'>, hasher: BatchHasher) {
    this.#tiles = tiles;
    this.#hasher = hasher;
  }

  /** Reads on up to the head of a view. Refuses `too-large`, and `proof-failed` when the entries are not its tree. */
  async advance({ head: { size, root } }: LogView, onProgress: (done: number) => void): Promise<void> {
    if (size > MOST_ENTRIES)
      throw refuse(
        'too-large',
        `the log has ${size} entries; let a monitor copy it, and name that with --monitor`,
      );
    let edge = this.#edge;
    let grown: Growth | undefined;
    const found: Place[] = [];
    while (edge.size < size) {
      const bundle = Math.floor(edge.size / TILE_WIDTH);
      const entries = await this.#tiles.bundle(bundle, tileWidthAt(0, bundle, size));
      const fresh = entries.slice(edge.size % TILE_WIDTH);
      const first: number = edge.size;
      for (const [i, bytes] of fresh.entries()) found.push(...placeOf(bytes, first + i));
      grown = grow(edge, concatBytes(...fresh.map(hashLeaf)), this.#hasher);
      ({ edge } = grown);
      onProgress(edge.size);
    }
    if (grown !== undefined && !equalBytes(grown.root, root))
      throw refuse('proof-failed', 'the entries that the log serves do not hash to the root that it signed');
    this.#edge = edge;
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
function placeOf(bytes: Uint8Array, index: number): readonly Place[] {
  try {
    const { kind, subject } = parseStatement(bytes);
    return [{ index, id: entryId(sha256(bytes).toHex()), kind, subject }];
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}
