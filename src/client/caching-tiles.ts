/**
 * A cache of a log's tiles and bundles in memory, for a client that reads many entries: neighbouring entries share
 * them. The cache does not verify; its reader checks each tile and bundle against a signed root.
 *
 * Memory: at most 48 MiB of tiles with their inner nodes and 64 MiB of bundles, and the responses under way. The least recently
 * used go first.
 */
import { Lru } from '../bytes/lru.ts';
import type { TileNodes } from '../tree/tilenodes.ts';
import { TileReader } from './tiles.ts';

const MOST_TILE_BYTES = 50_331_648;
/** Bytes of a tile with its inner nodes, for each of its own. */
const WITH_NODES = 3;
const MOST_BUNDLE_BYTES = 67_108_864;

export class CachingTileReader extends TileReader {
  readonly #tiles = new Keeping<Uint8Array>(MOST_TILE_BYTES, ({ length }) => WITH_NODES * length);
  /** Of a cached tile. Each proof reads nodes of a few tiles: to hash their 255 nodes again costs ten times the proof. */
  readonly #nodes = new WeakMap<Uint8Array, TileNodes>();
  readonly #bundles = new Keeping<Uint8Array>(MOST_BUNDLE_BYTES, ({ length }) => length);
  /** The entries of a cached bundle, so that it is parsed only once. */
  readonly #entries = new WeakMap<Uint8Array, readonly Uint8Array[]>();

  override tile(level: number, index: number, width: number): Promise<Uint8Array> {
    return this.#tiles.get(`${level}/${index}/${width}`, () => super.tile(level, index, width));
  }

  protected override async loadTile(level: number, index: number, width: number): Promise<TileNodes> {
    const bytes = await this.tile(level, index, width);
    const known = this.#nodes.get(bytes);
    if (known !== undefined) return known;
    const nodes = await super.loadTile(level, index, width);
    this.#nodes.set(bytes, nodes);
    return nodes;
  }

  override bundleBytes(index: number, width: number): Promise<Uint8Array> {
    return this.#bundles.get(`${index}/${width}`, () => super.bundleBytes(index, width));
  }

  override async bundle(index: number, width: number): Promise<readonly Uint8Array[]> {
    const bytes = await this.bundleBytes(index, width);
    const known = this.#entries.get(bytes);
    if (known !== undefined) return known;
    const entries = await super.bundle(index, width);
    this.#entries.set(bytes, entries);
    return entries;
  }

  /** Empties the cache, since something in it may be what did not verify. */
  forget(): void {
    this.#tiles.forget();
    this.#bundles.forget();
  }
}

/** A cache of values that are fetched: each value is requested once, and the cache has a bound. */
class Keeping<V> {
  readonly #most: number;
  readonly #weigh: (value: V) => number;
  #kept: Lru<string, V>;
  readonly #coming = new Map<string, Promise<V>>();

  constructor(most: number, weigh: (value: V) => number) {
    this.#most = most;
    this.#weigh = weigh;
    this.#kept = new Lru(most, weigh);
  }

  async get(key: string, ask: () => Promise<V>): Promise<V> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const coming = this.#coming.get(key);
    if (coming !== undefined) return coming;
    const asked = ask();
    this.#coming.set(key, asked);
    try {
      const value = await asked;
      // A value that was requested before the cache was emptied is not stored.
      if (this.#coming.get(key) === asked) this.#kept.set(key, value);
      return value;
    } finally {
      if (this.#coming.get(key) === asked) this.#coming.delete(key);
    }
  }

  forget(): void {
    this.#kept = new Lru(this.#most, this.#weigh);
    this.#coming.clear();
  }
}
