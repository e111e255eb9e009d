/**
 * Evaluates the conditions of a policy with the keys that an event gives. If the event does not give a key, or the operator is
 * not known here, the result is `maybe`: a key that is missing in the record may have been present in the request.
 */
import { BlockList, isIP } from 'node:net';
import type { Condition } from './policy.ts';
import { not, some, truth, type Truth } from './truth.ts';
import { matchesArn, matchesWild } from './wildcard.ts';

/** The condition keys that an event gives of a request: key in lower case → value. */
export type Context = ReadonlyMap<string, string>;

type Test = (value: string, wanted: string) => Truth;

const same: Test = (value, wanted) => truth(value === wanted);
const sameFold: Test = (value, wanted) => truth(value.toLowerCase() === wanted.toLowerCase());
const like: Test = (value, wanted) => truth(matchesWild(wanted, value));
const arnLike: Test = (value, wanted) => truth(matchesArn(wanted, value));
const inRange: Test = (value, wanted) => {
  const family = isIP(value);
  const [net = '', bits, ...rest] = wanted.split('/');
  const most = isIP(net) === 4 ? 32 : 128;
  const length = bits === undefined ? most : Number(bits);
  if (family === 0 || isIP(net) === 0 || rest.length > 0 || !/^\d{1,3}$/.test(bits ?? '0') || length > most)
    return 'maybe';
  if (family !== isIP(net)) return 'no';
  const list = new BlockList();
  list.addSubnet(net, length, family === 4 ? 'ipv4' : 'ipv6');
  return truth(list.check(value, family === 4 ? 'ipv4' : 'ipv6'));
};

/** Compares times. Both are ISO 8601, or seconds since 1970. */
const compared =
  (inOrder: (a: number, b: number) => boolean): Test =>
  (value, wanted) => {
    const [a, b] = [timeOf(value), timeOf(wanted)];
    return a === undefined || b === undefined ? 'maybe' : truth(inOrder(a, b));
  };

/** Operators by name. One with `not` holds if none of the values matches. */
const OPERATORS: ReadonlyMap<string, { readonly test: Test; readonly not?: true }> = new Map([
  ['StringEquals', { test: same }],
  ['StringNotEquals', { test: same, not: true }],
  ['StringEqualsIgnoreCase', { test: sameFold }],
  ['StringNotEqualsIgnoreCase', { test: sameFold, not: true }],
  ['StringLike', { test: like }],
  ['StringNotLike', { test: like, not: true }],
  ['ArnEquals', { test: arnLike }],
  ['ArnLike', { test: arnLike }],
  ['ArnNotEquals', { test: arnLike, not: true }],
  ['ArnNotLike', { test: arnLike, not: true }],
  ['Bool', { test: sameFold }],
  ['IpAddress', { test: inRange }],
  ['NotIpAddress', { test: inRange, not: true }],
  ['DateEquals', { test: compared((a, b) => a === b) }],
  ['DateNotEquals', { test: compared((a, b) => a === b), not: true }],
  ['DateLessThan', { test: compared((a, b) => a < b) }],
  ['DateLessThanEquals', { test: compared((a, b) => a <= b) }],
  ['DateGreaterThan', { test: compared((a, b) => a > b) }],
  ['DateGreaterThanEquals', { test: compared((a, b) => a >= b) }],
]);

/** Whether one condition holds of a request. */
export function holds({ operator, key, values }: Condition, context: Context, variables: boolean): Truth {
  const value = context.get(key.toLowerCase());
  if (operator === 'Null')
    return value === undefined ? 'maybe' : some(values.map((each) => truth(each.toLowerCase() === 'false')));
  // IfExists changes only what happens without the key, and that is `maybe` here.
  const known = OPERATORS.get(operator.replace(/IfExists$/, ''));
  if (known === undefined || value === undefined) return 'maybe';
  const matched = some(
    values.map((each) => {
      const wanted = variables ? resolved(each, context) : each;
      return wanted === undefined ? 'maybe' : known.test(value, wanted);
    }),
  );
  return known.not === true ? not(matched) : matched;
}

/** A text with its variables filled in. Undefined if a variable has no known value, or its value contains a wildcard. */
export function resolved(text: string, context: Context): string | undefined {
  let known = true;
  const filled = text.replaceAll(/\$\{([^{}]*)\}/g, (_whole, name: string) => {
    const value = context.get(name.toLowerCase());
    known &&= value !== undefined && !/[*?]/.test(value);
    return value ?? '';
  });
  return known && !filled.includes('${') ? filled : undefined;
}

function timeOf(text: string): number | undefined {
  if (/^\d{1,12}$/.test(text)) return Number(text) * 1_000;
  const ms = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text)
    ? Date.parse(text)
    : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
