/**
 * Finds where one well-formed CBOR item ends (RFC 8949 appendix C), whatever it holds: how a CBOR
 * sequence (RFC 8742) is cut into items that are then judged one by one. `scanCbor` is the strict
 * reader; an item that it refuses must not take its neighbours in the sequence with it.
 */
import { refuse } from './refusal.ts';

/** Containers and tags inside each other; nothing a log admits nests half as deep. */
const MAX_DEPTH = 32;
const BREAK = 0xff;

/**
 * The position after the item that starts at `start`. Refuses `malformed-cbor` for bytes that are not a
 * whole well-formed item, or nest more than 32 deep.
 */
export function skipCbor(bytes: Uint8Array, start: number): number {
  const skipper = new Skipper(bytes, start);
  skipper.item(MAX_DEPTH);
  return skipper.at;
}

class Skipper {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.at = start;
  }

  /** Every item takes a byte at least, so no count, however large, outlasts the bytes. */
  item(room: number): void {
    const first = this.#byte();
    const major = first >> 5;
    const info = first & 31;
    if (info === 31) return this.#indefinite(major, room);
    if (info > 27) throw this.#malformed('a head uses a reserved value');
    const argument = info < 24 ? info : this.#uint(2 ** (info - 24));
    if (major === 7 && info === 24 && argument < 32) throw this.#malformed('a simple value is below 32');
    if (major === 2 || major === 3) this.#skip(argument);
    else if (major === 4) this.#items(argument, room);
    else if (major === 5) this.#items(argument * 2, room);
    else if (major === 6) this.#items(1, room);
  }

  #items(count: number, room: number): void {
    if (room === 0) throw this.#malformed('items are nested too deeply');
    for (let i = 0; i < count; i++) this.item(room - 1);
  }

  #indefinite(major: number, room: number): void {
    if (major < 2 || major > 5) throw this.#malformed('an item that cannot have indefinite length has it');
    if (room === 0) throw this.#malformed('items are nested too deeply');
    let count = 0;
    for (; this.#bytes[this.at] !== BREAK; count++) {
      if (major < 4) this.#chunk(major);
      else this.item(room - 1);
    }
    if (major === 5 && count % 2 === 1) throw this.#malformed('a map has a key without a value');
    this.at++;
  }

  /** A piece of a string of indefinite length: of the same major type, and of definite length. */
  #chunk(major: number): void {
    const next = this.#bytes[this.at] ?? 0;
    if (next >> 5 !== major || (next & 31) === 31)
      throw this.#malformed('a string has a piece of another type');
    this.item(0);
  }

  #uint(width: number): number {
    let n = 0;
    for (let i = 0; i < width; i++) n = n * 256 + this.#byte();
    return n;
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw this.#malformed('the bytes end in the middle of an item');
    this.at++;
    return byte;
  }

  #skip(length: number): void {
    if (length > this.#bytes.length - this.at)
      throw this.#malformed('the bytes end in the middle of an item');
    this.at += length;
  }

  #malformed(what: string): Error {
    return refuse('malformed-cbor', `CBOR near byte ${this.at}: ${what}`);
  }
}
