/**
 * The kinds of rows in the table of settings (settings.ts): how each is written, parsed and described.
 */
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import { parseDecimal } from '../../bytes/text.ts';

/** How a value is written: once, as a switch, or several times (in YAML a list, in the environment separated by blanks). */
export type Shape = 'one' | 'switch' | 'many';

/** What a setting's value can be. */
export type SettingValue = string | number | boolean | readonly string[] | undefined;

/** One row of the table. Its flag, its variable and its key in the file derive from `name`. */
export interface Setting<T extends SettingValue = SettingValue> {
  /** Key in the file and in `Config`: camelCase. */
  readonly name: string;
  readonly shape: Shape;
  /** Placeholder in the help: `<dir>`. Empty for a switch. */
  readonly hint: string;
  readonly help: string;
  /** The value if none is given. */
  readonly fallback: T;
  /** That value in words; empty if there is none. */
  readonly otherwise: string;
  /** Whether the value is a path. A relative one in the file starts from the file's folder. */
  readonly path: boolean;
  /** The value of the written texts. Refuses `config-invalid`, naming what was expected. */
  readonly parse: (texts: readonly string[]) => T;
}

function bad(what: string): Refusal {
  return refuse('config-invalid', what);
}

/** A row from `name` or `name <placeholder>`, whose one text `parse` takes. */
function row<T extends SettingValue>(
  named: string,
  help: string,
  fallback: T,
  parse: (text: string) => T,
): Setting<T> {
  const [name = '', hint = ''] = named.split(' ');
  const first = (texts: readonly string[]): T => {
    const [only] = texts;
    if (only === undefined || texts.length > 1) throw bad('expected one value');
    if (only === '') throw bad('is empty; leave it out instead');
    return parse(only);
  };
  const otherwise = fallback === undefined ? '' : String(fallback);
  return { name, shape: 'one', hint, help, fallback, otherwise, path: false, parse: first };
}

/** A row without a default. `otherwise`: what applies if no value is given, in words. */
function maybe(
  named: string,
  help: string,
  otherwise = '',
  parse: (text: string) => string = String,
): Setting<string | undefined> {
  return { ...row<string | undefined>(named, help, undefined, parse), otherwise };
}

/** Returns the value of one setting. */
export type Reader = <T extends SettingValue>(setting: Setting<T>) => T;

/** A function for each kind of row; it describes the row and returns its value. `named`: `name <placeholder>`. */
export function kinds(read: Reader) {
  return {
    text: (named: string, help: string, fallback: string) => read(row(named, help, fallback, String)),
    optional: (named: string, help: string) => read(maybe(named, help)),
    path: (named: string, help: string, fallback: string) =>
      read({ ...row(named, help, fallback, String), path: true }),
    optionalPath: (named: string, help: string, otherwise?: string) =>
      read({ ...maybe(named, help, otherwise), path: true }),
    url: (named: string, help: string, otherwise: string) => read(maybe(named, help, otherwise, urlIn)),
    /** A URL or a path. A text with a scheme and `://` that is no valid URL is refused and not taken for a path. */
    place: (named: string, help: string, otherwise: string) =>
      read({
        ...maybe(named, help, otherwise, (value) => (isUrl(value) ? urlIn(value) : value)),
        path: true,
      }),
    whole: (named: string, help: string, [fallback, min, max]: readonly [number, number, number]) =>
      read(
        row(named, help, fallback, (value) => {
          const n = parseDecimal(value);
          if (n < min || n > max) throw bad(`expected ${min} to ${max}`);
          return n;
        }),
      ),
    toggle: (name: string, help: string) => read({ ...row(name, help, false, isTrue), shape: 'switch' }),
    choice: (named: string, help: string, fallback: string, choices: readonly string[]) =>
      read(
        row(named, `${help}: ${choices.join(', ')}`, fallback, (value) => {
          if (!choices.includes(value)) throw bad(`expected one of ${choices.join(', ')}`);
          return value;
        }),
      ),
    many: (named: string, help: string) =>
      read<readonly string[]>({
        ...row(named, help, undefined, String),
        shape: 'many',
        fallback: [],
        parse: (texts) => [...texts],
      }),
  };
}

function isTrue(value: string): boolean {
  if (value !== 'true' && value !== 'false') throw bad('expected true or false');
  return value === 'true';
}

function urlIn(value: string): string {
  const parsed = URL.parse(value);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) throw bad('expected an http:// or https:// URL');
  if (parsed.username !== '' || parsed.password !== '') throw bad('a password in a URL ends up in logs');
  if (parsed.search !== '' || parsed.hash !== '') throw bad('expected a URL without ? and #');
  return value.replace(/\/+$/, '');
}

/** Whether a text is a URL rather than a path: it begins with a scheme and `://`. */
export function isUrl(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(value);
}
