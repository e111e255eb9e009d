/** Keywords of a schema that judge a value by itself: its type, its bounds, its pattern, its members' names. */
import { isTreeList, isTreeMap } from '../../declare/leaf.ts';
import type { Tree, TreeMap } from '../tree.ts';
import { resolved, type Dialect } from './contract-ref.ts';
import { compareDecimals, decimalOf, isMultiple, isNumber, isWhole, type Decimal } from './numbers.ts';
import type { Work } from './work.ts';

export interface Asserted {
  readonly keyword: string;
  /** Undefined: the keyword's value is not understood. */
  readonly ok: boolean | undefined;
}

/** What keywords are judged in. */
export interface Setting {
  readonly contract: Tree;
  readonly dialect: Dialect;
  readonly work: Work;
}

type Judge = (given: Tree, value: Tree, schema: TreeMap, setting: Setting) => boolean | undefined;

/** The keywords that a schema has, each with whether the value fits it. Throws Doubt. */
export function asserted(schema: TreeMap, value: Tree, setting: Setting): readonly Asserted[] {
  const found: Asserted[] = [];
  for (const [keyword, judge] of KEYWORDS) {
    const given = schema.get(keyword);
    if (given === undefined) continue;
    found.push({ keyword, ok: judge(given, value, schema, setting) });
  }
  return found;
}

const TYPES: Readonly<Record<string, (value: Tree, dialect: Dialect) => boolean | undefined>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  string: (value) => typeof value === 'string',
  number: (value) => isNumber(value),
  integer: (value, dialect) => {
    if (typeof value === 'number') return true;
    const decimal = decimalOf(value);
    if (decimal === undefined) return isNumber(value) ? undefined : false;
    // 1.0 is one to 2020-12; to draft 4, which 3.0 took over, it is none.
    return isWhole(decimal) ? (dialect === '3.0' ? undefined : true) : false;
  },
  object: (value) => isTreeMap(value),
  array: (value) => isTreeList(value),
};

function ofType(given: Tree, value: Tree, schema: TreeMap, { dialect }: Setting): boolean | undefined {
  if (dialect === '3.0' && schema.get('nullable') === true && value === null) return true;
  const names = isTreeList(given) && dialect === '3.1' ? given : [given];
  const found = names.map((name) =>
    typeof name === 'string' && Object.hasOwn(TYPES, name) ? TYPES[name]?.(value, dialect) : undefined,
  );
  if (found.includes(true)) return true;
  return found.includes(undefined) ? undefined : false;
}

/** A bound of a number: `fits` takes what the comparison gives. Of what is no number it says nothing. */
function bound(fits: (order: number, schema: TreeMap) => boolean | undefined): Judge {
  return (given, value, schema) => {
    if (!isNumber(value)) return true;
    const [limit, number] = [decimalOf(given), decimalOf(value)];
    if (limit === undefined || number === undefined) return undefined;
    return fits(compareDecimals(number, limit), schema);
  };
}

/** `exclusive…` beside a bound: a truth value in 3.0. */
const isExclusive = (schema: TreeMap, name: string): boolean => schema.get(name) === true;

function exclusive(fits: (order: number) => boolean): Judge {
  return (given, value, schema, setting) =>
    setting.dialect === '3.0' && typeof given === 'boolean'
      ? true
      : bound((order) => fits(order))(given, value, schema, setting);
}

/** A whole number from 0, compared with a count of the value; undefined for a value that has none of the kind. */
function count(of: (value: Tree) => number | undefined, fits: (n: number, limit: number) => boolean): Judge {
  return (given, value) => {
    const n = of(value);
    if (n === undefined) return true;
    const limit = typeof given === 'number' ? given : wholeOf(decimalOf(given));
    return limit === undefined || limit < 0 ? undefined : fits(n, limit);
  };
}

const wholeOf = (decimal: Decimal | undefined): number | undefined =>
  decimal !== undefined && isWhole(decimal) && decimal.exponent < 15
    ? Number(decimal.digits) * 10 ** decimal.exponent
    : undefined;

/** In code points, as RFC 8259 counts characters. */
const lengthOf = (value: Tree): number | undefined =>
  typeof value === 'string' ? Array.from(value).length : undefined;
const sizeOf = (value: Tree): number | undefined => (isTreeList(value) ? value.length : undefined);
const membersOf = (value: Tree): number | undefined => (isTreeMap(value) ? value.size : undefined);
const most = (n: number, limit: number): boolean => n <= limit;
const least = (n: number, limit: number): boolean => n >= limit;

/** What ECMAScript and RE2 read differently. Lookarounds and back references RE2 does not take at all. */
const OTHERWISE = /\\[AzZQECGhHRXb]|\(\?[a-zA-Z-]*[:)](?<!\(\?:)|\[\[:|\(\?P|\\[sSwW]/;
const LINES = /[\r\u2028\u2029]|[^\0-\x7f]/;

function ofPattern(given: Tree, value: Tree, _schema: TreeMap, { work }: Setting): boolean | undefined {
  if (typeof value !== 'string') return true;
  if (typeof given !== 'string') return undefined;
  const isPlain = !LINES.test(value) || !/\\[sSwWbB]|\./.test(given);
  if (!isPlain || OTHERWISE.test(given.replaceAll(/\\[sSwW]/g, ''))) return undefined;
  return work.matches(value, given);
}

function ofRequired(given: Tree, value: Tree, schema: TreeMap, { contract }: Setting): boolean | undefined {
  if (!isTreeMap(value)) return true;
  if (!isTreeList(given)) return undefined;
  let known = true;
  for (const name of given) {
    if (typeof name !== 'string') known = false;
    else if (!value.has(name) && !isOfRequests(schema, name, contract)) return false;
  }
  return known ? true : undefined;
}

/** A member that is `writeOnly` is required of requests alone. */
function isOfRequests(schema: TreeMap, name: string, contract: Tree): boolean {
  const properties = schema.get('properties');
  const own = properties !== undefined && isTreeMap(properties) ? properties.get(name) : undefined;
  if (own === undefined || !isTreeMap(own)) return false;
  const reference = own.get('$ref');
  const there = reference === undefined ? own : resolved(contract, reference).tree;
  return isTreeMap(there) && there.get('writeOnly') === true;
}

function ofDependent(given: Tree, value: Tree): boolean | undefined {
  if (!isTreeMap(value)) return true;
  if (!isTreeMap(given)) return undefined;
  for (const [name, others] of given) {
    if (!value.has(name)) continue;
    if (!isTreeList(others) || others.some((each) => typeof each !== 'string')) return undefined;
    if (others.some((each) => typeof each === 'string' && !value.has(each))) return false;
  }
  return true;
}

const KEYWORDS: readonly (readonly [keyword: string, judge: Judge])[] = [
  ['type', ofType],
  [
    'enum',
    (given, value, _schema, { work }) =>
      isTreeList(given) ? work.textsOf(given).has(work.textOf(value)) : undefined,
  ],
  ['const', (given, value, _schema, { work }) => work.textOf(given) === work.textOf(value)],
  [
    'multipleOf',
    (given, value) => {
      if (!isNumber(value)) return true;
      const [of, number] = [decimalOf(given), decimalOf(value)];
      return of === undefined || number === undefined || of.digits <= 0n ? undefined : isMultiple(number, of);
    },
  ],
  ['maximum', bound((order, schema) => (isExclusive(schema, 'exclusiveMaximum') ? order < 0 : order <= 0))],
  ['minimum', bound((order, schema) => (isExclusive(schema, 'exclusiveMinimum') ? order > 0 : order >= 0))],
  ['exclusiveMaximum', exclusive((order) => order < 0)],
  ['exclusiveMinimum', exclusive((order) => order > 0)],
  ['maxLength', count(lengthOf, most)],
  ['minLength', count(lengthOf, least)],
  ['pattern', ofPattern],
  ['maxItems', count(sizeOf, most)],
  ['minItems', count(sizeOf, least)],
  [
    'uniqueItems',
    (given, value, _schema, { work }) => {
      if (given !== true || !isTreeList(value)) return typeof given === 'boolean' ? true : undefined;
      return work.textsOf(value).size === value.length;
    },
  ],
  ['maxProperties', count(membersOf, most)],
  ['minProperties', count(membersOf, least)],
  ['required', ofRequired],
  ['dependentRequired', ofDependent],
];
