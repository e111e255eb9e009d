/**
 * Nodes out of tiles that must first be loaded: making a proof is pure and reads its nodes at once, so the
 * tiles they lie in are fetched before.
 */
import { readTiles, type TileNodes } from './tilenodes.ts';
import type { NodeReader } from './prove.ts';
import type { NodeId } from './shape.ts';
import { tileOfNode, tileWidthAt } from './tile.ts';

/** Loads tile (level, index), at least `width` elements wide. Refuses what it cannot give. */
export type TileLoader = (level: number, index: number, width: number) => Promise<TileNodes>;

/** A reader that has the given nodes of the tree of `size` leaves; any other is a bug of the caller. */
export async function readNodes(
  nodes: readonly NodeId[],
  size: number,
  load: TileLoader,
): Promise<NodeReader> {
  const loading = new Map<string, Promise<readonly [string, TileNodes]>>();
  for (const { height, index } of nodes) {
    const { level, index: n } = tileOfNode(height, index);
    const place = `${level}/${n}`;
    if (loading.has(place)) continue;
    const tile = load(level, n, tileWidthAt(level, n, size));
    loading.set(
      place,
      tile.then((loaded) => [place, loaded] as const),
    );
  }
  const tiles = new Map(await Promise.all(loading.values()));
  return readTiles((level, index) => {
    const tile = tiles.get(`${level}/${index}`);
    if (tile === undefined) throw new Error(`tile ${level}/${index} was not asked for`);
    return tile;
  });
}
