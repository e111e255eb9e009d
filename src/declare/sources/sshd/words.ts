/**
 * A line of sshd_config(5) as OpenSSH 8.7 and later take it apart (servconf.c, `process_server_config_line_depth`; misc.c,
 * `argv_split`).
 */
import { refuse, type Refusal } from '../../../bytes/refusal.ts';

/** One keyword with its arguments. */
export interface Line {
  /** The file and the number of the line, for people. */
  readonly where: string;
  readonly keyword: string;
  /** What follows the keyword, as it stands: what a command is made of. */
  readonly rest: string;
  /** Its arguments, without quotes, escapes and comment. */
  readonly words: readonly string[];
}

/** The lines of a file that have a keyword. `name`: before the numbers of lines; empty for the main file. */
export function* linesOf(text: string, name: string): Generator<Line> {
  for (const [i, raw] of text.split('\n').entries()) {
    const where = `${name === '' ? '' : `${name} `}line ${i + 1}`;
    const line = raw.replace(/^[ \t\r]+/, '').replace(/(?<![ \t\r\f])[ \t\r\f]+$/, '');
    if (line === '' || line.startsWith('#')) continue;
    if (/[^\P{Cc}\t]/u.test(line)) throw fault(where, 'a control character; take it out');
    const [, keyword = '', rest = ''] = /^([^ \t="]*)(?:[ \t]*=[ \t]*|[ \t]+|$)(.*)$/s.exec(line) ?? [];
    if (keyword === '')
      throw fault(where, 'expected a keyword and its arguments, with no quotes around the keyword');
    if (rest.startsWith('=')) throw fault(where, `write one = after ${keyword}, or none`);
    if (rest === '') throw fault(where, `there is no argument after ${keyword}`);
    yield { where, keyword, rest, words: wordsOf(rest, where) };
  }
}

/** Arguments as `argv_split` makes them, up to a comment. Refuses `malformed-text` for a quote that is not closed. */
export function wordsOf(text: string, where: string): readonly string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; at++) {
    if (/[ \t]/.test(text[at] ?? '')) continue;
    if (text[at] === '#') break;
    let [word, quote] = ['', ''];
    for (; at < text.length; at++) {
      const [one = '', next = ''] = text.slice(at, at + 2);
      if (one === '\\' && (/['"\\]/.test(next) || (quote === '' && next === ' '))) {
        word += next;
        at++;
      } else if (quote === '' && /[ \t]/.test(one)) break;
      else if (quote === '' && /["']/.test(one)) quote = one;
      else if (quote !== '' && one === quote) quote = '';
      else word += one;
    }
    if (quote !== '') throw fault(where, `a quote ${quote} is not closed`);
    words.push(word);
  }
  return words;
}

/** Arguments in one spelling: a blank between them, and double quotes around those that need some. */
export function joined(words: readonly string[]): string {
  return words.map((word) => (isBare(word) ? word : `"${word.replaceAll(/["\\]/g, '\\$&')}"`)).join(' ');
}

function isBare(word: string): boolean {
  return word !== '' && !/[ \t"']|^#|\\\\|\\$/.test(word);
}

export function fault(where: string, what: string): Refusal {
  return refuse('malformed-text', `${where}: ${what}`);
}
