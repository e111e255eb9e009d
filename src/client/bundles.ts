/**
 * Entry bundles, each compared with the verified tile of its leaves, fetched ahead of those who read them
 * within a bound of memory.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { entryId, type EntryId } from '../bytes/brand.ts';
import { readAhead } from '../bytes/ahead.ts';
import { equalBytes } from '../bytes/compare.ts';
import { formatHex } from '../bytes/text.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { MAX_ENTRY_LENGTH } from '../tree/bundle.ts';
import { bundlePath, TILE_WIDTH, tileWidthAt } from '../tree/tile.ts';
import { LOOKS, Tampered, Unreachable, type ServedFiles } from './served.ts';
import type { VerifiedTiles } from './verified-tiles.ts';

/** The entries of one tile, proven to lie under the signed root. */
export interface Bundle {
  /** Index of its first entry. */
  readonly start: number;
  readonly entries: readonly Uint8Array[];
  readonly ids: readonly EntryId[];
  /** 32 bytes each, flat. */
  readonly leaves: Uint8Array;
}

export interface BundleParts {
  readonly served: ServedFiles;
  readonly tiles: VerifiedTiles;
  readonly hasher: BatchHasher;
}

/** The bundles that hold entries `from` and later, in order. Fails as `Unreachable` and `Tampered`. */
export async function* bundlesFrom(
  from: number,
  parts: BundleParts,
): AsyncGenerator<Bundle, void, undefined> {
  const end = Math.ceil(parts.tiles.head.size / TILE_WIDTH);
  yield* readAhead(Math.floor(from / TILE_WIDTH), end, (index) => fetchBundle(index, parts), bytesOf);
}

/** Bytes of the entries of a bundle. */
export function bytesOf({ entries }: Pick<Bundle, 'entries'>): number {
  return entries.reduce((sum, { length }) => sum + length, 0);
}

/** One bundle. Fails as `bundlesFrom` does. */
export async function fetchBundle(index: number, { served, tiles, hasher }: BundleParts): Promise<Bundle> {
  const width = tileWidthAt(0, index, tiles.head.size);
  const path = bundlePath(index, width);
  const [tile, first] = await Promise.all([tiles.tile(0, index), served.bundle(index, width)]);
  let bytes = first;
  for (let look = 1; ; look++) {
    const bundle = readBundle(bytes, index * TILE_WIDTH, tile.hashes, hasher);
    if ('entries' in bundle) return bundle;
    if (bundle.half) throw Unreachable.malformed(`${path} came cut short, or is something else altogether`);
    if (look === LOOKS) {
      const what = `${path} does not hash to the signed root: entry ${bundle.wrong} is not the one in the tree`;
      throw new Tampered(tiles.head.size, path, `bundle ${index}`, bytes, what);
    }
    bytes = await served.bundle(index, width);
  }
}

/** Why bytes are not the bundle: only the beginning of it or none of it, or an entry that is another. */
type Misread = { readonly half: true } | { readonly half: false; readonly wrong: number };

/** Reads as many entries as there are leaves, and compares each with its leaf. */
function readBundle(
  bytes: Uint8Array,
  start: number,
  tile: Uint8Array,
  hasher: BatchHasher,
): Bundle | Misread {
  const count = tile.length / 32;
  const { entries, packed, ends, rest } = unpack(bytes, count);
  const leaves = new Uint8Array(32 * entries.length);
  hasher.leaves(packed, ends, entries.length, leaves);
  const leafOf = (i: number): Uint8Array => tile.subarray(32 * i, 32 * (i + 1));
  const wrong = entries.findIndex((_, i) => !equalBytes(leaves.subarray(32 * i, 32 * (i + 1)), leafOf(i)));
  const whole = entries.length === count && isRestOfBundle(rest, count);
  if (!whole || wrong !== -1) {
    const good = wrong === -1 ? entries.length : wrong;
    // What is no bundle is noise or a piece of one, unless it goes astray after entries of this one, or at one.
    const astray = good < count && holdsEntry(after(entries, good, bytes), leafOf(good));
    return whole || wrong > 0 || astray ? { half: false, wrong: start + good } : { half: true };
  }
  const digests = new Uint8Array(leaves.length);
  hasher.digests(packed, ends, count, digests);
  const ids = entries.map((_, i) => entryId(formatHex(digests.subarray(32 * i, 32 * (i + 1)))));
  return { start, entries, ids, leaves };
}

/** The whole entries at the start of bytes, `count` at most, in one piece of memory without their lengths. */
function unpack(
  bytes: Uint8Array,
  count: number,
): {
  readonly entries: readonly Uint8Array[];
  readonly packed: Uint8Array;
  readonly ends: Uint32Array;
  readonly rest: Uint8Array;
} {
  const packed = new Uint8Array(bytes.length);
  const ends = new Uint32Array(count);
  const entries: Uint8Array[] = [];
  let at = 0;
  let to = 0;
  while (entries.length < count) {
    const next = endOfEntry(bytes, at);
    if (next === undefined) break;
    packed.set(bytes.subarray(at + 2, next), to);
    entries.push(packed.subarray(to, (to += next - at - 2)));
    ends[entries.length - 1] = to;
    at = next;
  }
  return { entries, packed, ends, rest: bytes.subarray(at) };
}

/** Where the entry at `at` ends; undefined when it is not all there. */
function endOfEntry(bytes: Uint8Array, at: number): number | undefined {
  const [high, low] = [bytes[at], bytes[at + 1]];
  if (high === undefined || low === undefined) return undefined;
  const end = at + 2 + high * 256 + low;
  return end > bytes.length ? undefined : end;
}

/** What follows the length of entry `n`. */
function after(entries: readonly Uint8Array[], n: number, bytes: Uint8Array): Uint8Array {
  const before = entries.slice(0, n).reduce((sum, entry) => sum + 2 + entry.length, 0);
  return bytes.subarray(before + 2);
}

/** After the entries asked for comes nothing, or the rest of the full bundle that stands for a partial one. */
function isRestOfBundle(rest: Uint8Array, count: number): boolean {
  let at = 0;
  let entries = count;
  while (at < rest.length) {
    const next = endOfEntry(rest, at);
    if (next === undefined) return false;
    at = next;
    entries++;
  }
  return entries === count || entries === TILE_WIDTH;
}

/**
 * Whether bytes begin with the entry of this leaf, however long: then the entry came whole, and its length is
 * what is wrong. Without this a length turned larger would look like a bundle cut short, an outage for ever.
 */
function holdsEntry(bytes: Uint8Array, leaf: Uint8Array): boolean {
  const hash = sha256.create().update(Uint8Array.of(0));
  for (let length = 0; length <= Math.min(bytes.length, MAX_ENTRY_LENGTH); length++) {
    if (length > 0) hash.update(bytes.subarray(length - 1, length));
    if (equalBytes(hash.clone().digest(), leaf)) return true;
  }
  return false;
}
