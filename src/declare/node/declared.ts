/** What comes of files or a source: a declaration, and what only its owner keeps. */
import type { Declaration } from '../../statement/commitment.ts';
import type { GitAnswer } from './git.ts';
import type { OwnedFile } from './owned.ts';

/** A declaration without `supersedes`, and what only its owner keeps. */
export interface Declared {
  readonly subject: string;
  readonly declaration: Declaration;
  /** Facts that could not be had, each with its reason, for the user. */
  readonly leftOut: readonly string[];
  /** Number of leaves. */
  readonly leaves: number;
  /** The file that only the owner keeps, in the proof directory `folder`; undefined where it is not here. */
  readonly owned: (folder: string) => OwnedFile | undefined;
}

/** What the user is told of facts that git should have given. */
export function leftOutOf({ missing }: GitAnswer): readonly string[] {
  return missing === undefined ? [] : [`the git commit is left out of the declaration: ${missing}`];
}
