/** Packages of Python, whichever lockfile names them. */
import { unhashed, type Locked } from './locked.ts';

/** A package; `hashes`: of each archive that may be installed. */
export interface PypiPackage {
  readonly name: string;
  readonly version: string;
  readonly hashes: readonly string[];
  /** Where it is installed (PEP 508). */
  readonly marker?: string;
  /** Where it comes from, if no digest says what it is. */
  readonly from?: string;
}

/** A name as PyPI compares it (PEP 503). */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

/** A leaf a name. Several versions of one name, for several platforms, stand in it with ` | ` between. */
export function pypiLocked(found: readonly PypiPackage[]): readonly Locked[] {
  const byName = new Map<string, Set<string>>();
  for (const { name, version, hashes, marker = '', from = '' } of found) {
    const own = byName.get(normalName(name)) ?? new Set();
    const digests = hashes.length === 0 ? [unhashed(from)] : [...new Set(hashes)].toSorted();
    const where = marker.trim() === '' ? [] : [';', marker.trim().replaceAll(/\s+/g, ' ')];
    own.add([version, ...digests, ...where].join(' '));
    byName.set(normalName(name), own);
  }
  return [...byName].map(([name, values]) => ({
    at: ['pypi', name],
    value: [...values].toSorted().join(' | '),
  }));
}
