/**
 * Nodes out of tiles that must first be loaded: making a proof is pure and reads its nodes at once, so the
 * tiles they lie in are fetched before.
 */
import { readTiles, type TileNodes } from '../tree/tilenodes.ts';
import type { NodeReader } from '../tree/prove.ts';
import { tileOfNode, tileWidthAt } from '../tree/tile.ts';

/** Loads tile (level, index), at least `width` elements wide. Refuses what it cannot give. */
export type TileLoader = (level: number, index: number, width: number) => Promise<TileNodes>;

/** A reader that has the given nodes of the tree of `size` leaves; any other is a bug of the caller. */
export async function readNodes(
  nodes: readonly { readonly height: number; readonly index: number }[],
  size: number,
  load: TileLoader,
): Promise<NodeReader> {
  const tiles = new Map<string, TileNodes>();
  for (const { height, index } of nodes) {
    const { level, index: tile } = tileOfNode(height, index);
    const key = `${level}/${tile}`;
    if (!tiles.has(key)) tiles.set(key, await load(level, tile, tileWidthAt(level, tile, size)));
  }
  return readTiles((level, index) => {
    const tile = tiles.get(`${level}/${index}`);
    if (tile === undefined) throw new Error(`tile ${level}/${index} was not loaded`);
    return tile;
  });
}
