/**
 * The actions of a Go template (text/template/parse/lex.go, Go 1.26), as the words between `{{` and `}}`: text outside of them,
 * comments, and what stands in quotes call nothing.
 */

/** A word of an action. `name`: an identifier by itself, which calls a function or is a keyword. */
export interface Word {
  readonly kind: 'name' | 'text' | 'field' | 'variable' | 'other';
  /** Of a text: its content without quotes, and without the escapes that double quotes have. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** The words of one action. */
export type Action = readonly Word[];

/** What the text is no template for. */
export interface Fault {
  readonly line: number;
  readonly what: string;
}

export interface Template {
  readonly actions: readonly Action[];
  readonly fault?: Fault;
}

const COMMENT = /\{\{(?:-[ \t\r\n])?\/\*/y;
const OPEN = /\{\{(?:-(?=[ \t\r\n]))?/y;
const CLOSE = /(?:[ \t\r\n]-)?\}\}/y;
const SPACE = /[ \t\r\n]+/y;

/** Go's alphanumerics are letters and digits of Unicode, and `_`. */
const WORDS: readonly (readonly [Word['kind'], RegExp])[] = [
  ['text', /"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`|'(?:[^'\\\n]|\\[^\n])*'/y],
  ['field', /\.[_\p{L}\p{Nd}]*/uy],
  ['variable', /\$[_\p{L}\p{Nd}]*/uy],
  ['other', /[+-]?[0-9][_\p{L}\p{Nd}.]*(?:[+-][0-9]+)?i?/uy],
  ['name', /[_\p{L}][_\p{L}\p{Nd}]*/uy],
  ['other', /:=|[=|(),:!+*/%&<>-]/y],
];

/** Reads a template. A text without an action has none. */
export function actionsOf(text: string): Template {
  const actions: Action[] = [];
  const lines = new Lines(text);
  for (let at = text.indexOf('{{'); at >= 0; at = text.indexOf('{{', at)) {
    const comment = matchAt(COMMENT, text, at);
    if (comment !== undefined) {
      // It ends at the first sign for its end, and the action with it; else Go takes the file for no template.
      const end = text.indexOf('*/', at + comment.length);
      const close = end < 0 ? undefined : matchAt(CLOSE, text, end + 2);
      if (close === undefined)
        return {
          actions,
          fault: { line: lines.at(at), what: 'a comment that does not end, or not with its action' },
        };
      at = end + 2 + close.length;
      continue;
    }
    const start = at;
    const words: Word[] = [];
    at += matchAt(OPEN, text, at)?.length ?? 2;
    for (let close = matchAt(CLOSE, text, at); close === undefined; close = matchAt(CLOSE, text, at)) {
      const blank = matchAt(SPACE, text, at);
      const word = blank === undefined ? wordAt(text, at) : undefined;
      if (word !== undefined) words.push({ ...word, line: lines.at(at) });
      else if (blank === undefined)
        return { actions, fault: { line: lines.at(start), what: 'an action that does not end, or is none' } };
      at += (blank ?? word?.source ?? '').length;
    }
    at += matchAt(CLOSE, text, at)?.length ?? 2;
    actions.push(words);
  }
  return { actions };
}

function wordAt(text: string, at: number): (Omit<Word, 'line'> & { readonly source: string }) | undefined {
  for (const [kind, pattern] of WORDS) {
    const source = matchAt(pattern, text, at);
    if (source === undefined) continue;
    return { kind, source, text: kind === 'text' ? contentOf(source) : source };
  }
  return undefined;
}

function contentOf(quoted: string): string {
  const content = quoted.slice(1, -1);
  return quoted.startsWith('"') ? unescapedText(content) : content;
}

const ESCAPE =
  /\\(?:(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))|([0-7]{3})|(\r?\n)[ \t]*|([^]))/g;
/** Escapes that stand for other characters than themselves. All of these are blanks here, so that lines are counted as they stand. */
const BLANKS = /[abefnrtvNLP_0]/;

/** A text without the escapes of quoted texts in Go (spec, "String literals"), YAML 1.2 (§5.7), JSON and TOML. */
export function unescapedText(text: string): string {
  return text.replaceAll(
    ESCAPE,
    (_, x?: string, u?: string, long?: string, octal?: string, line?: string, one = '') => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) return characterOf(Number.parseInt(hex, 16));
      if (octal !== undefined) return characterOf(Number.parseInt(octal, 8));
      return line !== undefined ? '' : BLANKS.test(one) ? ' ' : one;
    },
  );
}

function characterOf(code: number): string {
  return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Numbers of lines, asked for in the order of the text. */
class Lines {
  readonly #text: string;
  #at = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): number {
    for (; this.#at < offset; this.#at += 1) if (this.#text[this.#at] === '\n') this.#line += 1;
    return this.#line;
  }
}
