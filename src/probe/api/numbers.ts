/** Numbers of JSON by their text, compared exactly: as floats, 9007199254740993 would be …992, and 0.3 no multiple of 0.1. */
import type { Tree } from '../tree.ts';

/** `digits` × 10^`exponent`; zero has the exponent 0, and no other number has a last digit 0. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** Greatest exponent, either way, and most digits. Beyond, a number of a stranger would cost more than its text. */
const MAX_EXPONENT = 400;
const MAX_DIGITS = 400;

/** The number; undefined for what is none, or is beyond the bounds. */
export function decimalOf(tree: Tree): Decimal | undefined {
  if (typeof tree === 'number') return shortened(BigInt(tree), 0);
  if (typeof tree !== 'object' || tree === null || !('number' in tree)) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(tree.number) ?? [];
  const digits = whole + fraction;
  const shift = Number(exponent) - fraction.length;
  if (digits === '' || digits.length > MAX_DIGITS || Math.abs(shift) > MAX_EXPONENT) return undefined;
  return shortened(BigInt(sign + digits), shift);
}

export const isNumber = (tree: Tree): boolean =>
  typeof tree === 'number' || (typeof tree === 'object' && tree !== null && 'number' in tree);

function shortened(digits: bigint, exponent: number): Decimal {
  if (digits === 0n) return { digits, exponent: 0 };
  let [short, shift] = [digits, exponent];
  while (short % 10n === 0n) {
    short /= 10n;
    shift += 1;
  }
  return { digits: short, exponent: shift };
}

/** Both as whole numbers of one scale. */
function scaled(a: Decimal, b: Decimal): readonly [bigint, bigint] {
  const least = Math.min(a.exponent, b.exponent);
  const of = ({ digits, exponent }: Decimal): bigint => digits * 10n ** BigInt(exponent - least);
  return [of(a), of(b)];
}

/** Less than zero, zero, or greater, as a sort wants it. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const [x, y] = scaled(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** `of` is not zero. */
export function isMultiple(value: Decimal, of: Decimal): boolean {
  const [x, y] = scaled(value, of);
  return x % y === 0n;
}

export const isWhole = ({ exponent }: Decimal): boolean => exponent >= 0;
