/**
 * Plain scalars on which versions of YAML disagree, as Go reads them for JSON (go.yaml.in/yaml/v2, resolve.go, below
 * sigs.k8s.io/yaml): what helm renders is read by nothing else, and whoever installs a chart cannot write it otherwise.
 */
import { numberOf } from '../bytes/json.ts';
import type { Tree } from './leaf.ts';

const TRUE = /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const NULL = /^(?:~|null|Null|NULL|)$/;
/** JSON has none of these; `<<` is a merge key. */
const NONE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|<<)$/;
const INT = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

/** The meaning of a plain scalar; undefined if Go has no JSON for it. */
export function goMeaning(source: string): Tree | undefined {
  if (NONE.test(source)) return undefined;
  if (TRUE.test(source)) return true;
  if (FALSE.test(source)) return false;
  if (NULL.test(source)) return null;
  if (!/^[-+0-9.]/.test(source)) return source;
  // A date is a text to whoever asks for JSON.
  if (/^[0-9]{4}-/.test(source)) return source;
  const plain = source.startsWith('.') ? source : source.replaceAll('_', '');
  const [, sign = '', digits] = INT.exec(plain) ?? [];
  const whole = digits === undefined ? undefined : wholeOf(sign, digits);
  if (whole !== undefined) return numberOf(String(whole));
  if (!FLOAT.test(plain)) return source;
  // As Go's JSON prints it, which is how JavaScript does.
  const value = Number(plain);
  return Number.isFinite(value) ? numberOf(String(Object.is(value, -0) ? '-0' : value)) : source;
}

/** A number within int64, or without a sign within uint64; undefined beyond. */
function wholeOf(sign: string, digits: string): bigint | undefined {
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  const value = BigInt(octal.toLowerCase());
  if (sign === '-') return value <= 2n ** 63n ? -value : undefined;
  return value < (sign === '+' ? 2n ** 63n : 2n ** 64n) ? value : undefined;
}
