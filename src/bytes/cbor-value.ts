/** What CBOR of the subset (cbor-scan.ts) holds, as values of the program. */

/** A tagged item; the only tag is 18, COSE_Sign1 (RFC 9052 §2). */
export interface CborTag {
  readonly tag: number;
  readonly value: CborValue;
}
export type CborKey = number | bigint | string;
export type CborMap = ReadonlyMap<CborKey, CborValue>;
/** Integers are numbers when safe (±(2^53−1)) and bigints beyond, never the other way round. */
export type CborValue =
  number | bigint | string | boolean | null | Uint8Array | readonly CborValue[] | CborMap | CborTag;

/** Whether a value is a map. */
export function isCborMap(value: CborValue | undefined): value is CborMap {
  return value instanceof Map;
}

/** Whether a value is an array. */
export function isCborArray(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value);
}

/** Whether a value is a tagged item. */
export function isCborTag(value: CborValue | undefined): value is CborTag {
  return typeof value === 'object' && value !== null && 'tag' in value;
}
