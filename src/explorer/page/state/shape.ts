/**
 * Shapes of what a server says: each member that a page reads is looked at before. An answer of another shape is the server's fault,
 * and is told as such; it is never a bug of the page.
 */

/** Where a value is not as it should be, as `rows[3].since`; undefined where it is. `at`: where the value stands. */
export type Check = (value: unknown, at?: string) => string | undefined;

/** An answer that no page can use. */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

/** Throws `WrongAnswer` for a value of another shape. */
export function assertShape(check: Check, value: unknown): void {
  const wrong = check(value);
  if (wrong !== undefined)
    throw new WrongAnswer(`it answers in a form that this page does not know: ${wrong}`);
}

const are =
  (isRight: (value: unknown) => boolean): Check =>
  (value, at = 'all of it') =>
    isRight(value) ? undefined : at;

export const text = are((value) => typeof value === 'string');
export const flag = are((value) => typeof value === 'boolean');
/** Also a time, in POSIX seconds. */
export const whole = are((value) => Number.isSafeInteger(value) && Number(value) >= 0);

export function oneOf(words: readonly string[]): Check {
  return are((value) => typeof value === 'string' && words.includes(value));
}

export function orNull(check: Check): Check {
  return (value, at) => (value === null ? undefined : check(value, at));
}

export function list(check: Check): Check {
  return (value, at = '') => {
    if (!Array.isArray(value)) return at;
    for (const [i, each] of value.entries()) {
      const wrong = check(each, `${at}[${i}]`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
}

export function shape(members: Readonly<Record<string, Check>>): Check {
  return (value, at = '') => {
    if (!isObject(value)) return at === '' ? 'all of it' : at;
    for (const [name, check] of Object.entries(members)) {
      const wrong = check(Reflect.get(value, name), at === '' ? name : `${at}.${name}`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
}

/** An object with some of these names, each with a number. */
export function counts(names: readonly string[]): Check {
  return (value, at = '') => {
    if (!isObject(value)) return at;
    for (const [name, count] of Object.entries(value))
      if (!names.includes(name) || whole(count) !== undefined) return `${at}.${name}`;
    return undefined;
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
