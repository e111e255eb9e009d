/**
 * The file that `commit` writes for the owner of a declaration: `leaves.json` for a source, `opening.json` for files.
 * Functions that list, compare or disclose leaves accept either.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { equalBytes } from '../../bytes/compare.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import type { Declaration } from '../../statement/commitment.ts';
import { readNamedFile } from '../../platform/files.ts';
import { leafTree, LEAVES_FILE, type OpenedLeaves } from '../leafopening.ts';
import { parseOwned } from '../parse-opened.ts';
import { OPENING_FILE } from '../opening.ts';

/** A file for the owner of a declaration alone: its name in the proof directory, and its text. */
export interface OwnedFile {
  readonly name: string;
  readonly text: string;
}

/** The two names, of which a proof directory has one. The files have mode 0600. */
export const OWNED_FILES: readonly string[] = [LEAVES_FILE, OPENING_FILE];

/** Paths of the owner's files in a proof directory: one at most. */
export function ownedFilesIn(folder: string): readonly string[] {
  return OWNED_FILES.map((name) => join(folder, name)).filter((path) => existsSync(path));
}

/** Refuses `not-found`, and `malformed-payload`, naming the file. */
export async function readOwned(path: string): Promise<OpenedLeaves> {
  return parseOwned(await readNamedFile(path), path);
}

/**
 * Parses the owner's file as its readers will, before anything is logged, because a logged commitment cannot be taken
 * back. Refuses `malformed-payload` if they could not read it. Leaves of another root are a bug: Error.
 */
export function readableOwned(name: string, text: string, { tree }: Pick<Declaration, 'tree'>): OwnedFile {
  const { root, count } = leafTree(parseOwned(encodeUtf8(text), name));
  if (count !== tree.leaves || !equalBytes(root, tree.root))
    throw new Error(`${name} does not lead to the root that is about to be logged`);
  return { name, text };
}
