/**
 * Fetches the tree under a signed root, and checks it from the top down (client/verified-tiles.ts): the tiles of the
 * right edge fold to the root, each tile contains the roots of the tiles below it, and the lowest tiles contain the
 * leaf hashes of the entries. So every file is checked before it gets its name. Memory does not grow with the log. A
 * file that exists is checked in the same way, and not fetched.
 */
import { readAhead } from '../bytes/ahead.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { bytesOf, fetchBundle, type Bundle, type BundleParts } from '../client/bundles.ts';
import { asRefusal } from '../client/entries.ts';
import { Served, Tampered, type ServedFiles } from '../client/served.ts';
import type { TileReader } from '../client/tiles.ts';
import { VerifiedTiles } from '../client/verified-tiles.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import { decodeBundle, encodeBundle } from '../tree/bundle.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { bundlePath, rightEdge, TILE_WIDTH, tilePath, type TileId } from '../tree/tile.ts';
import type { TileNodes } from '../tree/tilenodes.ts';
import type { Folder } from './folder.ts';

interface FillParts {
  readonly origin: TileReader;
  readonly folder: Folder;
  readonly hasher: BatchHasher;
  /** Ends the work between two files. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the verified entries of each bundle, in order. */
  readonly onEntries?: ((first: number, entries: readonly Uint8Array[]) => void) | undefined;
  /** Called with the number of entries that are in place. */
  readonly onProgress?: ((done: number) => void) | undefined;
}

/** Number of files that came from the origin, and of those that replaced a damaged one. */
interface Filled {
  readonly fetched: number;
  readonly repaired: number;
}

/**
 * Puts every file of the head's tree in place, except those below the first `from` leaves, which exist. The files are
 * durable after the folder is flushed. Refuses `proof-failed` for data that is not under the root, `shutting-down`
 * after the signal, and what the origin and the folder refuse.
 */
export async function fill(head: Checkpoint, from: number, parts: FillParts): Promise<Filled> {
  const filling = new Filling(head, from, parts);
  await filling.run();
  return filling.filled;
}

class Filling {
  readonly #head: Checkpoint;
  readonly #from: number;
  readonly #parts: FillParts;
  readonly #files: HeldFirst;
  /** In order. The first is the next one that is used. */
  readonly #underway: Promise<Bundle>[] = [];
  readonly filled = { fetched: 0, repaired: 0 };

  constructor(head: Checkpoint, from: number, parts: FillParts) {
    this.#head = head;
    this.#from = from;
    this.#parts = parts;
    this.#files = new HeldFirst(parts.folder, parts.origin);
  }

  async run(): Promise<void> {
    const { hasher, origin } = this.#parts;
    const accepted = (tile: TileId, hashes: Uint8Array): Promise<void> => this.#putTile(tile, hashes);
    const tiles = new VerifiedTiles(this.#files, this.#head, hasher, { accepted });
    try {
      const edge = await tiles.edge();
      await this.#bundles({ served: this.#files, tiles, hasher });
      if (this.#from === 0) await this.#olderPartials(edge);
    } catch (error) {
      if (!(error instanceof Tampered)) throw asRefusal(error);
      const what = `${origin.prefix}/${error.path} does not hash to the root the log signed; it was not kept`;
      throw refuse('proof-failed', what, { cause: error });
    } finally {
      // After this, no more files are written.
      await Promise.allSettled(this.#underway);
    }
  }

  /** Fetches several at once, and uses them in order. */
  async #bundles(parts: BundleParts): Promise<void> {
    const { onEntries, onProgress } = this.#parts;
    const read = (index: number): Promise<Bundle> => {
      const bundle = this.#bundle(index, parts);
      this.#underway.push(bundle);
      return bundle;
    };
    const [first, end] = [Math.floor(this.#from / TILE_WIDTH), Math.ceil(this.#head.size / TILE_WIDTH)];
    for await (const { start, entries } of readAhead(first, end, read, bytesOf)) {
      void this.#underway.shift();
      onEntries?.(start, entries);
      onProgress?.(start + entries.length);
    }
  }

  async #bundle(index: number, parts: BundleParts): Promise<Bundle> {
    this.#parts.signal?.throwIfAborted();
    const bundle = await fetchBundle(index, parts);
    const width = bundle.entries.length;
    await this.#put(bundlePath(index, width), encodeBundle(bundle.entries), width);
    return bundle;
  }

  #putTile({ level, index, width }: TileId, hashes: Uint8Array): Promise<void> {
    this.#parts.signal?.throwIfAborted();
    return this.#put(tilePath(level, index, width), hashes, width);
  }

  /** Puts a verified file in its place, and removes the narrower ones that a full one replaces. */
  async #put(path: string, bytes: Uint8Array, width: number): Promise<void> {
    const { folder } = this.#parts;
    const held = await this.#files.taken(path);
    if (held === undefined || !equalBytes(held, bytes)) {
      await folder.write(path, bytes);
      this.filled.fetched += 1;
      if (held !== undefined) this.filled.repaired += 1;
    }
    if (width === TILE_WIDTH) await folder.remove(`${path}.p`);
  }

  /**
   * The partial files of earlier checkpoints must be beginnings of the newest; any other is no file of this tree, and
   * is removed.
   */
  async #olderPartials(edge: ReadonlyMap<number, TileNodes>): Promise<void> {
    for (const { level, index, width } of rightEdge(this.#head.size)) {
      const hashes = edge.get(level)?.hashes ?? new Uint8Array();
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
}

/** Reads a file from the folder first; if it turns out to be wrong, from the origin. */
class HeldFirst implements ServedFiles {
  readonly #folder: Folder;
  readonly #origin: Served;
  /** For each path, what the folder had when it was first read; dropped once the file is verified. */
  readonly #held = new Map<string, Uint8Array | undefined>();

  constructor(folder: Folder, origin: TileReader) {
    this.#folder = folder;
    this.#origin = new Served(origin);
  }

  async tile(level: number, index: number, width: number): Promise<Uint8Array> {
    const isTile = ({ length }: Uint8Array): boolean => length === 32 * width;
    const held = width === TILE_WIDTH && (await this.#offer(tilePath(level, index, width), isTile));
    return held || this.#origin.tile(level, index, width);
  }

  async bundle(index: number, width: number): Promise<Uint8Array> {
    const isBundle = (bytes: Uint8Array): boolean => decodedOrNone(bytes).length === width;
    const held = await this.#offer(bundlePath(index, width), isBundle);
    return held ?? this.#origin.bundle(index, width);
  }

  /** The folder's content under the path of a file that is now verified; it is dropped from memory. */
  async taken(path: string): Promise<Uint8Array | undefined> {
    const held = this.#held.has(path) ? this.#held.get(path) : await this.#folder.read(path);
    this.#held.delete(path);
    return held;
  }

  /** Offers the folder's file once. A second request means that it was wrong. */
  async #offer(path: string, isLike: (bytes: Uint8Array) => boolean): Promise<Uint8Array | undefined> {
    if (this.#held.has(path)) return undefined;
    const held = await this.#folder.read(path);
    this.#held.set(path, held);
    return held !== undefined && isLike(held) ? held : undefined;
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
