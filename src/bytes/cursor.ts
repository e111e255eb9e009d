/**
 * Reading and writing big-endian fields. Running off the end is a refusal, never a short read; 64-bit
 * fields are numbers up to 2^53−1, and a larger one is refused.
 */
import { refuse, type RefusalCode } from './refusal.ts';

/** Reads fields from the front of a byte string; every failure is a refusal with the code given. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #code: RefusalCode;
  #at = 0;

  constructor(bytes: Uint8Array, code: RefusalCode) {
    this.#bytes = bytes;
    this.#code = code;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** A view of the next `length` bytes (no copy). */
  take(length: number): Uint8Array {
    if (length > this.remaining) throw refuse(this.#code, 'the bytes end in the middle of a field');
    const view = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return view;
  }

  u8(): number {
    return this.#uint(1);
  }
  u16(): number {
    return this.#uint(2);
  }
  u32(): number {
    return this.#uint(4);
  }
  u64(): number {
    return this.#uint(8);
  }

  /** Refuses bytes after the last field. */
  end(): void {
    if (this.remaining !== 0) throw refuse(this.#code, `${this.remaining} bytes follow the last field`);
  }

  #uint(width: number): number {
    let n = 0;
    for (const byte of this.take(width)) n = n * 256 + byte;
    if (!Number.isSafeInteger(n)) throw refuse(this.#code, 'a number is larger than 2^53-1');
    return n;
  }
}

/** Big-endian bytes of a non-negative integer; one that does not fit is a bug of the caller. */
export function bigEndian(n: number, width: 1 | 2 | 4 | 8): Uint8Array<ArrayBuffer> {
  if (!Number.isSafeInteger(n) || n < 0 || n >= 256 ** width) throw new RangeError(`${n} in ${width} bytes`);
  const out = new Uint8Array(width);
  for (let i = width - 1, rest = n; i >= 0; i--, rest = Math.floor(rest / 256)) out[i] = rest % 256;
  return out;
}
