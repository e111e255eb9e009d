/**
 * Tiles: where hashes and entries lie (C2SP tlog-tiles).
 *
 *     tile/<L>/<N>[.p/<W>]         hashes: element i is MTH(D[(N·256+i)·256^L : (N·256+i+1)·256^L])
 *     tile/entries/<N>[.p/<W>]     the entries whose leaves are tile/0/<N>
 *
 * A full tile has 256 elements. The last tile of a level may be partial, of width W = 1 … 255; an empty
 * one does not exist. Level L+1 takes an element from every full tile of level L, never from a partial
 * one. N is decimal in groups of three digits, all but the last with an x: 1234067 → x001/x234/067.
 */
import { DIGEST_LENGTH } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';

/** Elements of a full tile, entries of a full bundle; fixed by tlog-tiles. */
export const TILE_WIDTH = 256;

/** Levels of the tree within one tile: 2^8 = 256. */
export const TILE_HEIGHT = 8;

/** Tiles are addressed up to this level (C2SP tlog-tiles); a tree of 2^53−1 leaves reaches level 6. */
const MAX_LEVEL = 63;

/** One tile: level 0 … 63, index 0 … 2^53−1, and its width 1 … 256, of which 256 is a full tile. */
export interface TileId {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/** What a path names. A bundle's level is 0: it holds the entries of that tile. */
export interface TilePath extends TileId {
  readonly kind: 'tile' | 'bundle';
}

/** Path of a tile of hashes: `tile/0/x001/234.p/5`. RangeError for what no tile can be. */
export function tilePath(level: number, index: number, width: number): string {
  if (!inRange(level, 0, MAX_LEVEL)) throw new RangeError(`not a tile level: ${level}`);
  return `tile/${level}/${formatIndex(index)}${formatWidth(width)}`;
}

/** Path of an entry bundle: `tile/entries/x001/234.p/5`. RangeError for what no bundle can be. */
export function bundlePath(index: number, width: number): string {
  return `tile/entries/${formatIndex(index)}${formatWidth(width)}`;
}

/**
 * What a path names; it is exactly what {@link tilePath} or {@link bundlePath} prints, so each tile has
 * one path. Refuses `malformed-tile`. Whether a tree has such a tile is {@link tileWidthAt}'s to say.
 */
export function parseTilePath(path: string): TilePath {
  const match = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(
    path,
  );
  const [, place = '', groups = '', partial] = match ?? [];
  const kind = place === 'entries' ? 'bundle' : 'tile';
  const level = kind === 'tile' ? Number(place) : 0;
  const index = Number(groups.replaceAll(/[x/]/g, ''));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  const named = level <= MAX_LEVEL && Number.isSafeInteger(index) && inRange(width, 1, TILE_WIDTH);
  const again = named && (kind === 'tile' ? tilePath(level, index, width) : bundlePath(index, width));
  if (match === null || again !== path) {
    throw refuse('malformed-tile', 'not the path of a tile or bundle; see C2SP tlog-tiles for its form');
  }
  return { kind, level, index, width };
}

/** How many elements tile (level, index) has in a tree of this size: 0 (there is no such tile) … 256. */
export function tileWidthAt(level: number, index: number, size: number): number {
  const elements = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, elements - index * TILE_WIDTH));
}

/**
 * The partial tiles of a tree, from level 0 up: all that is needed to compute its root and to let it
 * grow. A level whose last tile is full has none here.
 */
export function rightEdge(size: number): TileId[] {
  const edge: TileId[] = [];
  for (let level = 0, elements = size; elements > 0; level++) {
    const index = Math.floor(elements / TILE_WIDTH);
    if (elements % TILE_WIDTH > 0) edge.push({ level, index, width: elements % TILE_WIDTH });
    elements = index;
  }
  return edge;
}

/**
 * The tile that holds a complete node, MTH(D[index·2^height : (index+1)·2^height]), in or above its
 * elements, and the width it needs for that. A caller who must wait for tiles asks here which to load.
 */
export function tileOfNode(height: number, index: number): TileId {
  const level = Math.floor(height / TILE_HEIGHT);
  const spanned = 2 ** (height % TILE_HEIGHT);
  const across = TILE_WIDTH / spanned;
  return { level, index: Math.floor(index / across), width: ((index % across) + 1) * spanned };
}

/** Hands the bytes of a tile through; refuses `malformed-tile` when they are not `width` hashes. */
export function checkTile(bytes: Uint8Array, width: number): Uint8Array {
  if (bytes.length === width * DIGEST_LENGTH) return bytes;
  throw refuse('malformed-tile', `a tile of ${width} hashes has ${bytes.length} bytes; fetch it again`);
}

function formatIndex(index: number): string {
  if (!inRange(index, 0, Number.MAX_SAFE_INTEGER)) throw new RangeError(`not a tile index: ${index}`);
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  return padded.replaceAll(/[0-9]{3}(?=[0-9])/g, 'x$&/');
}

function formatWidth(width: number): string {
  if (!inRange(width, 1, TILE_WIDTH)) throw new RangeError(`not a tile width: ${width}`);
  return width === TILE_WIDTH ? '' : `.p/${width}`;
}

function inRange(n: number, low: number, high: number): boolean {
  return Number.isSafeInteger(n) && low <= n && n <= high;
}
