/**
 * Reads CBOR that `cbor-scan.ts` has passed, with cbor-x, and corrects three things that cbor-x does: it reads every
 * 64-bit integer as a bigint when asked for exact ones, makes objects of its own class for tags, and drops U+FEFF from the
 * start of texts of more than 64 bytes, where it is a character like others (RFC 8949 §3.1 gives it no meaning).
 */
import { Decoder } from 'cbor-x/decode';
import type { PlainBytes } from './brand.ts';
import { MARK, type Scan } from './cbor-scan.ts';
import { isCborArray, isCborTag, type CborKey, type CborValue } from './cbor-value.ts';
import { refuse } from './refusal.ts';
import { decodeUtf8 } from './text.ts';

// mapsAsObjects would turn keys into text. useRecords would let one message change how the next is read. Without copies,
// byte strings would be views of the buffer that a request came in, and change with it.
const options = { mapsAsObjects: false, useRecords: false, copyBuffers: true };
const narrow = new Decoder({ ...options, int64AsNumber: true } as object);
const wide = new Decoder(options);

/** The item that is all of `bytes`, which `scan` has passed. Byte strings are copies. */
export function readScanned(bytes: PlainBytes, scan: Scan): CborValue {
  const decoder = scan.wide ? wide : narrow;
  if (scan.marks.length === 0) {
    const value = decoder.decode(bytes) as CborValue;
    return scan.wide || scan.tagged ? settle(value) : value;
  }
  const standIn = unusedCharacter(bytes);
  const copy = bytes.slice();
  for (const at of scan.marks) copy.set(standIn, at);
  return settle(decoder.decode(copy) as CborValue, decodeUtf8(standIn));
}

/** Makes cbor-x's tags plain, its 64-bit integers numbers where they are safe, and stand-ins U+FEFF again. */
function settle(value: CborValue, standIn?: string): CborValue {
  if (typeof value === 'bigint' || typeof value === 'string') return settleKey(value, standIn);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (isCborArray(value)) return value.map((item) => settle(item, standIn));
  if (isCborTag(value)) return { tag: value.tag, value: settle(value.value, standIn) };
  return new Map(Array.from(value, ([key, item]) => [settleKey(key, standIn), settle(item, standIn)]));
}

function settleKey(key: CborKey, standIn: string | undefined): CborKey {
  if (typeof key === 'bigint') return Number.isSafeInteger(Number(key)) ? Number(key) : key;
  if (typeof key !== 'string' || standIn === undefined || !key.startsWith(standIn)) return key;
  return `\uFEFF${key.slice(1)}`;
}

/** A character of three bytes of UTF-8, as long as U+FEFF, that occurs nowhere in the item: so nothing is taken for another. */
function unusedCharacter(bytes: Uint8Array): Uint8Array {
  const used = new Set<number>();
  for (const [i, byte] of bytes.entries()) if (byte >> 4 === 0xe) used.add(threeBytes(bytes, i));
  for (let second = 0x80; second < 0xc0; second++) {
    for (let third = 0x80; third < 0xc0; third++) {
      // U+1000 to U+1FFF and on: E1 to EC take every second and third byte (RFC 3629 §4).
      for (let first = 0xe1; first < 0xed; first++) {
        const candidate = Uint8Array.of(first, second, third);
        if (!used.has(threeBytes(candidate, 0))) return candidate;
      }
    }
  }
  throw refuse('too-large', 'a CBOR item with U+FEFF at the start of a text holds every other character too');
}

function threeBytes(bytes: Uint8Array, at: number): number {
  return MARK.reduce((sum, _, i) => sum * 256 + (bytes[at + i] ?? 0), 0);
}
