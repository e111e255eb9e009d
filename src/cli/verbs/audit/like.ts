/** A bundle that is made like an older one: what of the older one follows from no log, and where the two differ. */
import { refuse } from '../../../bytes/refusal.ts';
import { shellWord } from '../../../bytes/shellword.ts';
import { equalBytes } from '../../../bytes/compare.ts';
import type { Files } from '../../../audit/zip/write.ts';
import { OPENINGS, PEOPLE } from '../../../audit/bundle/names.ts';
import type { BundleRequest } from '../../../audit/bundle/make.ts';

/** What a maker hands in beside the log. */
type Given = Pick<BundleRequest, 'openings' | 'people' | 'attachments'>;

/**
 * Refuses `usage` where the older bundle holds openings, people or attachments that are not given again: they come from no log, and
 * the new bundle would silently lack them. `path`: the older bundle, for the commands that get them out of it.
 */
export function assertGivenAgain(older: Files, { openings, people, attachments }: Given, path: string): void {
  const file = shellWord(path);
  const lacking = [
    ...(older.has(OPENINGS) && openings === undefined
      ? [`${OPENINGS} (unzip -p ${file} ${OPENINGS} > ${OPENINGS}, then --openings ${OPENINGS})`]
      : []),
    ...(older.has(PEOPLE) && people === undefined
      ? [`${PEOPLE} (unzip -p ${file} ${PEOPLE} > ${PEOPLE}, then --people ${PEOPLE})`]
      : []),
    ...attachmentsLacking(older, attachments ?? new Map(), file),
  ];
  if (lacking.length === 0) return;
  throw refuse(
    'usage',
    `${path} holds what no log has, and it was not given again: ${lacking.join('; ')}. Give it, or name subjects and period in place of --like`,
  );
}

function attachmentsLacking(
  older: Files,
  given: ReadonlyMap<string, unknown>,
  file: string,
): readonly string[] {
  const lacking = [...older.keys()].filter(
    (name) => name.startsWith('attachments/') && !given.has(name.slice('attachments/'.length)),
  );
  const [first, ...more] = lacking;
  if (first === undefined) return [];
  const what = more.length === 0 ? first : `${first} and ${more.length} more`;
  return [`${what} (unzip ${file} 'attachments/*', then --attachment for each)`];
}

/** Names of the files that only one of two bundles has, or that differ. */
export function filesThatDiffer(older: Files, newer: Files): readonly string[] {
  return [...new Set([...older.keys(), ...newer.keys()])]
    .filter((name) => {
      const [a, b] = [older.get(name), newer.get(name)];
      return a === undefined || b === undefined || !equalBytes(a, b);
    })
    .toSorted();
}
