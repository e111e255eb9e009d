/**
 * Small readers that turn decoded CBOR into typed, frozen values, and back. A refusal names the wrong field:
 * `claims[2].cadence: expected …`. An unknown member is refused, and a member is optional only where the schema says
 * so. `encode` returns exactly what `parse` accepted. Lengths of text count UTF-8 bytes, as `.size` does in CDDL (RFC
 * 8610 §3.8.1).
 */
import { isCborArray, isCborMap, type CborMap, type CborValue } from '../bytes/cbor.ts';
import { printable } from '../bytes/printable.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { HALF_A_PAIR } from '../bytes/text.ts';

export interface Schema<T> {
  /** `at` is the place reported by the refusal `malformed-payload`. */
  parse(value: CborValue, at: string): T;
  /** Bounds are not checked here: whoever writes a payload parses it again. */
  encode(value: T): CborValue;
}

/** The type a schema reads. */
export type Of<S> = S extends Schema<infer T> ? T : never;

/** The refusal of a payload, to throw. */
export function wrong(at: string, what: string): Refusal {
  return refuse('malformed-payload', `${at === '' ? 'the payload' : at}: ${what}`);
}

/** Unsigned integer, `min` … `max` inclusive. */
export function uint(max: number, min = 0): Schema<number> {
  return plainSchema((value, at) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw wrong(at, `expected an integer from ${min} to ${max}, got ${describe(value)}`);
  });
}

export const bool: Schema<boolean> = plainSchema((value, at) => {
  if (typeof value === 'boolean') return value;
  throw wrong(at, `expected true or false, got ${describe(value)}`);
});

/** What text may look like; `says` completes "expected …". */
export interface Form {
  readonly pattern: RegExp;
  readonly says: string;
}

/** Text without control characters other than tab and line feed, so that a terminal can show it. */
const SHOWABLE: Form = { pattern: /^[^\p{Cc}]*$/u, says: 'text without control characters' };
const CONTROL_BUT_TAB_AND_LF = /[^\P{Cc}\t\n]/u;

/** Several lines of text of `min` … `max` UTF-8 bytes. */
export function prose(min: number, max: number): Schema<string> {
  return plainSchema((value, at) => {
    const lines = boundedText(value, at, min, max);
    if (CONTROL_BUT_TAB_AND_LF.test(lines)) throw wrong(at, 'expected text without control characters');
    return lines;
  });
}

/** One line of text of `min` … `max` UTF-8 bytes, in a form when one is given. */
export function text(min: number, max: number, form: Form = SHOWABLE): Schema<string> {
  return plainSchema((value, at) => {
    const line = boundedText(value, at, min, max);
    if (!form.pattern.test(line)) throw wrong(at, `expected ${form.says}`);
    return line;
  });
}

/** Byte string of `min` … `max` bytes; of exactly `min` when no `max` is given. */
export function bytes(min: number, max = min): Schema<Uint8Array> {
  return plainSchema((value, at) => {
    if (value instanceof Uint8Array && value.length >= min && value.length <= max) return value;
    const range = min === max ? `${min}` : `${min} to ${max}`;
    throw wrong(at, `expected a byte string of ${range} bytes, got ${describe(value)}`);
  });
}

/** One of a closed list of words. */
export function oneOf<const T extends string>(words: readonly T[]): Schema<T> {
  return plainSchema((value, at) => {
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    throw wrong(at, `expected one of ${words.join(', ')}, got ${describe(value)}`);
  });
}

/** Array of `min` … `max` items. */
export function array<T>(item: Schema<T>, max: number, min = 0): Schema<readonly T[]> {
  return {
    parse(value, at) {
      if (!isCborArray(value)) throw wrong(at, `expected an array, got ${describe(value)}`);
      if (value.length < min || value.length > max) {
        throw wrong(at, `expected ${min} to ${max} items, got ${value.length}`);
      }
      return Object.freeze(value.map((each, i) => item.parse(each, `${at}[${i}]`)));
    },
    encode: (items) => items.map((each) => item.encode(each)),
  };
}

/** Map of names that the writer chose, 1 … `max` of them, to values of one schema. */
export function mapOf<T>(item: Schema<T>, max: number, name = text(1, 128)): Schema<ReadonlyMap<string, T>> {
  return {
    parse(value, at) {
      const entries = mapAt(value, at);
      if (entries.size < 1 || entries.size > max) {
        throw wrong(
          at,
          `expected 1 to ${max} entries, got ${entries.size}; leave the field out when there are none`,
        );
      }
      const out = new Map<string, T>();
      for (const [key, each] of entries) {
        const place = `${at}[${describe(key)}]`;
        out.set(name.parse(key, place), item.parse(each, place));
      }
      return out;
    },
    encode: (entries) => new Map([...entries].map(([key, each]) => [key, item.encode(each)])),
  };
}

type Fields = Readonly<Record<string, Schema<unknown>>>;
type Required<R extends Fields> = { readonly [K in keyof R]: Of<R[K]> };
type Optional<O extends Fields> = { readonly [K in keyof O]?: Of<O[K]> };

/** Map with exactly these text keys; an unknown key is refused, never skipped. */
export function record<R extends Fields>(required: R): Schema<Required<R>>;
export function record<R extends Fields, O extends Fields>(
  required: R,
  optional: O,
): Schema<Required<R> & Optional<O>>;
export function record(required: Fields, optional: Fields = {}): Schema<object> {
  const fields = new Map(Object.entries({ ...required, ...optional }));
  return {
    parse(value, at) {
      const given = mapAt(value, at);
      if (given.size === 0 && Object.keys(required).length === 0) {
        throw wrong(at, 'the map is empty; leave it out');
      }
      const out: Record<string, unknown> = {};
      let found = 0;
      for (const [name, field] of fields) {
        const each = given.get(name);
        if (each !== undefined) {
          out[name] = field.parse(each, at === '' ? name : `${at}.${name}`);
          found++;
        } else if (Object.hasOwn(required, name)) {
          throw wrong(at === '' ? name : `${at}.${name}`, 'the field is missing');
        }
      }
      if (found !== given.size) throw unknownField(given, fields, at);
      return Object.freeze(out);
    },
    encode(object) {
      const out = new Map<string, CborValue>();
      for (const [name, each] of Object.entries<unknown>({ ...object })) {
        if (each === undefined) continue;
        const field = fields.get(name);
        if (field === undefined) throw wrong(name, 'no such field');
        out.set(name, field.encode(each));
      }
      return out;
    },
  };
}

/** A schema with a rule between its fields; the rule throws `wrong(…)`. */
export function checked<T>(schema: Schema<T>, rule: (value: T, at: string) => void): Schema<T> {
  return {
    parse(value, at) {
      const read = schema.parse(value, at);
      rule(read, at);
      return read;
    },
    encode: (value) => schema.encode(value),
  };
}

/** A schema for what CBOR already spells as itself: encoding changes nothing. */
export function plainSchema<T extends CborValue>(parse: (value: CborValue, at: string) => T): Schema<T> {
  return { parse, encode: (value) => value };
}

/** A few words about a value that was not what it should be; never all of a stranger's text. */
export function describe(value: CborValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(printable(value, 40));
  if (value instanceof Uint8Array) return `a byte string of ${value.length} bytes`;
  if (isCborArray(value)) return 'an array';
  if (isCborMap(value)) return 'a map';
  return typeof value === 'object' ? 'a tagged item' : String(value);
}

function boundedText(value: CborValue, at: string, min: number, max: number): string {
  if (typeof value !== 'string') throw wrong(at, `expected text, got ${describe(value)}`);
  if (!value.isWellFormed()) throw wrong(at, HALF_A_PAIR);
  const length = utf8Length(value);
  if (length >= min && length <= max) return value;
  throw wrong(at, `expected text of ${min} to ${max} bytes, got ${length}`);
}

/** Bytes of well-formed text in UTF-8: UTF-16 units, plus what each needs beyond one byte. */
export function utf8Length(string: string): number {
  let length = string.length;
  for (let i = 0; i < string.length; i++) {
    const unit = string.charCodeAt(i);
    // Each half of a surrogate pair stands for two of the four bytes.
    if (unit > 0x7f) length += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return length;
}

function mapAt(value: CborValue, at: string): CborMap {
  if (isCborMap(value)) return value;
  throw wrong(at, `expected a map, got ${describe(value)}`);
}

function unknownField(given: CborMap, fields: ReadonlyMap<string, unknown>, at: string): Refusal {
  for (const name of given.keys()) {
    if (typeof name !== 'string') return wrong(at, `the key ${name} is not text`);
    if (!fields.has(name)) return wrong(at, `unknown field ${describe(name)}; leave it out`);
  }
  return wrong(at, 'a field occurs twice');
}
