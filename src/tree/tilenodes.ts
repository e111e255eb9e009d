/**
 * Tiles with the interior nodes above their elements, in memory. A stored tile has only its elements
 * (C2SP tlog-tiles); the 255 nodes that a full one has above them are hashed here, once, row by row.
 */
import { DIGEST_LENGTH, digest, type Digest } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import type { BatchHasher } from './hash.ts';
import type { NodeReader } from './prove.ts';
import { TILE_HEIGHT, TILE_WIDTH } from './tile.ts';

/** Adjacent tiles of one level, and the roots of the full ones: the level above grows by these. */
export interface TileRun {
  /** Full tiles, then the partial one, which is empty when the last full one ends the run. */
  readonly tiles: readonly TileNodes[];
  /** 32 bytes for each full tile, flat. */
  readonly roots: Uint8Array;
}

/** One tile of width 0 … 256 and its complete interior nodes. A value: it never changes, nor may its bytes. */
export class TileNodes {
  /** The tile without elements, from which every tile grows. */
  static readonly empty: TileNodes = new TileNodes(
    Array.from({ length: TILE_HEIGHT + 1 }, () => new Uint8Array(0)),
  );

  /** Row r holds the nodes of 2^r elements each, flat: row 0 the elements, row 8 the root of a full tile. */
  readonly #rows: readonly Uint8Array[];
  /** The elements as stored and served: 32 bytes each, flat. */
  readonly hashes: Uint8Array;
  /** How many elements: 0 … 256. */
  readonly width: number;

  private constructor(rows: readonly Uint8Array[]) {
    this.#rows = rows;
    this.hashes = row(rows, 0);
    this.width = this.hashes.length / DIGEST_LENGTH;
  }

  /** The tile of these elements (copied). Refuses `malformed-tile` unless they are 0 … 256 hashes of 32 bytes. */
  static of(hashes: Uint8Array, hasher: BatchHasher): TileNodes {
    if (hashes.length % DIGEST_LENGTH !== 0 || hashes.length > TILE_WIDTH * DIGEST_LENGTH) {
      throw refuse('malformed-tile', `${hashes.length} bytes are not a tile of hashes; fetch it again`);
    }
    return TileNodes.empty.extended(hashes, hasher);
  }

  /** Node k of 2^rise elements, rise 0 … 8: a view. RangeError when the tile has no such complete node. */
  node(rise: number, k: number): Digest {
    return digest(row(this.#rows, rise).subarray(k * DIGEST_LENGTH, (k + 1) * DIGEST_LENGTH));
  }

  /** This tile with more elements; only nodes that are new are hashed. RangeError beyond a full tile. */
  extended(more: Uint8Array, hasher: BatchHasher): TileNodes {
    const rows = extendRows(this.#rows, more, hasher);
    if (row(rows, 0).length > TILE_WIDTH * DIGEST_LENGTH) throw new RangeError('more than a full tile');
    return new TileNodes(rows);
  }

  /**
   * The run of tiles that begins with this one, which is not full, and goes on with any number of elements
   * (32 bytes each, flat, copied): one call of `hasher.nodes` per row, however many tiles.
   */
  run(more: Uint8Array, hasher: BatchHasher): TileRun {
    const rows = extendRows(this.#rows, more, hasher);
    const roots = row(rows, TILE_HEIGHT);
    const full = roots.length / DIGEST_LENGTH;
    const tiles = Array.from({ length: full + 1 }, (_, i) => new TileNodes(cutRows(rows, i)));
    return { tiles, roots };
  }
}

/** Reads complete nodes out of tiles. Node (8·L + rise, …) is in tile level L; `tile` throws for one it lacks. */
export function readTiles(tile: (level: number, index: number) => TileNodes): NodeReader {
  return (height, index) => {
    const level = Math.floor(height / TILE_HEIGHT);
    const rise = height % TILE_HEIGHT;
    const across = TILE_WIDTH / 2 ** rise;
    const at = Math.floor(index / across);
    return tile(level, at).node(rise, index - at * across);
  };
}

/** The rows of old and new elements together, in fresh memory. */
function extendRows(old: readonly Uint8Array[], more: Uint8Array, hasher: BatchHasher): Uint8Array[] {
  const width = (row(old, 0).length + more.length) / DIGEST_LENGTH;
  if (!Number.isInteger(width)) throw new RangeError(`${more.length} bytes of hashes`);
  const counts = old.map((_, rise) => Math.floor(width / 2 ** rise));
  const memory = new Uint8Array(counts.reduce((sum, count) => sum + count, 0) * DIGEST_LENGTH);
  const rows: Uint8Array[] = [];
  let at = 0;
  let below = more;
  for (const [rise, before] of old.entries()) {
    const length = (counts[rise] ?? 0) * DIGEST_LENGTH;
    const now = memory.subarray(at, at + length);
    now.set(before);
    if (rise === 0) now.set(more, before.length);
    else if (length > before.length) {
      hasher.nodes(below.subarray(2 * before.length, 2 * length), now.subarray(before.length));
    }
    rows.push(now);
    at += length;
    below = now;
  }
  return rows;
}

/** The rows of the tile at place `i` of a run. */
function cutRows(rows: readonly Uint8Array[], i: number): Uint8Array[] {
  return rows.map((nodes, rise) => {
    const length = (TILE_WIDTH / 2 ** rise) * DIGEST_LENGTH;
    return nodes.subarray(i * length, (i + 1) * length);
  });
}

function row(rows: readonly Uint8Array[], rise: number): Uint8Array {
  const nodes = rows[rise];
  if (nodes === undefined) throw new RangeError(`a tile has no nodes of 2^${rise} elements`);
  return nodes;
}
