/** As much of DER (X.690) as keys and signatures are written in: encoded and read in its one spelling. */
import { concatBytes } from '../bytes/compare.ts';
import { Cursor } from '../bytes/cursor.ts';
import { badMessage } from './tls-fields.ts';

/** Tags of the types that are used. */
export const TAG = { integer: 2, bitString: 3, oid: 6, sequence: 0x30 } as const;

/** A value with its tag and length. Contents of at most 65,535 bytes. */
export function encodeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = concatBytes(...contents);
  const { length } = body;
  const sizes = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return concatBytes(Uint8Array.of(tag, ...sizes), body);
}

/** An INTEGER that is not negative, of its big-endian bytes with any zeros in front. */
export function encodeDerInteger(magnitude: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = magnitude.findIndex((byte) => byte !== 0);
  const short = start < 0 ? Uint8Array.of(0) : magnitude.subarray(start);
  const sign = (short[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array();
  return encodeDer(TAG.integer, sign, short);
}

/** A BIT STRING of whole bytes. */
export function encodeDerBits(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeDer(TAG.bitString, Uint8Array.of(0), bytes);
}

/** A cursor that refuses `malformed-proof`. */
export function openDer(bytes: Uint8Array): Cursor {
  return new Cursor(bytes, 'malformed-proof');
}

/** The tag and the contents of the next value (a view). */
export function readTagged(cursor: Cursor): { readonly tag: number; readonly contents: Uint8Array } {
  const tag = cursor.u8();
  const first = cursor.u8();
  if (first < 0x80) return { tag, contents: cursor.take(first) };
  const width = first - 0x80;
  if (width === 0 || width > 2) throw badMessage('a length in DER is not of one or two bytes');
  const length = width === 1 ? cursor.u8() : cursor.u16();
  if (length < (width === 1 ? 0x80 : 0x100)) throw badMessage('a length in DER is not in its shortest form');
  return { tag, contents: cursor.take(length) };
}

/** The contents of the next value, which must have the tag (a view). */
export function readDer(cursor: Cursor, wanted: number): Uint8Array {
  const { tag, contents } = readTagged(cursor);
  if (tag !== wanted) throw badMessage(`a value in DER has the tag ${tag}, not ${wanted}`);
  return contents;
}

/** A positive INTEGER in its one spelling, without the zero in front. */
export function readDerInteger(cursor: Cursor): Uint8Array {
  const bytes = readDer(cursor, TAG.integer);
  const [first = 0x80, second = 0] = bytes;
  if (first >= 0x80) throw badMessage('a number in DER is not positive');
  if (first !== 0 || bytes.length === 1) return bytes;
  if (second < 0x80) throw badMessage('a number in DER is not in its shortest form');
  return bytes.subarray(1);
}

/** The bytes of a BIT STRING, all of whose bits are used. */
export function readDerBits(cursor: Cursor): Uint8Array {
  const bytes = readDer(cursor, TAG.bitString);
  if (bytes[0] !== 0) throw badMessage('a BIT STRING is not of whole bytes');
  return bytes.subarray(1);
}
