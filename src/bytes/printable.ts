/**
 * Text of others on its way to a terminal, a page or a log line: without the control, format and direction characters
 * that move a cursor, hide a word or turn a line around. Text of others is all that this program did not write itself: a
 * log's answers, the contents and names of files, flags.
 */

import { decodeUtf8, encodeUtf8 } from './text.ts';

/** Characters of Unicode's categories C (control, format, private use, unassigned), Zl and Zp. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
/** The same, but not the line feeds and tabs of texts that have several lines. */
const UNPRINTABLE_IN_LINES = /[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/gu;

/** At most `max` UTF-16 units of one line of text, each unprintable character as `?`, line feeds among them. No character is cut. */
export function printable(text: string, max = 200): string {
  const clean = text.slice(0, max + 2).replaceAll(UNPRINTABLE, '?');
  if (text.length <= max) return clean;
  const cut = clean.slice(0, max);
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}

/** Lines of text for a field of at most `maxBytes` bytes of UTF-8, as `printableLines` has them. No character is cut. */
export function fitting(text: string, maxBytes: number): string {
  const clean = printableLines(text.slice(0, maxBytes + 1));
  const bytes = encodeUtf8(clean);
  let end = Math.min(maxBytes, bytes.length);
  // Bytes 10xxxxxx go on with a character.
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return decodeUtf8(bytes.subarray(0, end));
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
