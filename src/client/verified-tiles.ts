/**
 * Tiles of a log under one signed head, each verified before it is returned: the tiles at the right edge fold to the
 * signed root, and every full tile is a hash in the tile above it (C2SP tlog-tiles). So a wrong tile is found by its
 * place, and every node read here is a node of the signed tree.
 */
import { equalBytes } from '../bytes/compare.ts';
import type { TreeHead } from './view.ts';
import { Lru } from '../bytes/lru.ts';
import { nodeHashOf, type BatchHasher } from '../tree/hash.ts';
import { readNodes } from '../tree/load.ts';
import { rootAt, type NodeReader } from '../tree/prove.ts';
import type { NodeId } from '../tree/shape.ts';
import { rightEdge, TILE_WIDTH, tilePath, tileWidthAt, type TileId } from '../tree/tile.ts';
import { readTiles, TileNodes } from '../tree/tilenodes.ts';
import { LOOKS, Tampered, type ServedFiles } from './served.ts';

/** Tiles that are kept with their nodes, 16 KiB each: more than are ever fetched ahead. */
const TILES_KEPT = 512;

/** Whether a served tile contradicts tiles that are known already. It finds the wrong tile of an edge. */
export type Contradicts = (tile: TileId, hashes: Uint8Array) => Promise<boolean>;

/** What else is done with tiles. */
export interface TileHooks {
  readonly contradicts?: Contradicts;
  /** Called with each tile after it was verified and before it is returned. */
  readonly accepted?: (tile: TileId, hashes: Uint8Array) => Promise<void>;
}

export class VerifiedTiles {
  readonly head: TreeHead;
  readonly #served: ServedFiles;
  readonly #hasher: BatchHasher;
  readonly #hooks: TileHooks;
  readonly #full = new Lru<string, TileNodes>(TILES_KEPT, () => 1);
  readonly #coming = new Map<string, Promise<TileNodes>>();
  #edge: Promise<ReadonlyMap<number, TileNodes>> | undefined;
  #edgeNow: ReadonlyMap<number, TileNodes> = new Map();

  constructor(served: ServedFiles, head: TreeHead, hasher: BatchHasher, hooks: TileHooks = {}) {
    this.head = head;
    this.#served = served;
    this.#hasher = hasher;
    this.#hooks = hooks;
  }

  /** Fails as `Unreachable`, and as `Tampered` if the edge does not fold to the signed root. */
  async edge(): Promise<ReadonlyMap<number, TileNodes>> {
    this.#edge ??= this.#loadEdge();
    this.#edgeNow = await this.#edge;
    return this.#edgeNow;
  }

  /**
   * A tile, as wide as it is in this tree. Fails as `edge` does. RangeError for a tile that this tree does not have.
   */
  async tile(level: number, index: number): Promise<TileNodes> {
    const width = tileWidthAt(level, index, this.head.size);
    if (width === 0) throw new RangeError(`tile ${level}/${index} of a tree of ${this.head.size}`);
    if (width < TILE_WIDTH) {
      const tile = (await this.edge()).get(level);
      if (tile === undefined) throw new Error(`no edge at level ${level}`);
      return tile;
    }
    const key = `${level}/${index}`;
    const kept = this.#full.get(key);
    if (kept !== undefined) return kept;
    const coming = this.#coming.get(key) ?? this.#loadFull(level, index);
    this.#coming.set(key, coming);
    try {
      const tile = await coming;
      this.#full.set(key, tile);
      return tile;
    } finally {
      this.#coming.delete(key);
    }
  }

  /** Reads these nodes, fetching the tiles they lie in. Fails as `tile` does. */
  nodes(nodes: readonly NodeId[]): Promise<NodeReader> {
    return readNodes(nodes, this.head.size, (level, index) => this.tile(level, index));
  }

  /** Reads nodes of tiles that were loaded recently; for any other it throws, since the caller has a bug. */
  readonly read: NodeReader = readTiles((level, index) => {
    const partial = tileWidthAt(level, index, this.head.size) < TILE_WIDTH;
    const tile = partial ? this.#edgeNow.get(level) : this.#full.get(`${level}/${index}`);
    if (tile === undefined) throw new Error(`tile ${level}/${index} was not loaded`);
    return tile;
  });

  async #loadEdge(): Promise<ReadonlyMap<number, TileNodes>> {
    const { size, root } = this.head;
    const places = rightEdge(size);
    for (let look = 1; ; look++) {
      const served = await Promise.all(
        places.map(({ level, index, width }) => this.#served.tile(level, index, width)),
      );
      const tiles = new Map(
        places.map(({ level }, i) => [level, TileNodes.of(served[i] ?? new Uint8Array(), this.#hasher)]),
      );
      const read = readTiles((level) => tiles.get(level) ?? TileNodes.empty);
      if (equalBytes(rootAt(read, size, nodeHashOf(this.#hasher)), root)) {
        await this.#acceptEdge(places, served);
        return tiles;
      }
      if (look === LOOKS) throw await this.#wrongEdge(places, served);
    }
  }

  async #acceptEdge(places: readonly TileId[], served: readonly Uint8Array[]): Promise<void> {
    for (const [i, place] of places.entries())
      await this.#hooks.accepted?.(place, served[i] ?? new Uint8Array());
  }

  /**
   * The fault of an edge that does not fold to the root: names the tile that contradicts known tiles, else the lowest
   * one.
   */
  async #wrongEdge(places: readonly TileId[], served: readonly Uint8Array[]): Promise<Tampered> {
    let wrong = 0;
    for (const [i, place] of places.entries()) {
      const hashes = served[i];
      if (hashes !== undefined && (await this.#hooks.contradicts?.(place, hashes)) === true) wrong = i;
    }
    const { level, index, width } = places[wrong] ?? { level: 0, index: 0, width: TILE_WIDTH };
    const path = tilePath(level, index, width);
    const what = `the tiles at the right edge of the tree of ${this.head.size} do not make its signed root`;
    return new Tampered(
      this.head.size,
      path,
      `tile ${level}/${index}`,
      served[wrong] ?? new Uint8Array(),
      what,
    );
  }

  async #loadFull(level: number, index: number): Promise<TileNodes> {
    const fetched = this.#served.tile(level, index, TILE_WIDTH);
    fetched.catch(() => undefined); // heard below, unless the tile above fails first
    const parent = await this.tile(level + 1, Math.floor(index / TILE_WIDTH));
    const expected = parent.node(0, index % TILE_WIDTH);
    let bytes = await fetched;
    for (let look = 1; ; look++) {
      const tile = TileNodes.of(bytes, this.#hasher);
      if (equalBytes(tile.node(8, 0), expected)) {
        await this.#hooks.accepted?.({ level, index, width: TILE_WIDTH }, bytes);
        return tile;
      }
      if (look === LOOKS) {
        const path = tilePath(level, index, TILE_WIDTH);
        const what = `${path} does not hash to the signed root`;
        throw new Tampered(this.head.size, path, `tile ${level}/${index}`, bytes, what);
      }
      bytes = await this.#served.tile(level, index, TILE_WIDTH);
    }
  }
}
