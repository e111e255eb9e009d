/** Packages of Python, whichever lockfile names them. */
import { UNHASHED, type Locked } from './locked.ts';

/** A package; `hashes`: of each archive that may be installed. */
export interface PypiPackage {
  readonly name: string;
  readonly version: string;
  readonly hashes: readonly string[];
}

/** A name as PyPI compares it (PEP 503). */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

/** A leaf a name. Several versions of one name, for several platforms, stand in it with ` | ` between. */
export function pypiLocked(found: readonly PypiPackage[]): readonly Locked[] {
  const byName = new Map<string, Set<string>>();
  for (const { name, version, hashes } of found) {
    const own = byName.get(normalName(name)) ?? new Set();
    own.add([version, ...(hashes.length === 0 ? [UNHASHED] : [...new Set(hashes)].toSorted())].join(' '));
    byName.set(normalName(name), own);
  }
  return [...byName].map(([name, values]) => ({
    at: ['pypi', name],
    value: [...values].toSorted().join(' | '),
  }));
}
