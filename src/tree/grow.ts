/**
 * Growth: a batch of leaf hashes appended to a tree, of which only the right edge is in memory. A pure
 * function: the old edge stays as it was, so a batch that could not be made durable is simply grown
 * again, from the same edge, with the same or other leaves.
 */
import { DIGEST_LENGTH, treeSize, type Digest, type TreeSize } from '../bytes/brand.ts';
import { nodeHashOf, type BatchHasher } from './hash.ts';
import { rootAt, type NodeReader } from './prove.ts';
import { checkTile, TILE_WIDTH, type TileId } from './tile.ts';
import { readTiles, TileNodes } from './tilenodes.ts';

/** The right edge of a tree: all that growing it needs, a few tiles at any size. */
export interface Edge {
  readonly size: TreeSize;
  /** At l, the partial tile of level l: empty where the last tile is full. No level beyond the tree's top. */
  readonly tiles: readonly TileNodes[];
}

/** What growth makes. */
export interface Growth {
  readonly edge: Edge;
  readonly size: TreeSize;
  readonly root: Digest;
  /** Every tile that changed, as the new size has it: level by level, from left to right; none is empty. */
  readonly tiles: readonly GrownTile[];
  /** Complete nodes of these tiles and the edge: enough for `rootAt` and to prove every new leaf. */
  readonly read: NodeReader;
}

/** A tile to store: `hashes` is 32·width bytes, flat, a view not to be changed. */
export interface GrownTile extends TileId {
  readonly hashes: Uint8Array;
}

/** The edge of the tree without leaves. */
export function emptyEdge(): Edge {
  return { size: treeSize(0), tiles: [] };
}

/**
 * The edge of a stored tree, from its partial tiles: `tile` is asked for exactly those of `rightEdge(size)`
 * and gives 32·width bytes; anything else is refused as `malformed-tile`. The hashes are trusted. Whoever
 * keeps a signed root compares it with `rootAt(readEdge(edge), size)`, which covers every one of them.
 */
export function loadEdge(
  size: TreeSize,
  tile: (level: number, index: number, width: number) => Uint8Array,
  hasher: BatchHasher,
): Edge {
  const tiles: TileNodes[] = [];
  for (let level = 0, elements: number = size; elements > 0; level++) {
    const index = Math.floor(elements / TILE_WIDTH);
    const width = elements % TILE_WIDTH;
    tiles.push(
      width === 0 ? TileNodes.empty : TileNodes.of(checkTile(tile(level, index, width), width), hasher),
    );
    elements = index;
  }
  return { size, tiles };
}

/** Reads the complete nodes in the edge's tiles: enough for `rootAt` its size. */
export function readEdge(edge: Edge): NodeReader {
  return readRuns(
    edge.size,
    edge.tiles.map((tile) => [tile]),
  );
}

/**
 * The tree with more leaves: `leaves` are their hashes, 32 bytes each, flat (copied; none is fine). Hashes
 * about one node a leaf, in one call of `hasher.nodes` per height, and then a few for the root.
 */
export function grow(edge: Edge, leaves: Uint8Array, hasher: BatchHasher): Growth {
  const size = treeSize(edge.size + leaves.length / DIGEST_LENGTH);
  const runs: (readonly TileNodes[])[] = [];
  const tiles: GrownTile[] = [];
  let more = leaves;
  for (let level = 0; more.length > 0; level++) {
    const run = (edge.tiles[level] ?? TileNodes.empty).run(more, hasher);
    for (const [i, { width, hashes }] of run.tiles.entries()) {
      if (width > 0) tiles.push({ level, index: lastTile(edge.size, level) + i, width, hashes });
    }
    runs.push(run.tiles);
    more = run.roots;
  }
  for (const unchanged of edge.tiles.slice(runs.length)) runs.push([unchanged]);
  const grown = { size, tiles: runs.map((run) => run.at(-1) ?? TileNodes.empty) };
  const read = readRuns(edge.size, runs);
  return { edge: grown, size, root: rootAt(read, size, nodeHashOf(hasher)), tiles, read };
}

/** Index of the tile at which a level of a tree of this size goes on growing. */
function lastTile(size: TreeSize, level: number): number {
  return Math.floor(size / TILE_WIDTH ** (level + 1));
}

/** Reads nodes out of adjacent tiles at each level, of which the first is where `size` ended. */
function readRuns(size: TreeSize, runs: readonly (readonly TileNodes[])[]): NodeReader {
  const firsts = runs.map((_, level) => lastTile(size, level));
  return readTiles((level, index) => {
    const tile = runs[level]?.[index - (firsts[level] ?? 0)];
    if (tile === undefined) throw new RangeError(`tile ${index} of level ${level} is not at hand`);
    return tile;
  });
}
