/** What a bundle holds about people, and the values that it opens: whoever makes it sees this before it is written. */
import { showValue } from '../../statement/leaf-text.ts';
import type { Files } from '../zip/write.ts';
import { readEntries, type BundleEntry } from './entries.ts';
import { OPENINGS, PEOPLE } from './names.ts';
import { parseOpenings } from './openings.ts';
import { decodeUtf8 } from '../../bytes/text.ts';

export interface Personal {
  /** Names of keys in registration policies. */
  readonly names: readonly string[];
  /** Owners of waivers. */
  readonly owners: readonly string[];
  /** Lines of the file of people. */
  readonly people: readonly string[];
  /** Path and value of each opened leaf. */
  readonly opened: readonly string[];
}

/** Reads it out of the files of a bundle. */
export function personalIn(files: Files): Personal {
  const entries = readEntries(files);
  const people = files.get(PEOPLE);
  const openings = files.get(OPENINGS);
  return {
    names: each(entries, ({ parsed }) =>
      parsed.kind === 'policy' ? parsed.policy.document.keys.map(({ name }) => name) : [],
    ),
    owners: each(entries, ({ parsed }) => (parsed.kind === 'waiver' ? [parsed.waiver.owner] : [])),
    people: people === undefined ? [] : decodeUtf8(people).trimEnd().split('\n').slice(1),
    opened:
      openings === undefined
        ? []
        : parseOpenings(openings).map(({ opening: { path, value } }) => `${path} = ${showValue(value)}`),
  };
}

function each(
  entries: readonly BundleEntry[],
  of: (entry: BundleEntry) => readonly string[],
): readonly string[] {
  return [...new Set(entries.flatMap(of))];
}
