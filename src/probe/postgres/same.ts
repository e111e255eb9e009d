/** Whether a text in a file or a declaration means the value that the server runs with. */
import { amountOf, booleanOf, wordOf } from '../../declare/sources/postgresql/values.ts';

/** A running value, as pg_settings has it. */
export interface Running {
  readonly raw: string;
  readonly unit: string;
  readonly type: string;
  /** Where the value comes from. */
  readonly source: string;
  /** The words of an enum. */
  readonly words?: readonly string[];
}

/** Settings of text that the server spells in its own way, and what of a text does not count. */
const PLAIN: ReadonlyMap<string, (text: string) => string> = new Map([
  ['datestyle', (text: string) => text.toLowerCase().replaceAll(/\s/g, '')],
  ['client_encoding', (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '')],
  // A sign turns a time zone around, so that nothing else is taken out.
  ['timezone', (text: string) => text.toLowerCase()],
  ['log_timezone', (text: string) => text.toLowerCase()],
]);

/** Units, words for on and off, and case may differ. */
export function isSame(name: string, text: string, running: Running): boolean {
  const { raw, unit, type, source, words = [] } = running;
  if (type === 'bool') return booleanOf(text) !== undefined && booleanOf(text) === booleanOf(raw);
  if (type === 'enum') return isSameWord(name, wordOf(words, text), raw);
  if (type === 'integer' || type === 'real') {
    if (text === '-1' && name === 'wal_buffers' && (source === 'default' || source === 'override'))
      return true;
    return isSameNumber(text, raw, unit, type);
  }
  const plain = PLAIN.get(name);
  return text === raw || (plain !== undefined && plain(text) === plain(raw));
}

function isSameWord(name: string, word: string, raw: string): boolean {
  // `on` is pglz to PostgreSQL 15 and later.
  if (name === 'wal_compression' && booleanOf(word) === true) return raw === 'pglz' || raw === 'on';
  return word.toLowerCase() === raw.toLowerCase();
}

function isSameNumber(text: string, raw: string, unit: string, type: 'integer' | 'real'): boolean {
  const [a, b] = [text, raw].map((each) => amountOf(each, type, unit)?.amount);
  if (a === undefined || b === undefined) return false;
  // The server shows six digits of a number that is no whole one.
  return a === b || (type === 'real' && Number(a.toPrecision(6)) === b);
}
