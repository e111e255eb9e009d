/**
 * Branded values and the casts that make them. Every `as` in the program lives in this folder:
 * elsewhere a value gets its brand only through a function here that checked it.
 */

declare const brand: unique symbol;

/** Number of leaves of a tree: an integer, 0 … 2^53−1. */
export type TreeSize = number & { readonly [brand]: 'TreeSize' };
/** Zero-based position of a leaf: an integer, 0 … 2^53−2. */
export type LeafIndex = number & { readonly [brand]: 'LeafIndex' };
/** A SHA-256 value: exactly 32 bytes. */
export type Digest = Uint8Array & { readonly [brand]: 'Digest' };
/** Lower-case hex SHA-256 of an entry's bytes: 64 characters. */
export type EntryId = string & { readonly [brand]: 'EntryId' };

/** Bytes in one SHA-256 value. */
export const DIGEST_LENGTH = 32;

/** Brands a tree size. A bad one is a bug of the caller: RangeError. */
export function treeSize(n: number): TreeSize {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`not a tree size: ${n}`);
  return n as TreeSize;
}

/** Brands a leaf index. A bad one is a bug of the caller: RangeError. */
export function leafIndex(n: number): LeafIndex {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`not a leaf index: ${n}`);
  return n as LeafIndex;
}

/** Brands 32 bytes as a digest (no copy). Another length is a bug of the caller: RangeError. */
export function digest(bytes: Uint8Array): Digest {
  if (bytes.length !== DIGEST_LENGTH) throw new RangeError(`not a digest: ${bytes.length} bytes`);
  return bytes as Digest;
}

/** Brands a hex string as an entry id. A bad one is a bug of the caller: RangeError. */
export function entryId(hex: string): EntryId {
  if (!isEntryId(hex)) throw new RangeError('not an entry id');
  return hex;
}

/** Whether a stranger's text is an entry id: 64 lower-case hex digits. */
export function isEntryId(text: string): text is EntryId {
  return /^[0-9a-f]{64}$/.test(text);
}

/** A `Uint8Array` whose memory is certainly not shared, as Web Crypto and Node's crypto types ask. */
export type PlainBytes = Uint8Array<ArrayBuffer>;

/** Narrows to unshared memory, copying only when it is shared. */
export function plain(bytes: Uint8Array): PlainBytes {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as PlainBytes) : new Uint8Array(bytes);
}
