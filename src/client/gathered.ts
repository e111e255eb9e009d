/**
 * The bytes of entries that are about to be read, of many subjects at once. Entries of one subject are spread over the whole log,
 * so whoever reads subject after subject would read each bundle for each of them. Here each bundle is read once, in the order
 * of the log, and what was asked for is copied out of it.
 *
 * An entry is held only if it has the id of its row, and the rows are the reader's own, of a walk that compared each with the
 * signed root. What is not held (a bundle that did not come, bytes that are others) the reader reads by itself, and refuses.
 */
import type { EntryId, TreeSize } from '../bytes/brand.ts';
import { readAhead } from '../bytes/ahead.ts';
import { groupBy } from '../bytes/group.ts';
import { Refusal } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { TILE_WIDTH, tileWidthAt } from '../tree/tile.ts';
import type { Found } from './search.ts';
import type { TileReader } from './tiles.ts';

/** Most bytes of entries that are held. */
export const MOST_GATHERED = 134_217_728;
/** Bytes of a bundle that is read ahead, about: it may have 16 MiB, and seldom has more than this. */
const BUNDLE_WEIGHT = 2 ** 20;

interface Held {
  readonly id: EntryId;
  readonly bytes: Uint8Array;
}

export class Gathered {
  readonly #tiles: Pick<TileReader, 'bundle'>;
  readonly #hasher: BatchHasher;
  #held = new Map<number, Held>();

  /** `tiles`: without a cache, since no bundle is read twice. */
  constructor(tiles: Pick<TileReader, 'bundle'>, hasher: BatchHasher) {
    this.#tiles = tiles;
    this.#hasher = hasher;
  }

  /** The bytes of a row's entry, if they are held. */
  get({ index, id }: Found): Uint8Array | undefined {
    const held = this.#held.get(index);
    return held?.id === id ? held.bytes : undefined;
  }

  /**
   * Holds the entries of these rows in place of those before, as many as fit. Returns the number of bytes that it holds.
   * Throws bugs alone.
   */
  async hold(rows: readonly Found[], size: TreeSize): Promise<number> {
    this.#held = new Map();
    let bytes = 0;
    const bundles = [...groupBy(rows, ({ index }) => Math.floor(index / TILE_WIDTH))].toSorted(
      ([a], [b]) => a - b,
    );
    const read = async (i: number): Promise<readonly Uint8Array[]> => {
      const [bundle = 0] = bundles[i] ?? [];
      return this.#tiles.bundle(bundle, tileWidthAt(0, bundle, size)).catch(nothing);
    };
    let at = 0;
    for await (const entries of readAhead(0, bundles.length, read, () => BUNDLE_WEIGHT)) {
      const [, wanted = []] = bundles[at++] ?? [];
      bytes += this.#take(wanted, entries);
      if (bytes > MOST_GATHERED) break;
    }
    return bytes;
  }

  /** Copies the entries of one bundle. Returns their bytes. */
  #take(rows: readonly Found[], entries: readonly Uint8Array[]): number {
    const found = rows.flatMap((row) => {
      const entry = entries[row.index % TILE_WIDTH];
      return entry === undefined ? [] : [{ row, entry }];
    });
    const ends = new Uint32Array(found.length);
    let length = 0;
    for (const [i, { entry }] of found.entries()) ends[i] = length += entry.length;
    const packed = new Uint8Array(length);
    for (const [i, { entry }] of found.entries()) packed.set(entry, (ends[i] ?? 0) - entry.length);
    const digests = new Uint8Array(32 * found.length);
    this.#hasher.digests(packed, ends, found.length, digests);
    for (const [i, { row, entry }] of found.entries()) {
      const { index, id } = row;
      const end = ends[i] ?? 0;
      if (formatHex(digests.subarray(32 * i, 32 * i + 32)) === id)
        this.#held.set(index, { id, bytes: packed.subarray(end - entry.length, end) });
    }
    return length;
  }
}

/** A bundle that cannot be had is refused by whoever reads one of its entries. */
function nothing(error: unknown): readonly Uint8Array[] {
  if (error instanceof Refusal) return [];
  throw error;
}
