/**
 * A strict scan over the bytes of one CBOR item, before any object is made of it. It admits the
 * deterministic subset of RFC 8949 §4.2.1 that Tallystick speaks and nothing else: integers, byte and
 * text strings, arrays, maps, tag 18, false, true and null; shortest heads, definite lengths, sorted
 * unique keys that are integers or text, valid UTF-8, bounded size and depth. Two readers of bytes that
 * pass cannot see two values.
 */
import { MAJOR } from './cbor-head.ts';
import { refuse, type Refusal } from './refusal.ts';
import { decodeUtf8 } from './text.ts';

/** Bounds on one item: bytes, and how many arrays, maps and tags may stand inside each other. */
export interface CborLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

/** What an entry may be: tlog-tiles gives its length 16 bits; no format here nests deeper than ten. */
export const CBOR_LIMITS: CborLimits = { maxBytes: 65_535, maxDepth: 16 };

/** U+FEFF in UTF-8. */
export const MARK = Uint8Array.of(0xef, 0xbb, 0xbf);

/** What a scan learned: where the item ends, and what cbor-x needs help with. */
export interface Scan {
  readonly end: number;
  /** It holds an integer beyond ±(2^53−1). */
  readonly wide: boolean;
  /** It holds tag 18. */
  readonly tagged: boolean;
  /** Where the texts begin that start with U+FEFF. */
  readonly marks: readonly number[];
}

/**
 * Scans the item that starts at `start` and returns the position after it. Refuses `malformed-cbor`
 * (not CBOR, or outside the subset), `non-deterministic` (CBOR, in another spelling than the one
 * allowed) and `too-large` (the item does not end within `maxBytes`).
 */
export function scanCbor(bytes: Uint8Array, start: number, limits?: Partial<CborLimits>): number {
  return scanItem(bytes, start, limits).end;
}

/** As `scanCbor`, with all that the scan learned. */
export function scanItem(bytes: Uint8Array, start: number, limits?: Partial<CborLimits>): Scan {
  const scanner = new Scanner(bytes, start, limits?.maxBytes ?? CBOR_LIMITS.maxBytes);
  scanner.item(limits?.maxDepth ?? CBOR_LIMITS.maxDepth);
  return scanner;
}

class Scanner implements Scan {
  readonly #bytes: Uint8Array;
  readonly #limit: number;
  readonly marks: number[] = [];
  end: number;
  wide = false;
  tagged = false;

  constructor(bytes: Uint8Array, start: number, maxBytes: number) {
    this.#bytes = bytes;
    this.#limit = Math.min(bytes.length, start + maxBytes);
    this.end = start;
  }

  /** Moves past one item; `room` is how many containers may still open. Recursion is bounded by it. */
  item(room: number): void {
    const first = this.#byte();
    const major = first >> 5;
    if (major === MAJOR.simple) {
      if (first < 0xf4 || first > 0xf6) throw this.#notAllowed(first);
      return;
    }
    const argument = this.#argument(first & 31, major);
    if (major <= MAJOR.nint) {
      // −1 − argument is the value, so a negative number runs out of safe integers one earlier.
      if (argument > Number.MAX_SAFE_INTEGER - major) this.wide = true;
    } else if (major === MAJOR.bytes) {
      this.#skip(argument);
    } else if (major === MAJOR.text) {
      this.#text(argument);
    } else {
      if (room <= 0) throw this.#refusal('malformed-cbor', 'arrays, maps and tags are nested too deeply');
      if (major === MAJOR.array) for (let i = 0; i < argument; i++) this.item(room - 1);
      else if (major === MAJOR.map) this.#map(argument, room - 1);
      else this.#tag(argument, room - 1);
    }
  }

  #tag(number: number, room: number): void {
    if (number !== 18) throw this.#refusal('malformed-cbor', `tag ${number}; only tag 18 is used`);
    this.tagged = true;
    this.item(room);
  }

  #map(count: number, room: number): void {
    let previous = -1;
    for (let i = 0; i < count; i++) {
      const key = this.end;
      const major = (this.#bytes[key] ?? 0) >> 5;
      if (major > MAJOR.nint && major !== MAJOR.text) {
        throw this.#refusal('malformed-cbor', 'a map key is neither an integer nor text');
      }
      this.item(room);
      if (previous >= 0) this.#inOrder(previous, key);
      previous = key;
      this.item(room);
    }
  }

  /**
   * Bytewise order of two encoded keys (RFC 8949 §4.2.1). No encoding is the beginning of another, so
   * two different keys differ before either ends.
   */
  #inOrder(previous: number, key: number): void {
    const bytes = this.#bytes;
    for (let i = 0; key + i < this.end; i++) {
      const difference = (bytes[key + i] ?? 0) - (bytes[previous + i] ?? 0);
      if (difference > 0) return;
      if (difference < 0) throw this.#refusal('non-deterministic', 'map keys are not in bytewise order');
    }
    throw this.#refusal('malformed-cbor', 'a map key occurs twice');
  }

  #text(length: number): void {
    const start = this.end;
    this.#skip(length);
    const { end } = this;
    const bytes = this.#bytes;
    for (let i = start; i < end; i++) if ((bytes[i] ?? 0) > 127) return this.#beyondAscii(start);
  }

  #beyondAscii(start: number): void {
    try {
      decodeUtf8(this.#bytes.subarray(start, this.end));
    } catch {
      throw this.#refusal('malformed-cbor', 'text is not valid UTF-8');
    }
    if (MARK.every((byte, i) => this.#bytes[start + i] === byte)) this.marks.push(start);
  }

  /** The argument of a head. Above 2^53 it is rounded: enough to see that an integer is wide or a length too long. */
  #argument(info: number, major: number): number {
    if (info < 24) return info;
    if (info > 27) {
      if (info < 31 || major === MAJOR.tag || major <= MAJOR.nint) {
        throw this.#refusal('malformed-cbor', 'a head uses a reserved value');
      }
      throw this.#refusal('non-deterministic', 'an item has indefinite length');
    }
    let argument = this.#byte();
    for (let more = info === 24 ? 0 : info === 25 ? 1 : info === 26 ? 3 : 7; more > 0; more--) {
      argument = argument * 256 + this.#byte();
    }
    const least = info === 24 ? 24 : info === 25 ? 2 ** 8 : info === 26 ? 2 ** 16 : 2 ** 32;
    if (argument < least)
      throw this.#refusal('non-deterministic', 'a number or length is not in its shortest form');
    return argument;
  }

  #byte(): number {
    const byte = this.#bytes[this.end];
    if (byte === undefined || this.end >= this.#limit) throw this.#ranOut();
    this.end++;
    return byte;
  }

  #skip(length: number): void {
    if (length > this.#limit - this.end) throw this.#ranOut();
    this.end += length;
  }

  #ranOut(): Refusal {
    if (this.#limit < this.#bytes.length) return refuse('too-large', 'a CBOR item is longer than the limit');
    return this.#refusal('malformed-cbor', 'the bytes end in the middle of an item');
  }

  #notAllowed(first: number): Refusal {
    const what =
      first === 0xff
        ? 'a break outside an item of indefinite length'
        : first >= 0xf9 && first <= 0xfb
          ? 'a floating-point number; use an integer or text'
          : 'a simple value other than false, true and null';
    return this.#refusal('malformed-cbor', what);
  }

  #refusal(code: 'malformed-cbor' | 'non-deterministic', what: string): Refusal {
    return refuse(code, `CBOR near byte ${this.end}: ${what}`);
  }
}
