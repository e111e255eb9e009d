/** Files of JSON that schemas of ours read: what `commit` leaves its owner, and what is disclosed. */
import type { CborValue } from '../bytes/cbor.ts';
import { parseJson, type JsonValue } from '../bytes/json.ts';
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';

/** None of these files nests deeper. */
const NESTING = { most: 16, advice: 'it is no file that this program wrote' };

/**
 * The values of a JSON file as schemas read them: an object is a map with text keys. Refuses `malformed-text` for text that
 * two readers could read differently, such as a name that is given twice, and for numbers that are not whole.
 */
export function fromJson(bytes: Uint8Array): CborValue {
  return valueOf(parseJson(decodeUtf8(bytes), NESTING));
}

function valueOf(value: JsonValue): CborValue {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(valueOf);
  if ('number' in value)
    throw refuse('malformed-text', `${value.number} is no whole number within ±(2^53−1)`);
  return new Map([...value].map(([name, each]): [string, CborValue] => [name, valueOf(each)]));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
