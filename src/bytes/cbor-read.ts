/**
 * The value of CBOR that `cbor-scan.ts` has passed: heads are whole and shortest, lengths definite, texts UTF-8, keys
 * unique and sorted, depth bounded. So this reader has nothing left to judge, and what it makes writes back to the same bytes.
 */
import { FALSE, MAJOR, TRUE } from './cbor-head.ts';
import type { CborKey, CborMap, CborValue } from './cbor-value.ts';
import { decodeUtf8 } from './text.ts';

/** Bytes up to which a text of ASCII is put together here: a decoder costs more than it saves on names. */
const SHORT = 24;

/** The item that starts at `start`; byte strings are copies. For bytes that `scanCbor` has passed. */
export function readScanned(bytes: Uint8Array, start = 0): CborValue {
  return new Reader(bytes, start).item();
}

class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  item(): CborValue {
    const first = this.#bytes[this.#at++] ?? 0;
    const major = first >> 5;
    if (major === MAJOR.simple) return first === TRUE ? true : first === FALSE ? false : null;
    const argument = this.#argument(first & 31);
    if (major === MAJOR.uint) return argument;
    if (major === MAJOR.nint) return negative(argument);
    const count = Number(argument);
    if (major === MAJOR.bytes) return this.#take(count).slice();
    if (major === MAJOR.text) return this.#text(count);
    if (major === MAJOR.array) return this.#list(count);
    if (major === MAJOR.map) return this.#map(count);
    return { tag: count, value: this.item() };
  }

  /** A number where it is safe, else a bigint. */
  #argument(info: number): number | bigint {
    if (info < 24) return info;
    const width = 2 ** (info - 24);
    let argument = 0;
    for (let i = 0; i < width; i++) argument = argument * 256 + (this.#bytes[this.#at++] ?? 0);
    if (argument <= Number.MAX_SAFE_INTEGER) return argument;
    let exact = 0n;
    for (const byte of this.#bytes.subarray(this.#at - width, this.#at)) exact = exact * 256n + BigInt(byte);
    return exact;
  }

  #list(count: number): CborValue[] {
    const items: CborValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.item());
    return items;
  }

  #map(count: number): CborMap {
    const members = new Map<CborKey, CborValue>();
    for (let i = 0; i < count; i++) members.set(this.item() as CborKey, this.item());
    return members;
  }

  #text(length: number): string {
    const bytes = this.#bytes;
    const start = this.#at;
    const end = start + length;
    if (length <= SHORT) {
      let text = '';
      for (let i = start; i < end; i++) {
        const byte = bytes[i] ?? 0;
        if (byte > 127) break;
        text += String.fromCharCode(byte);
      }
      if (text.length === length) {
        this.#at = end;
        return text;
      }
    }
    return decodeUtf8(this.#take(length));
  }

  #take(length: number): Uint8Array {
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }
}

/** −1 − n, as a number where it is safe. */
function negative(argument: number | bigint): number | bigint {
  if (typeof argument === 'number' && argument < Number.MAX_SAFE_INTEGER) return -1 - argument;
  return -1n - BigInt(argument);
}
