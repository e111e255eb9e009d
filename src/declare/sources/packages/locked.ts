/** What every lockfile is read into. */

/** A package that is locked. `at`: steps of its path. */
export interface Locked {
  readonly at: readonly [ecosystem: 'npm' | 'pypi' | 'go' | 'cargo', name: string];
  readonly value: string;
}

/**
 * Stands in the value of a package that has no digest, with where it comes from in one word: `unhashed from:git+https://…#COMMIT`. What
 * an address names before its host may be a password, and is left out.
 */
export function unhashed(from: string): string {
  const place = from.replace(/:\/\/[^/?#]*@/, '://').replaceAll(/[\s|]/g, encodeURIComponent);
  return place === '' ? 'unhashed' : `unhashed from:${place}`;
}
