/**
 * What PyYAML (6.0, resolver.py and constructor.py) makes of a plain scalar: YAML 1.1, where `yes` is true, `010` is 8, `22:22` is
 * 1342 and `1e3` a text. Each value has one spelling here, whichever it has in the file.
 */
import type { NumberText } from '../../../bytes/json.ts';
import type { Scalar } from '../../leaf.ts';

/** A date, or a date with a time, in ISO 8601 as Python's `isoformat` prints it. */
export class Timestamp {
  readonly iso: string;

  constructor(iso: string) {
    this.iso = iso;
  }
}

/** Ciphertext of ansible-vault. */
export class Sealed {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const BOOL = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const INT =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const NULL = /^(?:~|null|Null|NULL|)$/;
const DATE = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/;
const TIME =
  /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?$/;

/** The value of a plain scalar; undefined if PyYAML refuses it. */
export function plainValue(source: string): Scalar | Timestamp | undefined {
  if (BOOL.test(source)) return /^(?:y|t|on$)/i.test(source);
  if (FLOAT.test(source)) return floatOf(source);
  if (INT.test(source)) return intOf(source);
  if (NULL.test(source)) return null;
  if (DATE.test(source) || TIME.test(source)) return timestampOf(source);
  // These have tags for which PyYAML makes nothing.
  return source === '=' || source === '<<' ? undefined : source;
}

function intOf(source: string): Scalar | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(source.replaceAll('_', '')) ?? [];
  const whole = wholeOf(digits);
  return whole === undefined ? undefined : scalarOf(sign === '-' ? -whole : whole);
}

/** A whole number: itself within ±(2^53−1), else its digits. */
export function scalarOf(whole: bigint): number | NumberText {
  const n = Number(whole);
  return Number.isSafeInteger(n) ? n : { number: String(whole) };
}

function wholeOf(digits: string): bigint | undefined {
  if (digits === '0') return 0n;
  if (digits.startsWith('0b')) return digits.length > 2 ? BigInt(digits) : undefined;
  if (digits.startsWith('0x')) return digits.length > 2 ? BigInt(digits) : undefined;
  if (digits.startsWith('0')) return BigInt(`0o${digits}`);
  return digits.split(':').reduce((sum, each) => sum * 60n + BigInt(each), 0n);
}

function floatOf(source: string): Scalar | undefined {
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/.exec(source.replaceAll('_', '').toLowerCase()) ?? [];
  const negative = sign === '-' ? -1 : 1;
  if (digits === '.inf') return { number: negative < 0 ? '-inf' : 'inf' };
  if (digits === '.nan') return { number: 'nan' };
  const value = digits.split(':').reduce((sum, each) => sum * 60 + Number(each), 0);
  return Number.isNaN(value) || digits === '.' ? undefined : { number: pythonFloat(negative * value) };
}

/** A float as Python prints it: `1.0`, `1e+16`, `1e-07`. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const [digits = '0', power = '0'] = Math.abs(value).toExponential().split('e');
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 16) {
    const plain = Math.abs(value).toFixed(Math.max(1, digits.replace('.', '').length - 1 - exponent));
    return sign + plain;
  }
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${sign}${digits}e${exponent < 0 ? '-' : '+'}${size}`;
}

function timestampOf(source: string): Timestamp | undefined {
  const [, year = '', month = '', day = '', ...time] = DATE.exec(source) ?? TIME.exec(source) ?? [];
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  if (!isDay(date) || Number(year) === 0) return undefined;
  if (time.length === 0) return new Timestamp(date);
  const [
    hour = '',
    minute = '',
    second = '',
    fraction = '',
    zone,
    sign = '',
    zoneHour = '',
    zoneMinute = '00',
  ] = time;
  const zoned = Number(zoneHour) * 60 + Number(zoneMinute);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59 || zoned >= 1440) return undefined;
  const micro = fraction.slice(0, 6).padEnd(6, '0');
  // No offset has a sign in Python where it is zero.
  const offset = zone === 'Z' || zoned === 0 ? '+00:00' : `${sign}${clock(zoned)}`;
  return new Timestamp(
    `${date}T${hour.padStart(2, '0')}:${minute}:${second}${micro === '000000' ? '' : `.${micro}`}${zone === undefined ? '' : offset}`,
  );
}

const two = (n: number): string => String(n).padStart(2, '0');

function clock(minutes: number): string {
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function isDay(date: string): boolean {
  const at = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(date);
}
