/** What every lockfile is read into. */

/** A package that is locked. `at`: steps of its path. */
export interface Locked {
  readonly at: readonly [ecosystem: 'npm' | 'pypi' | 'go' | 'cargo', name: string];
  readonly value: string;
}

/** Stands in the value of a package that has no digest: a repository. */
export const UNHASHED = 'unhashed';
