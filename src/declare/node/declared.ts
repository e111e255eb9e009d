/** The result of declaring files or a source. */
import type { Declaration } from '../../statement/commitment.ts';
import type { SaltedTree } from '../../statement/saltedleaf.ts';
import type { GitAnswer } from './git.ts';
import type { OwnedFile } from './owned.ts';

/** A declaration without `supersedes`, and the secret file of its owner. */
export interface Declared {
  readonly subject: string;
  readonly declaration: Declaration;
  /** Facts that could not be had, each with its reason, for the user. */
  readonly leftOut: readonly string[];
  /** Number of leaves. */
  readonly leaves: number;
  /** The owner's secret file for the proof directory `folder`; undefined if it is not on this machine. */
  readonly owned: (folder: string) => OwnedFile | undefined;
}

/** A declaration whose leaves are at hand, so that claims can name them. */
export interface DeclaredTree extends Declared {
  readonly tree: SaltedTree;
}

/** What a declaration says until a claims file or its owner says otherwise. */
export const UNSAID = { environment: 'default', tier: 'background' } as const;

/** Messages for the user about git facts that are missing from the declaration. */
export function leftOutOf({ missing }: GitAnswer): readonly string[] {
  return missing === undefined ? [] : [`the git commit is left out of the declaration: ${missing}`];
}
