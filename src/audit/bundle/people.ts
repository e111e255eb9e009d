/** `people.csv`: which person holds which key, on the word of whoever made the bundle (spec/bundle.md). */
import { decodeUtf8 } from '../../bytes/text.ts';
import { equalBytes } from '../../bytes/compare.ts';
import { refuse } from '../../bytes/refusal.ts';
import { PEOPLE } from './names.ts';
import { badFile, csvFile } from './text.ts';

const COLUMNS = ['kid', 'person'];

/** The file, in ascending order of the keys. `people`: person by thumbprint, hex. Refuses `usage` for text that is none. */
export function formatPeople(people: ReadonlyMap<string, string>): Uint8Array {
  for (const [kid, person] of people)
    if (!/^[0-9a-f]{64}$/.test(kid) || person === '' || /[\r\n"]/.test(person))
      throw refuse(
        'usage',
        `the file of people names "${kid}": a line is the thumbprint of a key, a comma and a name without quotes`,
      );
  return csvFile([COLUMNS, ...[...people].toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Refuses `malformed-bundle` for another spelling, and for a key that no policy names. Returns the number of lines. */
export function checkPeople(bytes: Uint8Array, kids: ReadonlySet<string>): number {
  const lines = decodeUtf8(bytes).split('\n').slice(1, -1);
  const people = new Map(lines.map((line) => [line.slice(0, 64), unquoted(line.slice(65))]));
  for (const kid of people.keys())
    if (!kids.has(kid)) throw badFile(PEOPLE, 'it names a key that no policy of the log names');
  if (!equalBytes(formatPeople(people), bytes)) throw badFile(PEOPLE, 'it is not in its one spelling');
  return people.size;
}

function unquoted(field: string): string {
  const text = /^".*"$/.test(field) ? field.slice(1, -1) : field;
  return /^'[=+\-@]/.test(text) ? text.slice(1) : text;
}
