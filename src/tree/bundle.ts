/**
 * Entry bundles: the entries of one tile as they are served and hashed (C2SP tlog-tiles "Log entries"):
 * for each entry its length, uint16 big-endian, and its bytes. Nothing lies between, before or after.
 */
import { Cursor } from '../bytes/cursor.ts';
import { refuse } from '../bytes/refusal.ts';
import { TILE_WIDTH } from './tile.ts';

/** Bytes of the longest entry: its length is a uint16 (C2SP tlog-tiles). */
export const MAX_ENTRY_LENGTH = 65_535;

/** The bundle of 1 … 256 entries. Any other number, or a longer entry, is a bug of the caller: RangeError. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  if (!isBundleWidth(entries.length)) throw new RangeError(`a bundle of ${entries.length} entries`);
  let length = 0;
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_LENGTH) throw new RangeError(`an entry of ${entry.length} bytes`);
    length += 2 + entry.length;
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const entry of entries) {
    out[at] = Math.floor(entry.length / 256);
    out[at + 1] = entry.length % 256;
    out.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return out;
}

/**
 * The entries of a bundle, as views of its bytes. Refuses `malformed-tile`: cut short, none or more than
 * 256 entries, or not `count` of them when that is given.
 */
export function decodeBundle(bytes: Uint8Array, count?: number): Uint8Array[] {
  const cursor = new Cursor(bytes, 'malformed-tile');
  const entries: Uint8Array[] = [];
  while (cursor.remaining > 0 && entries.length < TILE_WIDTH) entries.push(cursor.take(cursor.u16()));
  cursor.end();
  if (!isBundleWidth(entries.length) || (count !== undefined && count !== entries.length)) {
    throw refuse(
      'malformed-tile',
      `a bundle of ${entries.length} entries, not ${count ?? '1 to 256'}; fetch it again`,
    );
  }
  return entries;
}

function isBundleWidth(count: number): boolean {
  return count >= 1 && count <= TILE_WIDTH;
}
