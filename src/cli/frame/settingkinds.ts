/**
 * The kinds of rows that the table of settings is made of: how each is written, read and described.
 */
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import { parseDecimal } from '../../bytes/text.ts';

/** How a value is written: once, as a switch, or several times (a YAML list; blanks between in the environment). */
export type Shape = 'one' | 'switch' | 'many';

/** What a setting's value can be. */
export type SettingValue = string | number | boolean | readonly string[] | undefined;

/** One row of the table. Flag, variable and file key all derive from `name`. */
export interface Setting<T extends SettingValue = SettingValue> {
  /** Key in the file and in `Config`: camelCase. */
  readonly name: string;
  readonly shape: Shape;
  /** Placeholder in the help: `<dir>`. Empty for a switch. */
  readonly hint: string;
  readonly help: string;
  /** Value when it is given nowhere. */
  readonly fallback: T;
  /** That value in words; empty when there is none. */
  readonly otherwise: string;
  /** Whether relative paths are taken from the file's own folder when the file says them. */
  readonly path: boolean;
  /** Reads the written texts, never empty; throws `config-invalid`, saying what was expected. */
  readonly parse: (texts: readonly string[]) => T;
}

function bad(what: string): Refusal {
  return refuse('config-invalid', what);
}

function single<T extends SettingValue>(
  name: string,
  hint: string,
  help: string,
  fallback: T,
  parse: (text: string) => T,
): Setting<T> {
  const first = (texts: readonly string[]): T => {
    const [only] = texts;
    if (only === undefined || texts.length > 1) throw bad('expected one value');
    if (only === '') throw bad('is empty; leave it out instead');
    return parse(only);
  };
  const otherwise = fallback === undefined ? '' : String(fallback);
  return { name, shape: 'one', hint, help, fallback, otherwise, path: false, parse: first };
}

export function text(name: string, hint: string, help: string, fallback: string): Setting<string> {
  return single(name, hint, help, fallback, String);
}

export function optional(
  name: string,
  hint: string,
  help: string,
  otherwise = '',
): Setting<string | undefined> {
  return { ...single<string | undefined>(name, hint, help, undefined, String), otherwise };
}

export function path(name: string, hint: string, help: string, fallback: string): Setting<string> {
  return { ...text(name, hint, help, fallback), path: true };
}

export function optionalPath(
  name: string,
  hint: string,
  help: string,
  otherwise = '',
): Setting<string | undefined> {
  return { ...optional(name, hint, help, otherwise), path: true };
}

export function url(name: string, help: string, otherwise: string): Setting<string | undefined> {
  return { ...single<string | undefined>(name, '<url>', help, undefined, readUrl), otherwise };
}

function readUrl(value: string): string {
  const parsed = URL.parse(value);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) throw bad('expected an http:// or https:// URL');
  if (parsed.username !== '' || parsed.password !== '') throw bad('a password in a URL ends up in logs');
  if (parsed.search !== '' || parsed.hash !== '') throw bad('expected a URL without ? and #');
  return value.replace(/\/+$/, '');
}

/** A URL, or a path of this machine. What looks like a URL and is none is refused, and not taken for a path. */
export function place(name: string, help: string, otherwise: string): Setting<string | undefined> {
  const row = single<string | undefined>(name, '<place>', help, undefined, (value) =>
    isUrl(value) ? readUrl(value) : value,
  );
  return { ...row, otherwise, path: true };
}

/** Whether a text is a URL rather than a path: it begins with a scheme and `://`. */
export function isUrl(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(value);
}

export function whole(
  name: string,
  hint: string,
  help: string,
  fallback: number,
  min: number,
  max: number,
): Setting<number> {
  return single(name, hint, help, fallback, (value) => {
    const n = parseDecimal(value);
    if (n < min || n > max) throw bad(`expected ${min} to ${max}`);
    return n;
  });
}

export function toggle(name: string, help: string): Setting<boolean> {
  const row = single(name, '', help, false, (value) => {
    if (value !== 'true' && value !== 'false') throw bad('expected true or false');
    return value === 'true';
  });
  return { ...row, shape: 'switch' };
}

export function choice(
  name: string,
  help: string,
  fallback: string,
  choices: readonly string[],
): Setting<string> {
  return single(name, '<level>', `${help}: ${choices.join(', ')}`, fallback, (value) => {
    if (!choices.includes(value)) throw bad(`expected one of ${choices.join(', ')}`);
    return value;
  });
}

export function many(name: string, hint: string, help: string): Setting<readonly string[]> {
  return {
    name,
    shape: 'many',
    hint,
    help,
    fallback: [],
    otherwise: '',
    path: false,
    parse: (texts) => [...texts],
  };
}
