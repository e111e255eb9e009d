/**
 * Fetching the tree under a signed root, from the top down: the tiles of the right edge make the root, each tile
 * holds the roots of those below it, and the tiles of leaves say what the entries must hash to. So every
 * file is checked before it gets its name, in memory that does not grow with the log, and in whatever order
 * files come. A file that is there already is checked in the same way and not fetched again.
 */
import { digest, treeSize, type Digest } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { TileReader } from '../client/tiles.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import { decodeBundle, encodeBundle } from '../tree/bundle.ts';
import { loadEdge, readEdge } from '../tree/grow.ts';
import { nodeHashOf, type BatchHasher } from '../tree/hash.ts';
import { rootAt } from '../tree/prove.ts';
import { bundlePath, rightEdge, TILE_HEIGHT, TILE_WIDTH, tilePath, type TileId } from '../tree/tile.ts';
import { TileNodes } from '../tree/tilenodes.ts';
import type { Folder } from './folder.ts';

/** Tiles of leaves under way at once, each with its bundle, of up to 16 MB when a log is hostile. */
const AT_ONCE = 8;

export interface FillParts {
  readonly origin: TileReader;
  readonly folder: Folder;
  readonly hasher: BatchHasher;
  /** Ends the work between two files. */
  readonly signal?: AbortSignal | undefined;
  /** Told of the entries of each bundle, verified, in no certain order. */
  readonly onEntries?: ((first: number, entries: readonly Uint8Array[]) => void) | undefined;
  /** Told how many entries are in place. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** Files that came from the origin, and those of them that took the place of a damaged one. */
export interface Filled {
  readonly fetched: number;
  readonly repaired: number;
}

/**
 * Puts every file of the head's tree in place, but those wholly below `from` leaves, which are there. Not
 * durable before the folder is flushed. Refuses `proof-failed` for what is not under the root,
 * `shutting-down` when it was told to end, and what the origin and the folder refuse.
 */
export async function fill(head: Checkpoint, from: number, parts: FillParts): Promise<Filled> {
  const filling = new Filling(head, from, parts);
  await filling.run();
  return filling.filled;
}

interface Tile extends TileId {
  readonly hashes: Uint8Array;
}

class Filling {
  readonly #head: Checkpoint;
  readonly #from: number;
  readonly #parts: FillParts;
  readonly filled = { fetched: 0, repaired: 0 };
  #done: number;

  constructor(head: Checkpoint, from: number, parts: FillParts) {
    this.#head = head;
    this.#from = from;
    this.#parts = parts;
    this.#done = Math.floor(from / TILE_WIDTH) * TILE_WIDTH;
  }

  async run(): Promise<void> {
    const edge = await this.#edge();
    await eachOf(this.#leafTiles(edge), AT_ONCE, async ({ index, root }) => {
      this.#parts.signal?.throwIfAborted();
      const { hashes } = await this.#fullTile(0, index, root);
      await this.#bundle(index, hashes);
    });
    const last = edge.find(({ level }) => level === 0);
    if (last !== undefined) await this.#bundle(last.index, last.hashes);
    if (this.#from === 0) await this.#olderPartials(edge);
  }

  /** Those of earlier checkpoints are beginnings of the newest; what is none is no file of this tree. */
  async #olderPartials(edge: readonly Tile[]): Promise<void> {
    for (const { level, index, width, hashes } of edge) {
      await this.#dropUnlike(tilePath(level, index, width), (w) => hashes.subarray(0, 32 * w));
      if (level > 0) continue;
      const path = bundlePath(index, width);
      const entries = decodedOrNone((await this.#parts.folder.read(path)) ?? new Uint8Array(0));
      await this.#dropUnlike(path, (w) => encodeBundle(entries.slice(0, w)));
    }
  }

  async #dropUnlike(newest: string, beginning: (width: number) => Uint8Array): Promise<void> {
    const { folder } = this.#parts;
    const [, partials = '', widest = ''] = /^(.*\.p)\/(\d+)$/.exec(newest) ?? [];
    for (const name of await folder.list(partials)) {
      const width = /^[1-9][0-9]{0,2}$/.test(name) ? Number(name) : Infinity;
      const held = await folder.read(`${partials}/${name}`);
      const fits = width <= Number(widest) && held !== undefined && equalBytes(held, beginning(width));
      if (!fits) await folder.remove(`${partials}/${name}`);
    }
  }

  /** The partial tiles, which with their levels' full neighbours above make the root. */
  async #edge(): Promise<readonly Tile[]> {
    const { origin, folder, hasher } = this.#parts;
    const { size, root } = this.#head;
    const tiles = await Promise.all(
      rightEdge(size).map(async (id) => ({ ...id, hashes: await origin.tile(id.level, id.index, id.width) })),
    );
    const hashesOf = (level: number): Uint8Array =>
      tiles.find((tile) => tile.level === level)?.hashes ?? new Uint8Array(0);
    const edge = loadEdge(treeSize(size), hashesOf, hasher);
    if (!equalBytes(rootAt(readEdge(edge), size, nodeHashOf(hasher)), root)) {
      throw refuse(
        'proof-failed',
        `the tiles at the right edge of ${origin.prefix} do not make the root it signed for ${size} entries; nothing of them was kept`,
      );
    }
    for (const { level, index, width, hashes } of tiles) {
      const became = await folder.ensure(tilePath(level, index, width), hashes);
      if (became !== 'there') this.filled.fetched += 1;
      if (became === 'replaced') this.filled.repaired += 1;
    }
    return tiles;
  }

  /** The full tiles of leaves at or beyond `from`, from left to right, with the roots they must have. */
  async *#leafTiles(edge: readonly Tile[]): AsyncGenerator<{ index: number; root: Digest }> {
    for (const tile of edge.toReversed()) if (tile.level > 0) yield* this.#below(tile);
  }

  async *#below(tile: Tile): AsyncGenerator<{ index: number; root: Digest }> {
    const level = tile.level - 1;
    const first = tile.index * TILE_WIDTH;
    // Leaves under one tile of the level below: those that end before `from` are there.
    const leaves = TILE_WIDTH ** (level + 1);
    for (let i = Math.max(0, Math.floor(this.#from / leaves) - first); i < tile.width; i++) {
      const root = digest(tile.hashes.subarray(32 * i, 32 * (i + 1)));
      if (level === 0) yield { index: first + i, root };
      else yield* this.#below(await this.#fullTile(level, first + i, root));
    }
  }

  async #fullTile(level: number, index: number, root: Digest): Promise<Tile> {
    const { origin, hasher } = this.#parts;
    const isRight = (bytes: Uint8Array): boolean =>
      bytes.length === 32 * TILE_WIDTH && equalBytes(TileNodes.of(bytes, hasher).node(TILE_HEIGHT, 0), root);
    const path = tilePath(level, index, TILE_WIDTH);
    const hashes = await this.#obtain(path, isRight, () => origin.tile(level, index, TILE_WIDTH));
    await this.#parts.folder.remove(`${path}.p`);
    return { level, index, width: TILE_WIDTH, hashes };
  }

  /** The entries whose leaves these are. */
  async #bundle(index: number, leaves: Uint8Array): Promise<void> {
    const { origin, folder, hasher, onEntries, onProgress } = this.#parts;
    const width = leaves.length / 32;
    const isRight = (bytes: Uint8Array): boolean => {
      const decoded = decodedOrNone(bytes);
      return decoded.length === width && equalBytes(leavesOf(decoded, hasher), leaves);
    };
    const path = bundlePath(index, width);
    const bytes = await this.#obtain(path, isRight, async () =>
      encodeBundle(await origin.bundle(index, width)),
    );
    if (width === TILE_WIDTH) await folder.remove(`${path}.p`);
    onEntries?.(index * TILE_WIDTH, decodeBundle(bytes));
    this.#done += width;
    onProgress?.(Math.min(this.#done, this.#head.size));
  }

  /** The file when it is right, else the origin's, checked and put in its place. */
  async #obtain(
    path: string,
    isRight: (bytes: Uint8Array) => boolean,
    fetchIt: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    const { folder, origin } = this.#parts;
    const held = await folder.read(path);
    if (held !== undefined && isRight(held)) return held;
    const bytes = await fetchIt();
    if (!isRight(bytes)) {
      throw refuse(
        'proof-failed',
        `${origin.prefix}/${path} does not hash to the root the log signed; it was not kept`,
      );
    }
    await folder.write(path, bytes);
    this.filled.fetched += 1;
    if (held !== undefined) this.filled.repaired += 1;
    return bytes;
  }
}

function decodedOrNone(bytes: Uint8Array): readonly Uint8Array[] {
  try {
    return decodeBundle(bytes);
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}

/** Leaf hashes of entries, 32 bytes each, flat. */
function leavesOf(entries: readonly Uint8Array[], hasher: BatchHasher): Uint8Array {
  const ends = new Uint32Array(entries.length);
  const data = new Uint8Array(entries.reduce((sum, entry) => sum + entry.length, 0));
  let at = 0;
  for (const [i, entry] of entries.entries()) {
    data.set(entry, at);
    ends[i] = at += entry.length;
  }
  const leaves = new Uint8Array(32 * entries.length);
  hasher.leaves(data, ends, entries.length, leaves);
  return leaves;
}

/** Works through what comes, up to `atOnce` at a time; ends with the first failure, when nothing is under way. */
async function eachOf<T>(
  items: AsyncGenerator<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    try {
      while (failures.length === 0) {
        const next = await items.next();
        if (next.done === true) return;
        await work(next.value);
      }
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw failures[0];
}
