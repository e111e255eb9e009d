/**
 * The tokens of an nginx configuration, as `ngx_conf_read_token` (ngx_conf_file.c, 1.29) takes them apart, and blocks of Lua
 * (lua.ts). Names and numbers of arguments are the business of modules.
 */
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import { luaEnd } from './lua.ts';

/** A directive: its words, and what ends it. `end`: no words, and a `}` or the end of the file. */
export interface Statement {
  readonly words: readonly string[];
  readonly ends: ';' | '{' | 'lua' | '}' | 'file';
  /** Line of its first word. */
  readonly line: number;
  /** What stands in a block of Lua. */
  readonly lua?: string;
}

/** Most bytes of a word, and of a comment (NGX_CONF_BUFFER). */
const MAX_WORD = 4_096;
const LUA = /_by_lua_block$/;

const isBlank = (one: string): boolean => one === ' ' || one === '\t' || one === '\r' || one === '\n';

/** Reads one statement after another. Refuses `malformed-text` with the line where nginx does. */
export class Lexer {
  readonly #text: string;
  readonly #name: string;
  #at = 0;
  #line = 1;

  /** `name`: of the file, before the numbers of lines; empty for the main one. */
  constructor(text: string, name: string) {
    [this.#text, this.#name] = [text, name];
  }

  where(line = this.#line): string {
    return `${this.#name === '' ? '' : `${this.#name} `}line ${line}`;
  }

  next(): Statement {
    const words: string[] = [];
    let line = this.#line;
    for (;;) {
      this.#skip();
      const one = this.#text[this.#at];
      if (one === undefined && words.length > 0) throw this.#cut();
      if (words.length === 0) line = this.#line;
      if (one === undefined) return { words, ends: 'file', line };
      if (one === '}' && words.length > 0) throw this.#unexpected(one);
      if ((one === ';' || one === '{') && words.length === 0) throw this.#unexpected(one);
      if (one === ';' || one === '{' || one === '}') {
        this.#at++;
        return this.#ended(words, one, line);
      }
      words.push(this.#word());
    }
  }

  /** A block of Lua is read to its end, since no other rule finds that. */
  #ended(words: readonly string[], ends: ';' | '{' | '}', line: number): Statement {
    if (ends !== '{' || !LUA.test(words[0] ?? '')) return { words, ends, line };
    const end = luaEnd(this.#text, this.#at);
    if (end === undefined) throw this.#fault(`the block of Lua that begins in line ${line} does not end`);
    const lua = this.#text.slice(this.#at, end);
    this.#line += lua.split('\n').length - 1;
    this.#at = end + 1;
    return { words, ends: 'lua', line, lua: lua.trim() };
  }

  #skip(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const one = this.#text[this.#at] ?? '';
      if (one === '\n') this.#line++;
      else if (one === '#') {
        const end = this.#text.indexOf('\n', this.#at);
        const comment = this.#text.slice(this.#at, end < 0 ? undefined : end);
        this.#assertShort(comment, 'comment');
        this.#at += comment.length - 1;
      } else if (!isBlank(one)) return;
    }
  }

  #word(): string {
    const quote = this.#text[this.#at] ?? '';
    return quote === '"' || quote === "'" ? this.#quoted(quote) : this.#bare();
  }

  #quoted(quote: string): string {
    const [start, line] = [this.#at + 1, this.#line];
    for (let at = start; at < this.#text.length; at++) {
      const one = this.#text[at];
      if (one === '\n') this.#line++;
      if (one === '\\') {
        at++;
        if (this.#text[at] === '\n') this.#line++;
      } else if (one === quote) {
        this.#assertShort(this.#text.slice(start, at + 1), 'word');
        this.#at = at + 1;
        this.#assertEnds();
        return unescapedWord(this.#text.slice(start, at));
      }
    }
    throw this.#fault(`the quote ${quote} of line ${line} is not closed`);
  }

  /** After a quote: a blank, what ends the statement, or a bracket that begins a word of its own. */
  #assertEnds(): void {
    const one = this.#text[this.#at];
    if (one === undefined) throw this.#cut();
    if (!isBlank(one) && one !== ';' && one !== '{' && one !== ')') throw this.#unexpected(one);
  }

  #bare(): string {
    const start = this.#at;
    let isVariable = false;
    for (let at = start; at < this.#text.length; at++) {
      const one = this.#text[at] ?? '';
      const isFirst = at === start;
      if (one === '{' && isVariable) continue;
      isVariable = one === '$';
      if (one === '\n') {
        if (isFirst) continue;
      } else if (one === '\\') {
        at++;
        if (this.#text[at] === '\n') this.#line++;
        continue;
      }
      if (isFirst || !(isBlank(one) || one === ';' || one === '{')) continue;
      this.#at = at;
      this.#assertShort(this.#text.slice(start, at), 'word');
      return unescapedWord(this.#text.slice(start, at));
    }
    throw this.#cut();
  }

  #assertShort(text: string, what: string): void {
    if (text.length * 3 < MAX_WORD || new TextEncoder().encode(text).length < MAX_WORD) return;
    throw this.#fault(`a ${what} of ${MAX_WORD} bytes or more, which nginx does not take`);
  }

  #unexpected(one: string): Refusal {
    return this.#fault(`${JSON.stringify(one)} is not expected here`);
  }

  #cut(): Refusal {
    return this.#fault('the file ends, and ; or } is missing');
  }

  #fault(what: string): Refusal {
    return refuse('malformed-text', `${this.where()}: ${what}`);
  }
}

/** A word without its escapes: \" \' \\ \t \r \n; others stay. */
function unescapedWord(text: string): string {
  return text.replaceAll(/\\(["'\\trn])/g, (_, one: string) => ESCAPES[one] ?? one);
}
const ESCAPES: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' };

/** Words in one spelling: bare where they can be, else in double quotes. */
export function spelt(words: readonly string[]): string {
  return words.map((word) => (isBare(word) ? word : `"${word.replaceAll(/["\\]/g, '\\$&')}"`)).join(' ');
}

function isBare(word: string): boolean {
  if (word === '' || /^["'#;{}]|[\s;]/.test(word) || /\\["'\\trn$]|\\$/.test(word)) return false;
  // A brace begins a block, but after a dollar that no backslash takes away.
  return !/(?<!\$)\{/.test(word.replaceAll(/\$\{+/g, '$'));
}
