/** Equality, order and arithmetic, with what each costs. */
import { MAX_ITEMS, MAX_TEXT, textCost, Unjudged, type Meter } from './meter.ts';
import { Between, kindOf, listOf, mapOf, type Cel, type ListView, type MapView, Unknown } from './value.ts';

/**
 * CEL's equality: numbers are compared by value, whatever their type; values of other different types are unequal.
 * Costs a unit for each pair that is compared, and the lengths of texts and names. Collections of different sizes are
 * unequal without a comparison of their items.
 */
export function equal(a: Cel, b: Cel, meter: Meter): boolean {
  meter.spend(1);
  if (typeof a === 'string' && typeof b === 'string') {
    meter.spend(textCost(Math.min(a.length, b.length)));
    return a === b;
  }
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0;
  if (a instanceof Unknown || b instanceof Unknown) throw unknown(a, b);
  if (a instanceof Between || b instanceof Between) return compareBounds(a, b) === 0;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [list, otherList] = [listOf(a), listOf(b)];
  if (list !== undefined && otherList !== undefined) return equalLists(list, otherList, meter);
  const [map, otherMap] = [mapOf(a), mapOf(b)];
  return map !== undefined && otherMap !== undefined && equalMaps(map, otherMap, meter);
}

function equalLists(a: ListView, b: ListView, meter: Meter): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!equal(a.at(i), b.at(i), meter)) return false;
  return true;
}

function equalMaps(a: MapView, b: MapView, meter: Meter): boolean {
  if (a.names.length !== b.names.length) return false;
  for (const name of a.names) {
    meter.spend(textCost(name.length));
    const [value, other] = [a.get(name), b.get(name)];
    if (value === undefined || other === undefined || !equal(value, other, meter)) return false;
  }
  return true;
}

/** Below 0, 0 or above 0; NaN if the values have no order. Texts are ordered by code points. */
export function compare(a: Cel, b: Cel, meter: Meter): number {
  if (typeof a === 'string' && typeof b === 'string') {
    meter.spend(textCost(Math.min(a.length, b.length)));
    return compareTexts(a, b);
  }
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b);
  if (a instanceof Between || b instanceof Between) return compareBounds(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  throw new Unjudged(`${kindOf(a)} and ${kindOf(b)} have no order`);
}

/**
 * Numbers of which only bounds are known have an order where the bounds of one end before those of the other begin; else it
 * depends on what is not known, and there is no answer.
 */
function compareBounds(a: Cel, b: Cel): number {
  const [x, y] = [boundsOf(a), boundsOf(b)];
  if (x === undefined || y === undefined) throw new Unjudged(`${kindOf(a)} and ${kindOf(b)} have no order`);
  if (y.most !== undefined && compareNumbers(x.least, y.most) > 0) return 1;
  if (x.most !== undefined && compareNumbers(x.most, y.least) < 0) return -1;
  throw new Unjudged([a, b].find((each) => each instanceof Between)?.why ?? '');
}

function boundsOf(
  value: Cel,
): { readonly least: bigint | number; readonly most: bigint | number | undefined } | undefined {
  if (value instanceof Between) return value;
  return isNumber(value) ? { least: value, most: value } : undefined;
}

function unknown(a: Cel, b: Cel): Unjudged {
  return new Unjudged([a, b].find((each) => each instanceof Unknown)?.why ?? '');
}

/**
 * A whole number is converted to the nearest double to compare it with a double, as CEL's conformance tests require.
 */
function compareNumbers(a: bigint | number, b: bigint | number): number {
  const [x, y] = typeof a === typeof b ? [a, b] : [Number(a), Number(b)];
  return x < y ? -1 : x > y ? 1 : x === y ? 0 : NaN;
}

function compareTexts(a: string, b: string): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    // A half of a surrogate pair stands for a code point above all others.
    if (x !== y) return rankOf(x) - rankOf(y);
  }
  return a.length - b.length;
}

function rankOf(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);

export function inRange(value: bigint): bigint {
  if (value > MAX_INT || value < MIN_INT) throw new Unjudged('a whole number is beyond 64 bits');
  return value;
}

type Arithmetic = '+' | '-' | '*' | '/' | '%';

export function calculate(op: Arithmetic, a: Cel, b: Cel, meter: Meter): Cel {
  if (typeof a === 'bigint' && typeof b === 'bigint') return inRange(whole(op, a, b));
  if (typeof a === 'number' && typeof b === 'number' && op !== '%')
    return op === '+' ? a + b : op === '-' ? a - b : op === '*' ? a * b : a / b;
  if (a instanceof Between && typeof b === 'bigint' && (op === '+' || op === '-')) {
    const by = (bound: bigint): bigint => inRange(whole(op, bound, b));
    return new Between(by(a.least), a.most === undefined ? undefined : by(a.most), a.why);
  }
  if (op === '+' && typeof a === 'string' && typeof b === 'string') {
    const length = a.length + b.length;
    meter.spend(textCost(length));
    if (length > MAX_TEXT) throw new Unjudged(`a text is longer than ${MAX_TEXT}`);
    return a + b;
  }
  const [left, right] = [listOf(a), listOf(b)];
  if (op === '+' && left !== undefined && right !== undefined) {
    const length = left.length + right.length;
    meter.spend(length);
    if (length > MAX_ITEMS) throw new Unjudged(`a list is longer than ${MAX_ITEMS}`);
    return Array.from({ length }, (_, i) => (i < left.length ? left.at(i) : right.at(i - left.length)));
  }
  throw new Unjudged(`${kindOf(a)} ${op} ${kindOf(b)} is nothing`);
}

function whole(op: Arithmetic, a: bigint, b: bigint): bigint {
  if (op === '+') return a + b;
  if (op === '-') return a - b;
  if (op === '*') return a * b;
  if (b === 0n) throw new Unjudged('a division by zero');
  return op === '/' ? a / b : a % b;
}

function isNumber(value: Cel): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

/** `int(…)`, `double(…)` and `string(…)`. A double is never turned into text, because its text is not unique. */
export function convert(to: string, value: Cel, meter: Meter): Cel {
  if (typeof value === 'string') {
    meter.spend(textCost(value.length));
    if (to === 'string') return value;
    if (to === 'int' && /^-?[0-9]{1,19}$/.test(value)) return inRange(BigInt(value));
    if (to === 'double' && /^-?[0-9]{1,32}(?:\.[0-9]{1,32})?(?:[eE][+-]?[0-9]{1,3})?$/.test(value))
      return Number(value);
  } else {
    if (to === 'string' && (typeof value === 'bigint' || typeof value === 'boolean')) return String(value);
    if (to === 'int' && typeof value === 'bigint') return value;
    if (to === 'int' && typeof value === 'number' && Math.abs(value) < 2 ** 63)
      return BigInt(Math.trunc(value));
    if (to === 'double' && isNumber(value)) return Number(value);
  }
  throw new Unjudged(`${to}(…) of this ${kindOf(value)} is nothing`);
}
