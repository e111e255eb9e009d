/** Quoting for commands that people copy from our output: subjects and paths can hold any characters. */

/** A text as one word of a POSIX shell, whatever is in it. A word that every shell reads as itself stays as it is. */
export function shellWord(text: string): string {
  if (/^[A-Za-z0-9_./][A-Za-z0-9_./:@%+,-]*$/.test(text)) return text;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
