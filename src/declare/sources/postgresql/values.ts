/**
 * Values of PostgreSQL's settings: what a text in postgresql.conf means to the server, in the one spelling that SHOW prints
 * (src/backend/utils/misc/guc.c: parse_bool, parse_int, parse_real, convert_to_base_unit). The source `postgresql` spells with
 * it, and the probe compares with it.
 */
import { typeOf, type SettingType } from './types.ts';

/**
 * The truth value of a word. PostgreSQL takes any beginning of true, false, yes, no, on and off that is not the beginning of
 * another of them, in any case, and 1 and 0. Undefined: it takes this for no truth value.
 */
export function booleanOf(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (word === '') return undefined;
  if (word === '1' || word === 'on' || 'true'.startsWith(word) || 'yes'.startsWith(word)) return true;
  if (word === '0' || word === 'of' || word === 'off') return false;
  return 'false'.startsWith(word) || 'no'.startsWith(word) ? false : undefined;
}

/** Units with their size, the largest first: bytes, or microseconds. Their case counts. */
const BYTES: readonly (readonly [string, number])[] = [
  ['TB', 2 ** 40],
  ['GB', 2 ** 30],
  ['MB', 2 ** 20],
  ['kB', 2 ** 10],
  ['B', 1],
];
const TIMES: readonly (readonly [string, number])[] = [
  ['d', 8.64e10],
  ['h', 3.6e9],
  ['min', 6e7],
  ['s', 1e6],
  ['ms', 1e3],
  ['us', 1],
];

/** The units that a setting with this one takes; empty for none. */
export function unitsLike(unit: string): readonly string[] {
  return familyOf(unit).map(([name]) => name);
}

function familyOf(unit: string): typeof BYTES {
  const base = unit.replace(/^[0-9]+/, '');
  return [BYTES, TIMES].find((family) => family.some(([name]) => name === base)) ?? [];
}

/** The size of a unit, in bytes or microseconds: of `8kB` 8,192. 1 without a unit. */
function sizeOf(unit: string): number {
  const [, times = '', base = ''] = /^([0-9]*)([a-zA-Z]*)$/.exec(unit) ?? [];
  const size = familyOf(base).find(([name]) => name === base)?.[1] ?? 1;
  return size * Number(times || 1);
}

/** Rounds half to even, as C's rint does. */
function rint(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** A number as C reads it: strtol with base 0 (0x, and octal after 0), or else strtod, and what follows it. */
function numberOf(text: string, kind: 'integer' | 'real'): readonly [number, string] | undefined {
  const whole =
    /^[ \t\n\v\f\r]*([-+]?)(0[xX][0-9a-fA-F]{1,15}|0[0-7]{0,20}|[1-9][0-9]{0,19})(?![0-9.eE])(.*)$/s.exec(
      text,
    );
  if (kind === 'integer' && whole !== null) {
    const [, sign = '', digits = '', rest = ''] = whole;
    const value = /^0[0-7]/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
    return [sign === '-' ? -value : value, rest];
  }
  const found =
    /^[ \t\n\v\f\r]*([-+]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,3})?)(.*)$/s.exec(
      text,
    );
  if (found === null) return undefined;
  const [, digits = '', rest = ''] = found;
  // An integer whose first digit is 0 is octal, unless what follows its octal digits makes it a fraction.
  if (kind === 'integer' && /^[-+]?0[0-9]*[89]/.test(digits)) return undefined;
  const value = Number(digits);
  return Number.isFinite(value) ? [value, rest] : undefined;
}

/**
 * The value in the setting's own unit, whole for an integer; undefined if the server takes it for no number of this setting.
 * `named`: the unit that the text names; empty for none.
 */
export function amountOf(
  text: string,
  kind: 'integer' | 'real',
  unit: string,
): { readonly amount: number; readonly named: string } | undefined {
  const found = numberOf(text, kind);
  if (found === undefined) return undefined;
  const [value, rest] = found;
  const named = rest.replaceAll(/^[ \t\n\v\f\r]+|(?<![ \t\n\v\f\r])[ \t\n\v\f\r]+$/g, '');
  if (rest !== '' && named === '') return { amount: kind === 'integer' ? rint(value) : value, named: '' };
  if (named === '') return { amount: kind === 'integer' ? rint(value) : value, named };
  const family = familyOf(unit);
  const at = family.findIndex(([name]) => name === named);
  if (at < 0) return undefined;
  const own = sizeOf(unit);
  const factor = (index: number): number => (family[index]?.[1] ?? 1) / own;
  let amount = value * factor(at);
  // `30.1GB` is rounded to the next smaller unit.
  if (at + 1 < family.length) amount = rint(amount / factor(at + 1)) * factor(at + 1);
  return { amount: kind === 'integer' ? rint(amount) : amount, named };
}

/** An amount as SHOW prints it: in the largest unit that divides it. Zero and what is below it have no unit. */
function shown(amount: number, { kind, unit }: { kind: 'integer' | 'real'; unit: string }): string {
  if (unit === '' || amount <= 0) return String(amount === 0 ? 0 : amount);
  const own = sizeOf(unit);
  const isWhole = (size: number): boolean => {
    const times = (amount * own) / size;
    return kind === 'integer' ? Number.isInteger(times) : Math.abs(rint(times) / times - 1) <= 1e-8;
  };
  const family = familyOf(unit);
  // A fraction has the smallest unit there is; a whole number none below the setting's own.
  const found = family.find(([, size]) => (kind === 'integer' && size <= own) || isWhole(size));
  const [name, size] = found ?? family.at(-1) ?? [unit, own];
  const value = (amount * own) / size;
  return `${isWhole(size) ? rint(value) : value}${name}`;
}

/** What is wrong with the value of a setting, in words that continue its name. */
export interface Fault {
  readonly fault: string;
}

/** The value of a setting in its one spelling, where its type is known here; else the text itself. */
export function spelled(name: string, text: string): string | Fault {
  const type = typeOf(name);
  return type === undefined ? text : spelledAs(type, text);
}

function spelledAs(type: SettingType, text: string): string | Fault {
  if (type.kind === 'bool') {
    const truth = booleanOf(text);
    return truth === undefined ? { fault: 'is neither on nor off; write on or off' } : truth ? 'on' : 'off';
  }
  if (type.kind === 'enum') return wordOf(type.words, text);
  if (type.kind === 'mode') {
    const mode = amountOf(text, 'integer', '');
    if (mode === undefined) return { fault: 'is no file mode; write it in octal, such as 0600' };
    return `0${mode.amount.toString(8).padStart(3, '0')}`;
  }
  const { kind, unit } = type;
  const found = amountOf(text, kind, unit);
  if (found === undefined) return { fault: faultOf(unit) };
  // A count of blocks means what the server's block size makes of it, which no file says; a size is rounded to blocks by it.
  if (unit === '8kB' && found.named === '') return String(found.amount);
  if (unit === '8kB')
    return shown(amountOf(text, 'integer', 'B')?.amount ?? 0, { kind: 'integer', unit: 'B' });
  return shown(found.amount, type);
}

function faultOf(unit: string): string {
  const units = unitsLike(unit);
  if (units.length === 0) return 'is no number; write it in decimal, without a unit';
  return `is no number with a unit of PostgreSQL; write it in decimal, and one of ${units.join(', ')} after it`;
}

const TRUE = new Set(['on', 'true', 'yes', '1']);
const FALSE = new Set(['off', 'false', 'no', '0']);

/** A word of an enum in the server's spelling. Where on is a word, true, yes and 1 mean it. Another word stays as it is. */
export function wordOf(words: readonly string[], text: string): string {
  const low = text.toLowerCase();
  const found = words.find((word) => word.toLowerCase() === low);
  if (found !== undefined) return found;
  if (words.includes('on') && TRUE.has(low)) return 'on';
  if (words.includes('off') && FALSE.has(low)) return 'off';
  if (words.includes('debug2') && low === 'debug') return 'debug2';
  return text;
}
