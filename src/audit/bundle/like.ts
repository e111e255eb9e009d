/** A bundle that is made like an older one: what of the older one follows from no log, and where the two differ. */
import { equalBytes } from '../../bytes/compare.ts';
import type { Files } from '../zip/write.ts';
import type { BundleRequest } from './make.ts';
import { attachmentDigest, OPENINGS, PEOPLE } from './names.ts';

/** What a maker hands in beside the log. */
type Given = Pick<BundleRequest, 'openings' | 'people' | 'attachments'>;

/** Names of files of an older bundle that come from no log, and that a new bundle would lack because they are not given again. */
export function notGivenAgain(older: Files, { openings, people, attachments }: Given): readonly string[] {
  const isGiven = (name: string): boolean => {
    if (name === OPENINGS) return openings !== undefined;
    if (name === PEOPLE) return people !== undefined;
    const digest = attachmentDigest(name);
    return digest === undefined || attachments?.has(digest) === true;
  };
  return [...older.keys()].filter((name) => !isGiven(name));
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
