/**
 * Text of others on its way to a terminal, a page or a log line: without the control, format and direction characters
 * that move a cursor, hide a word or turn a line around. Of others is whatever this program did not write itself: what a log
 * answers, what a file or a flag says, what a file is called.
 */

/** Characters of Unicode's categories C (control, format, private use, unassigned), Zl and Zp. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
/** The same, but not the line feeds and tabs of texts that have several lines. */
const UNPRINTABLE_IN_LINES = /[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/gu;

/** At most `max` characters of one line of text, each unprintable one as `?`, line feeds among them. */
export function printable(text: string, max = 200): string {
  const clean = text.slice(0, max + 1).replaceAll(UNPRINTABLE, '?');
  return clean.length > max ? `${clean.slice(0, max)}…` : clean;
}

/** Lines of text, whole, each unprintable character as `?`; line feeds and tabs stay. */
export function printableLines(text: string): string {
  return text.replaceAll(UNPRINTABLE_IN_LINES, '?');
}

/** JSON on lines with each unprintable character written as `\uXXXX`: it means the same to whoever parses it. */
export function printableJson(json: string): string {
  return json.replaceAll(UNPRINTABLE_IN_LINES, (character) =>
    [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
