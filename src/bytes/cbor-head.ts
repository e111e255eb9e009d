/**
 * CBOR heads: the major type and argument that open every data item, in their shortest form
 * (RFC 8949 §3, §4.2.1). Shared by the writer and by the code that lays out COSE messages by hand.
 */

/** Major types (RFC 8949 §3.1). */
export const MAJOR = { uint: 0, nint: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const;
export type Major = (typeof MAJOR)[keyof typeof MAJOR];

/** The three simple values of the subset. */
export const FALSE = 0xf4;
export const TRUE = 0xf5;
export const NULL = 0xf6;

/** Bytes in the shortest head for an argument of 0 … 2^53−1. */
export function headLength(argument: number): 1 | 2 | 3 | 5 | 9 {
  if (argument < 24) return 1;
  if (argument < 2 ** 8) return 2;
  if (argument < 2 ** 16) return 3;
  return argument < 2 ** 32 ? 5 : 9;
}

/**
 * Writes the shortest head for an argument of 0 … 2^53−1 and returns where the next byte goes. The
 * caller has made room: `headLength(argument)` bytes.
 */
export function writeHead(out: Uint8Array, at: number, major: Major, argument: number): number {
  const type = major * 32;
  if (argument < 24) {
    out[at] = type + argument;
    return at + 1;
  }
  const length = headLength(argument);
  out[at] = type + (length === 2 ? 24 : length === 3 ? 25 : length === 5 ? 26 : 27);
  for (let i = at + length - 1, rest = argument; i > at; i--, rest = Math.floor(rest / 256))
    out[i] = rest % 256;
  return at + length;
}

/** Bytes that a byte string of this length takes up, head included. */
export function byteStringLength(length: number): number {
  return headLength(length) + length;
}

/** Writes a byte string and returns where the next byte goes; the caller has made room. */
export function writeByteString(out: Uint8Array, at: number, bytes: Uint8Array): number {
  const body = writeHead(out, at, MAJOR.bytes, bytes.length);
  out.set(bytes, body);
  return body + bytes.length;
}

/** Where a byte string's bytes are. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The byte string whose head is at `at`; undefined when another item is there. For bytes that `scanCbor` has
 * passed: the head is whole, and so is the string.
 */
export function byteStringAt(bytes: Uint8Array, at: number): Span | undefined {
  const first = bytes[at] ?? 0;
  if (first >> 5 !== MAJOR.bytes) return undefined;
  const info = first & 31;
  if (info < 24) return { start: at + 1, end: at + 1 + info };
  const start = at + 1 + 2 ** (info - 24);
  let length = 0;
  for (let i = at + 1; i < start; i++) length = length * 256 + (bytes[i] ?? 0);
  return { start, end: start + length };
}
