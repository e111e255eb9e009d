/**
 * The records of a container, byte for byte: a ZIP archive (PKWARE APPNOTE 6.3) with one spelling (spec/bundle.md, "The
 * container"). Nothing is compressed, nothing is dated, nothing is added; so the names and contents give every byte.
 */

/** Bytes of each record without its name. */
export const LOCAL_LENGTH = 30;
export const CENTRAL_LENGTH = 46;
export const END_LENGTH = 22;

/** Most files: 65,535 in the record at the end means "look elsewhere" (ZIP64), which a container never does. */
export const MOST_FILES = 65_534;
/** Most bytes of a container. Readers that take places as signed 32-bit numbers read it too. */
export const MOST_BYTES = 2 ** 31 - 1;

const SIGNATURE = { local: 0x04_03_4b_50, central: 0x02_01_4b_50, end: 0x06_05_4b_50 } as const;
/** Version 2.0 of the format, as made and as needed; its upper byte says MS-DOS: no rights, no owners. */
const VERSION = 20;
/** Bit 11: names are UTF-8. */
const FLAGS = 0x08_00;
/** 1980-01-01, the first day that the format has; the time is 0. */
const DATE = 0x00_21;

/** What the records say of one file. */
export interface Described {
  readonly name: string;
  readonly size: number;
  readonly crc: number;
}

/** What stands before the content. */
export function localRecord({ name, size, crc }: Described): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(LOCAL_LENGTH + name.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, SIGNATURE.local, true);
  view.setUint16(4, VERSION, true);
  view.setUint16(6, FLAGS, true);
  view.setUint16(12, DATE, true);
  view.setUint32(14, crc, true);
  view.setUint32(18, size, true);
  view.setUint32(22, size, true);
  view.setUint16(26, name.length, true);
  writeName(out, LOCAL_LENGTH, name);
  return out;
}

/** What the directory says. `at`: where the local record is. */
export function centralRecord({ name, size, crc }: Described, at: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(CENTRAL_LENGTH + name.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, SIGNATURE.central, true);
  view.setUint16(4, VERSION, true);
  view.setUint16(6, VERSION, true);
  view.setUint16(8, FLAGS, true);
  view.setUint16(14, DATE, true);
  view.setUint32(16, crc, true);
  view.setUint32(20, size, true);
  view.setUint32(24, size, true);
  view.setUint16(28, name.length, true);
  view.setUint32(42, at, true);
  writeName(out, CENTRAL_LENGTH, name);
  return out;
}

/** Where the directory is: what ends the container. */
export interface End {
  readonly count: number;
  /** Bytes of the directory, and where it begins. */
  readonly size: number;
  readonly at: number;
}

export function endRecord({ count, size, at }: End): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(END_LENGTH);
  const view = new DataView(out.buffer);
  view.setUint32(0, SIGNATURE.end, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, size, true);
  view.setUint32(16, at, true);
  return out;
}

/** Names are ASCII (names.ts). */
function writeName(out: Uint8Array, at: number, name: string): void {
  for (let i = 0; i < name.length; i++) out[at + i] = name.charCodeAt(i);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? 0xed_b8_83_20 ^ (crc >>> 1) : crc >>> 1;
  return crc >>> 0;
});

/** CRC-32 (ISO 3309, polynomial 0xEDB88320), which finds damage and stops nobody who forges. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xff_ff_ff_ff;
  for (let i = 0; i < bytes.length; i++) crc = (TABLE[(crc ^ (bytes[i] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xff_ff_ff_ff) >>> 0;
}
