/**
 * Values of INI inventories: what Python's `ast.literal_eval` makes of a text, and the text itself where it refuses it (ansible-core
 * 2.19, plugins/inventory/ini.py). Tuples, sets, bytes, complex numbers and texts with a prefix are refused: no YAML has them.
 */
import { scalarOf, pythonFloat } from './scalars.ts';
import { PyMap, type PyTree } from './pyyaml.ts';

/** A value; undefined where Python has one that no other file of Ansible could have. */
export function literalValue(source: string): PyTree | undefined {
  const reader = new LiteralReader(source.replace(/^[ \t]+/, ''));
  const read = reader.whole();
  if (read === ODD) return undefined;
  return read === NONE ? source : read;
}

/** Not a literal to Python. */
const NONE = Symbol('none');
/** A literal that is not read here. */
const ODD = Symbol('odd');
type Read = PyTree | typeof NONE | typeof ODD;

const NUMBER =
  /[+-]?[ \t]*(?:(0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+)|((?:[0-9](?:_?[0-9])*)?\.[0-9](?:_?[0-9])*(?:[eE][+-]?[0-9](?:_?[0-9])*)?|[0-9](?:_?[0-9])*\.?[eE][+-]?[0-9](?:_?[0-9])*|[0-9](?:_?[0-9])*\.)|(0(?:_?0)*|[1-9](?:_?[0-9])*))(?![0-9A-Za-z_.])/y;
const WORD = /(True|False|None)(?![0-9A-Za-z_])/y;
const TEXT = /'((?:[^'\\\n]|\\[^])*)'|"((?:[^"\\\n]|\\[^])*)"/y;
const SPACE = /[ \t\n]*/y;
const MAX_DEPTH = 50;

class LiteralReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Read {
    const text = this.#text;
    if (
      /^[rRbBuUfF]{1,2}['"]|^(?:'''|""")|^\.\.\.|^set\s*\(\s*\)|^[+-]?[0-9._]+(?:[eE][+-]?[0-9]+)?[jJ]|^[^'"]*[0-9][jJ]\s*(?:#.*)?$/s.test(
        text,
      )
    )
      return ODD;
    if (/^(?:[+-]\s*)?\(/.test(text)) return oddOrText(text);
    const value = this.#value(0);
    if (value === NONE || value === ODD) return value;
    this.#match(SPACE);
    const rest = text.slice(this.#at);
    if (rest === '' || rest.startsWith('#')) return value;
    // `80,443` is a tuple.
    if (rest.startsWith(',')) return oddOrText(rest);
    return /^['"]/.test(text) && /^['"]/.test(rest) ? ODD : NONE;
  }

  #value(depth: number): Read {
    if (depth > MAX_DEPTH) return ODD;
    this.#match(SPACE);
    const [word] = this.#match(WORD) ?? [];
    if (word !== undefined) return word === 'None' ? null : word === 'True';
    const number = this.#match(NUMBER);
    if (number !== undefined) return numberOf(number);
    const text = this.#match(TEXT);
    if (text !== undefined) return unescaped(text[1] ?? text[2] ?? '');
    const open = this.#text[this.#at];
    if (open === '[') return this.#list(depth);
    if (open === '{') return this.#map(depth);
    const isOdd = /^(?:(?:[+-]\s*)?\(|[rRbBuUfF]{1,2}['"]|set\s*\(|\.\.\.)/.test(
      this.#text.slice(this.#at, this.#at + 100),
    );
    return isOdd ? ODD : NONE;
  }

  #list(depth: number): Read {
    const items: PyTree[] = [];
    this.#at += 1;
    for (;;) {
      if (this.#takes(']')) return items;
      const item = this.#value(depth + 1);
      if (item === NONE || item === ODD) return item;
      items.push(item);
      if (!this.#takes(',') && !this.#isNext(']')) return this.#unfinished();
    }
  }

  #map(depth: number): Read {
    const map = new PyMap();
    this.#at += 1;
    for (;;) {
      if (this.#takes('}')) return map;
      const name = this.#value(depth + 1);
      if (name === NONE || name === ODD) return name;
      // `{1}` and `{'a', 'b'}` are sets.
      if (!this.#takes(':')) return this.#isNext(',') || this.#isNext('}') ? ODD : NONE;
      const value = this.#value(depth + 1);
      if (value === NONE || value === ODD) return value;
      if (typeof name !== 'string' || map.members.has(name)) return ODD;
      map.members.set(name, value);
      if (!this.#takes(',') && !this.#isNext('}')) return this.#unfinished();
    }
  }

  /** A text beside a text is one text to Python, and a sum may be a complex number. */
  #unfinished(): Read {
    return ['"', "'", '+', '-'].some((sign) => this.#isNext(sign)) ? ODD : NONE;
  }

  #takes(sign: string): boolean {
    const is = this.#isNext(sign);
    if (is) this.#at += 1;
    return is;
  }

  #isNext(sign: string): boolean {
    this.#match(SPACE);
    return this.#text[this.#at] === sign;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at += found[0].length;
    return found ?? undefined;
  }
}

/** Whether Python may read it: apart from what stands in literals it has no names, and no number with two dots. */
function oddOrText(text: string): Read {
  const rest = text
    .replaceAll(/(?:\b[rRbBuUfF]{1,2})?(?:'[^']*'|"[^"]*")/g, ' ')
    .replace(/#.*$/s, ' ')
    .replaceAll(/\b(?:True|False|None|set)\b/g, ' ');
  if (/[0-9]*\.[0-9]*\.(?!\.)[0-9]/.test(rest)) return NONE;
  const names = rest.replaceAll(
    /\b0[xX][0-9a-fA-F_]+|\b0[oO][0-7_]+|(?:\b|\.)[0-9][0-9._]*(?:[eE][+-]?[0-9_]+)?[jJ]?/g,
    ' ',
  );
  return /[\p{L}_]/u.test(names) ? NONE : ODD;
}

function numberOf([source, based, float, whole]: RegExpExecArray): Read {
  const negative = source.startsWith('-');
  if (float !== undefined)
    return { number: pythonFloat((negative ? -1 : 1) * Number(float.replaceAll('_', ''))) };
  const value = BigInt((based ?? whole ?? '0').replaceAll('_', '').toLowerCase());
  return scalarOf(negative ? -value : value);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
};

/** A text without Python's escapes. One that Python does not know stays, with its backslash. */
function unescaped(text: string): Read {
  if (/\\(?:N\{|[0-7])/.test(text)) return ODD;
  if (
    /\\(?:x(?![0-9a-fA-F]{2})|u(?![0-9a-fA-F]{4})|U(?!000[0-9a-fA-F]{5}|0010[0-9a-fA-F]{4}))/.test(
      text.replaceAll('\\\\', ''),
    )
  )
    return NONE;
  const plain = text.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/g,
    (all, x, u, long, one: string) => {
      const code: string | undefined = x ?? u ?? long;
      if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
      return ESCAPES[one] ?? all;
    },
  );
  return plain.isWellFormed() ? plain : ODD;
}
