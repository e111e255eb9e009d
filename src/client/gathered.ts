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
export const MOST_GATHERED = 67_108_864;
/** Bytes of a bundle that is read ahead, about: it may have 16 MiB, and seldom has more than this. */
const BUNDLE_WEIGHT = 2 ** 20;

/** An entry between two places of the room. */
interface Held {
  readonly id: EntryId;
  readonly from: number;
  readonly to: number;
}

/** The rows of the reader's own walk. */
interface Walked {
  at(index: number): Found | undefined;
}

export class Gathered {
  readonly #tiles: Pick<TileReader, 'bundle'>;
  readonly #hasher: BatchHasher;
  /** One block of memory for all parts, made when it is needed first. */
  #room = new Uint8Array(0);
  #held = new Map<number, Held>();
  #used = 0;
  #isOnce = false;

  /** `tiles`: without a cache, since no bundle is read twice. */
  constructor(tiles: Pick<TileReader, 'bundle'>, hasher: BatchHasher) {
    this.#tiles = tiles;
    this.#hasher = hasher;
  }

  /** A copy of the bytes of a row's entry, if they are held. */
  get({ index, id }: Found): Uint8Array | undefined {
    const held = this.#held.get(index);
    return held?.id === id ? this.#room.slice(held.from, held.to) : undefined;
  }

  /** Whether no proof that is held is read again later. */
  get isOnce(): boolean {
    return this.#isOnce;
  }

  /**
   * Holds the entries of these rows in place of those before, as many as fit. A row that the walk does not confirm, as a search may
   * have made it up, is left to be refused. Returns the bytes that are held. Throws bugs alone.
   */
  async hold(listed: readonly Found[], size: TreeSize, walked: Walked, once = false): Promise<number> {
    const rows = listed.filter(({ index, id }) => walked.at(index)?.id === id);
    this.#held = new Map();
    this.#used = 0;
    this.#isOnce = once;
    if (rows.length === 0) return 0;
    if (this.#room.length === 0) this.#room = new Uint8Array(MOST_GATHERED);
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
      if (!this.#take(wanted, entries)) break;
    }
    return this.#used;
  }

  /** Copies the entries of one bundle. Returns whether there was room for all of them. */
  #take(rows: readonly Found[], entries: readonly Uint8Array[]): boolean {
    const start = this.#used;
    const found: (Held & { readonly index: number })[] = [];
    for (const { index, id } of rows) {
      const entry = entries[index % TILE_WIDTH];
      if (entry === undefined) continue;
      const [from, to] = [this.#used, this.#used + entry.length];
      if (to > this.#room.length) return false;
      this.#room.set(entry, from);
      found.push({ index, id, from, to });
      this.#used = to;
    }
    const ends = Uint32Array.from(found, ({ to }) => to - start);
    const digests = new Uint8Array(32 * found.length);
    this.#hasher.digests(this.#room.subarray(start, this.#used), ends, found.length, digests);
    for (const [i, { index, ...held }] of found.entries())
      if (formatHex(digests.subarray(32 * i, 32 * i + 32)) === held.id) this.#held.set(index, held);
    return true;
  }
}

/** A bundle that cannot be had is refused by whoever reads one of its entries. */
function nothing(error: unknown): readonly Uint8Array[] {
  if (error instanceof Refusal) return [];
  throw error;
}
