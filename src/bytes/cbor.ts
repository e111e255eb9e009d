/**
 * Deterministic CBOR (RFC 8949 §4.2.1), the subset of `cbor-scan.ts`. Reading: a strict scan of the
 * bytes, then cbor-x (`cbor-read.ts`), which alone would take duplicate keys, floats, loose heads and twenty tags.
 * Writing: by hand, since cbor-x sorts no keys, turns integers from 2^32 on into floats and writes
 * through Node buffers; it stays the oracle of the tests.
 */
import { plain, type PlainBytes } from './brand.ts';
import { FALSE, MAJOR, NULL, TRUE, writeHead, type Major } from './cbor-head.ts';
import { readScanned } from './cbor-read.ts';
import { CBOR_LIMITS, scanItem, type CborLimits, type Scan } from './cbor-scan.ts';
import {
  isCborArray,
  isCborMap,
  type CborKey,
  type CborMap,
  type CborTag,
  type CborValue,
} from './cbor-value.ts';
import { compareBytes } from './compare.ts';
import { refuse } from './refusal.ts';
import { encodeUtf8 } from './text.ts';

export { scanCbor, type CborLimits } from './cbor-scan.ts';
export * from './cbor-value.ts';

/**
 * The value of exactly one item; byte strings are copies. Refuses `malformed-cbor`, `non-deterministic`
 * and `too-large` as `scanCbor` does, and bytes after the item.
 */
export function decodeCbor(bytes: Uint8Array, limits?: Partial<CborLimits>): CborValue {
  const { own, scan } = scanWhole(bytes, limits);
  return readScanned(own, scan);
}

/** Scans exactly one item, as `decodeCbor` does, and gives its bytes: a view of our own of memory that no thread shares. */
export function scanWhole(
  bytes: Uint8Array,
  limits?: Partial<CborLimits>,
): { readonly own: PlainBytes; readonly scan: Scan } {
  const maxBytes = limits?.maxBytes ?? CBOR_LIMITS.maxBytes;
  if (bytes.length > maxBytes) {
    throw refuse('too-large', `${bytes.length} bytes of CBOR where ${maxBytes} are allowed`);
  }
  // Memory shared with another thread is copied first: it might change between the scan and what follows.
  const { buffer, byteOffset, length } = plain(bytes);
  // A view of our own: cbor-x hangs a property on what it reads, and a Buffer's slices are no copies.
  const own = new Uint8Array(buffer, byteOffset, length);
  const scan = scanItem(own, 0, limits);
  if (scan.end !== own.length)
    throw refuse('malformed-cbor', 'bytes follow the CBOR item; send one item alone');
  return { own, scan };
}

/**
 * The one encoding of a value (RFC 8949 §4.2.1); maps may come in any order. A value outside the subset
 * is a bug of the caller: RangeError for a fraction, an integer beyond 64 bits, a key given twice or
 * nesting beyond 16; TypeError for text with a lone surrogate.
 */
export function encodeCbor(value: CborValue): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writer.item(value, CBOR_LIMITS.maxDepth);
  return writer.bytes();
}

class Writer {
  /** Most values are small, and an engine makes a small array much faster. */
  #out = new Uint8Array(64);
  #at = 0;

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#out.slice(0, this.#at);
  }

  item(value: CborValue, room: number): void {
    if (typeof value === 'number') this.#integer(value);
    else if (typeof value === 'bigint') this.#bigInteger(value);
    else if (typeof value === 'string') this.#string(MAJOR.text, encodeUtf8(value));
    else if (value === null) this.#simple(NULL);
    else if (typeof value === 'boolean') this.#simple(value ? TRUE : FALSE);
    else if (value instanceof Uint8Array) this.#string(MAJOR.bytes, value);
    else this.#container(value, room - 1);
  }

  #container(value: readonly CborValue[] | CborMap | CborTag, room: number): void {
    if (room < 0) throw new RangeError('CBOR nested too deeply');
    if (isCborArray(value)) {
      this.#head(MAJOR.array, value.length);
      for (const element of value) this.item(element, room);
    } else if (isCborMap(value)) {
      this.#map(value, room);
    } else {
      if (value.tag !== 18) throw new RangeError(`CBOR tag ${value.tag}`);
      this.#head(MAJOR.tag, value.tag);
      this.item(value.value, room);
    }
  }

  #map(map: CborMap, room: number): void {
    const rows = Array.from(map, ([key, value]) => ({ key: writtenKey(key), value }));
    if (rows.length > 1) rows.sort((a, b) => compareKeys(a.key, b.key));
    this.#head(MAJOR.map, rows.length);
    for (const { key, value } of rows) {
      if (key instanceof Uint8Array) this.#string(MAJOR.text, key);
      else this.item(key, room);
      this.item(value, room);
    }
  }

  #integer(n: number): void {
    if (!Number.isSafeInteger(n)) throw new RangeError(`not a CBOR integer: ${n}`);
    if (n >= 0) this.#head(MAJOR.uint, n);
    else this.#head(MAJOR.nint, -1 - n);
  }

  #bigInteger(n: bigint): void {
    if (Number.isSafeInteger(Number(n))) return this.#integer(Number(n));
    const argument = n < 0n ? -1n - n : n;
    if (argument >= 2n ** 64n) throw new RangeError(`CBOR integer beyond 64 bits: ${n}`);
    const head = new Uint8Array(9);
    head[0] = (n < 0n ? MAJOR.nint : MAJOR.uint) * 32 + 27;
    new DataView(head.buffer).setBigUint64(1, argument);
    this.#raw(head);
  }

  #string(major: Major, bytes: Uint8Array): void {
    this.#head(major, bytes.length);
    this.#raw(bytes);
  }

  #simple(byte: number): void {
    this.#reserve(1);
    this.#out[this.#at++] = byte;
  }

  #head(major: Major, argument: number): void {
    this.#reserve(9);
    this.#at = writeHead(this.#out, this.#at, major, argument);
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#out.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#out.length) return;
    const grown = new Uint8Array(Math.max(this.#at + more, 2 * this.#out.length));
    grown.set(this.#out);
    this.#out = grown;
  }
}

type WrittenKey = number | bigint | Uint8Array;

function writtenKey(key: CborKey): WrittenKey {
  return typeof key === 'string' ? encodeUtf8(key) : key;
}

/**
 * Bytewise order of encoded keys, without encoding them: first the major type, then the argument (in
 * shortest form a smaller one has smaller bytes), then, between texts of one length, their bytes.
 */
function compareKeys(a: WrittenKey, b: WrittenKey): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return distinct(a.length === b.length ? compareBytes(a, b) : a.length - b.length);
  }
  if (a instanceof Uint8Array) return 1;
  if (b instanceof Uint8Array) return -1;
  if (a < 0 !== b < 0) return a < 0 ? 1 : -1;
  const upwards = a < b ? -1 : a > b ? 1 : 0;
  return distinct(a < 0 ? -upwards : upwards);
}

/** 1 and 1n are two keys of a Map and one of CBOR. */
function distinct(order: number): number {
  if (order === 0) throw new RangeError('CBOR key given twice');
  return order;
}
