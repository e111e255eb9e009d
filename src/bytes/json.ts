/**
 * JSON without its traps (RFC 8259 §4, §6; I-JSON, RFC 7493), so that every parser reads the same: a name given twice is
 * refused, where JSON.parse silently takes the last; numbers keep their text, where 12345678901234567890 and …891 would
 * become one; lone surrogates are refused, since they have no UTF-8; and nesting is bounded.
 */
import { refuse, type Refusal } from './refusal.ts';
import { HALF_A_PAIR } from './text.ts';

/** The text of a number that is a fraction, beyond ±(2^53−1), or not written as a whole number (`1.0`, `1e3`, `-0`). */
export interface NumberText {
  readonly number: string;
}

/** Objects are maps, in the order of the text. */
export type JsonValue = JsonScalar | readonly JsonValue[] | ReadonlyMap<string, JsonValue>;
export type JsonScalar = string | number | boolean | null | NumberText;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** Finds where a string ends, in linear time; JSON.parse then checks its escapes and characters. */
const STRING = /"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const SPACE = /[ \t\n\r]*/y;
const WORDS: readonly (readonly [string, JsonValue])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

/** How deep objects and lists may lie in one another, and what to do about a text in which they lie deeper. */
export interface Nesting {
  readonly most: number;
  readonly advice: string;
  /** Most values in all; any number without it. A text of a stranger may be all empty objects, of which each takes some 300 bytes here. */
  readonly values?: number;
  /** Names of members that are read over, at any depth: the tree does not have them. */
  readonly skip?: ReadonlySet<string>;
}

/** Reads a JSON text. Refuses `malformed-text`, with line and column, and `too-large` for more values than allowed. */
export function parseJson(text: string, nesting: Nesting): JsonValue {
  const reader = new JsonReader(text, nesting);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** A number by its text: whole and exact as itself, any other as the text. */
export function numberOf(text: string): JsonValue {
  const n = Number(text);
  return /^(?:0|-?[1-9][0-9]*)$/.test(text) && Number.isSafeInteger(n) ? n : { number: text };
}

class JsonReader {
  readonly #text: string;
  readonly #nesting: Nesting;
  #at = 0;
  #values = 0;

  constructor(text: string, nesting: Nesting) {
    this.#text = text;
    this.#nesting = nesting;
  }

  value(depth: number): JsonValue {
    const { most, advice, values = Infinity } = this.#nesting;
    if (++this.#values > values) throw refuse('too-large', `the JSON has more than ${values} values`);
    if (depth > most) throw this.#fault(`objects and lists are nested deeper than ${most}; ${advice}`);
    this.#take(SPACE);
    const next = this.#text[this.#at];
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#list(depth);
    if (next === '"') return this.#string();
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    const number = this.#take(NUMBER);
    if (number === '') throw this.#fault('expected a JSON value');
    return numberOf(number);
  }

  end(): void {
    this.#take(SPACE);
    if (this.#at < this.#text.length) throw this.#fault('there is more after the JSON value');
  }

  #object(depth: number): JsonValue {
    const members = new Map<string, JsonValue>();
    this.#at++;
    if (this.#ends('}')) return members;
    do {
      this.#take(SPACE);
      const start = this.#at;
      const name = this.#string();
      if (members.has(name)) {
        this.#at = start;
        throw this.#fault(`the name ${JSON.stringify(name)} is given twice; keep one`);
      }
      this.#take(SPACE);
      if (this.#text[this.#at] !== ':') throw this.#fault('expected a colon');
      this.#at++;
      const value = this.value(depth + 1);
      if (this.#nesting.skip?.has(name) !== true) members.set(name, value);
    } while (this.#goesOn('}'));
    return members;
  }

  #list(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.#at++;
    if (this.#ends(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.#goesOn(']'));
    return items;
  }

  #string(): string {
    const start = this.#at;
    const source = this.#take(STRING);
    if (source === '') throw this.#fault('expected a string');
    const text = parseString(source);
    if (text?.isWellFormed() === true) return text;
    this.#at = start;
    if (text === undefined)
      throw this.#fault('the string has a control character or an escape that JSON lacks');
    throw this.#fault(HALF_A_PAIR);
  }

  /** Whether a closing bracket comes at once. */
  #ends(close: string): boolean {
    this.#take(SPACE);
    if (this.#text[this.#at] !== close) return false;
    this.#at++;
    return true;
  }

  /** After a member: true past a comma, false past the closing bracket. */
  #goesOn(close: string): boolean {
    if (this.#ends(close)) return false;
    if (this.#text[this.#at] !== ',') throw this.#fault(`expected , or ${close}`);
    this.#at++;
    return true;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }

  #fault(what: string): Refusal {
    const before = this.#text.slice(0, this.#at).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    return refuse('malformed-text', `line ${before.length}, column ${column}: ${what}`);
  }
}

function parseString(source: string): string | undefined {
  try {
    const text: unknown = JSON.parse(source);
    return typeof text === 'string' ? text : undefined;
  } catch {
    return undefined;
  }
}
