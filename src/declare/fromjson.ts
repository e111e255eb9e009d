/** Files of JSON that schemas of ours read. */
import type { CborValue } from '../bytes/cbor.ts';

/** JSON as the values that schemas read: an object is a map with text keys. */
export function fromJson(value: unknown): CborValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(fromJson);
  if (typeof value !== 'object' || value === null) return null;
  return new Map(Object.entries(value).map(([key, each]) => [key, fromJson(each)]));
}
