/** Quoting for commands that people copy from our output: subjects and paths can hold any characters. */

/** A text as one word of a POSIX shell, whatever is in it. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
