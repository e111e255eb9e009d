/**
 * Reads entry bundles, and compares each with the verified tile of its leaf hashes. Bundles are fetched ahead of the
 * reader, within a bound of memory.
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

/** The entries of one tile, proven to be under the signed root. */
export interface Bundle {
  /** Index of its first entry. */
  readonly start: number;
  readonly entries: readonly Uint8Array[];
  readonly ids: readonly EntryId[];
  /** Leaf hashes of the entries, 32 bytes each, concatenated. */
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

/**
 * Why bytes are not the expected bundle. `half`: they are cut short or no bundle at all. `wrong`: index of the first
 * entry that differs from the tree.
 */
type Misread = { readonly half: true } | { readonly half: false; readonly wrong: number };

/** Reads as many entries as the tile has leaves, and compares each with its leaf hash. */
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
    // A response that is cut short or is no bundle is an outage. It is wrong data only if it is complete, if entries
    // before the fault match their leaf hashes, or if the entry at the fault is present under a wrong length.
    const astray = good < count && holdsEntry(after(entries, good, bytes), leafOf(good));
    return whole || wrong > 0 || astray ? { half: false, wrong: start + good } : { half: true };
  }
  const digests = new Uint8Array(leaves.length);
  hasher.digests(packed, ends, count, digests);
  const ids = entries.map((_, i) => entryId(formatHex(digests.subarray(32 * i, 32 * (i + 1)))));
  return { start, entries, ids, leaves };
}

/**
 * The complete entries at the start of `bytes`, at most `count`. `packed` holds them without their lengths,
 * concatenated; `ends` where each ends; `rest` is what follows.
 */
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

/** Offset at which the entry at `at` ends; undefined if the entry is incomplete. */
function endOfEntry(bytes: Uint8Array, at: number): number | undefined {
  const [high, low] = [bytes[at], bytes[at + 1]];
  if (high === undefined || low === undefined) return undefined;
  const end = at + 2 + high * 256 + low;
  return end > bytes.length ? undefined : end;
}

/** The bytes that follow the length field of entry `n`. */
function after(entries: readonly Uint8Array[], n: number, bytes: Uint8Array): Uint8Array {
  const before = entries.slice(0, n).reduce((sum, entry) => sum + 2 + entry.length, 0);
  return bytes.subarray(before + 2);
}

/**
 * Whether the bytes after the expected entries are acceptable: none, or the other entries of a full bundle that is
 * served in place of a partial one.
 */
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
 * Whether the bytes begin with the entry of this leaf hash, at any length. If so, the entry is complete and its length
 * field is wrong. Without this check, a length field that was made larger would count as a cut-off bundle, and so as an
 * outage forever.
 */
function holdsEntry(bytes: Uint8Array, leaf: Uint8Array): boolean {
  const hash = sha256.create().update(Uint8Array.of(0));
  for (let length = 0; length <= Math.min(bytes.length, MAX_ENTRY_LENGTH); length++) {
    if (length > 0) hash.update(bytes.subarray(length - 1, length));
    if (equalBytes(hash.clone().digest(), leaf)) return true;
  }
  return false;
}
