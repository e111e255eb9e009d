/** Strangers' text on its way to a terminal or a log line: no control, format or direction characters. */

/** At most `max` characters of a text, each character that could move a cursor or reorder a line as `?`. */
export function printable(text: string, max = 200): string {
  const clean = text.slice(0, max + 1).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  return clean.length > max ? `${clean.slice(0, max)}…` : clean;
}
