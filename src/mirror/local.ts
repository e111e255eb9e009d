/**
 * Reads a log from files in the layout of C2SP tlog-tiles: for a mirror's server, for `fsck`, and for the mirror, which
 * takes nodes of its own tree from here. Only the shape of files is checked.
 */
import { equalBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { Checkpoint } from '../note/checkpoint.ts';
import { decodeBundle, encodeBundle } from '../tree/bundle.ts';
import { loadEdge, readEdge } from '../tree/grow.ts';
import { nodeHashOf, type BatchHasher } from '../tree/hash.ts';
import { readNodes } from '../tree/load.ts';
import { rootAt, type NodeReader } from '../tree/prove.ts';
import type { NodeId } from '../tree/shape.ts';
import { bundlePath, rightEdge, TILE_WIDTH, tilePath, tileWidthAt } from '../tree/tile.ts';
import { TileNodes } from '../tree/tilenodes.ts';
import type { ReadFile } from './folder.ts';

/** The files of a tree of `size()` leaves. Refuses `corrupt-store` for a file that is missing or misshapen. */
export class LocalTiles {
  readonly #read: ReadFile;
  readonly #size: () => number;

  readonly #hasher: BatchHasher;

  constructor(read: ReadFile, size: () => number, hasher: BatchHasher) {
    this.#read = read;
    this.#size = size;
    this.#hasher = hasher;
  }

  /** The first `width` hashes of a tile, flat. */
  async tile(level: number, index: number, width: number): Promise<Uint8Array> {
    const { path, bytes } = await this.#find((w) => tilePath(level, index, w), level, index, width);
    if (bytes.length < 32 * width || bytes.length % 32 !== 0 || bytes.length > 32 * TILE_WIDTH)
      throw refuse('corrupt-store', `${path} has ${bytes.length} bytes; ${REPAIR}`);
    return bytes.subarray(0, 32 * width);
  }

  /** The first `width` entries of a bundle, as they are served. */
  async bundleBytes(index: number, width: number): Promise<Uint8Array> {
    const { bytes, exact } = await this.#find((w) => bundlePath(index, w), 0, index, width);
    return exact ? bytes : encodeBundle((await this.bundle(index, width)).slice(0, width));
  }

  /** The first `width` entries of a bundle. */
  async bundle(index: number, width: number): Promise<readonly Uint8Array[]> {
    const { path, bytes } = await this.#find((w) => bundlePath(index, w), 0, index, width);
    const entries = decode(path, bytes);
    if (entries.length < width)
      throw refuse('corrupt-store', `${path} has ${entries.length} entries; ${REPAIR}`);
    return entries.slice(0, width);
  }

  /** Reads nodes of the tree out of the tiles they lie in. */
  nodes(nodes: readonly NodeId[], size: number): Promise<NodeReader> {
    return readNodes(nodes, size, async (level, index, width) =>
      TileNodes.of(await this.tile(level, index, width), this.#hasher),
    );
  }

  /** Whether the right edge of a head's tree exists here and folds to its root. */
  async holds({ size, root }: Checkpoint): Promise<boolean> {
    try {
      const read = new Map<number, Uint8Array>();
      for (const { level, index, width } of rightEdge(size))
        read.set(level, await this.tile(level, index, width));
      const edge = loadEdge(size, (level) => read.get(level) ?? new Uint8Array(0), this.#hasher);
      return equalBytes(rootAt(readEdge(edge), size, nodeHashOf(this.#hasher)), root);
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  }

  /** The exact file; else the one of the newest checkpoint at this place, or the full one that replaced it. */
  async #find(
    pathOf: (width: number) => string,
    level: number,
    index: number,
    width: number,
  ): Promise<{ readonly path: string; readonly bytes: Uint8Array; readonly exact: boolean }> {
    const widths = [width, tileWidthAt(level, index, this.#size()), TILE_WIDTH];
    for (const wide of new Set(widths.filter((each) => each >= width))) {
      const path = pathOf(wide);
      const bytes = await this.#read(path);
      if (bytes !== undefined) return { path, bytes, exact: wide === width };
    }
    throw refuse('corrupt-store', `${pathOf(width)} is missing; ${REPAIR}`, { remedy: CHECK });
  }
}

const REPAIR = 'synchronise this mirror again, with a check of every file';
const CHECK = { check: true } as const;

function decode(path: string, bytes: Uint8Array): Uint8Array[] {
  try {
    return decodeBundle(bytes);
  } catch (cause) {
    throw refuse('corrupt-store', `${path} is damaged; ${REPAIR}`, { cause, remedy: CHECK });
  }
}
