/** Strangers' text in commands that people copy: subjects and paths are whatever somebody named them. */

/** A text as one word of a POSIX shell, whatever is in it. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
