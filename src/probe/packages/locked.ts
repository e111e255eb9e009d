/** The packages that the committed leaves lock (`commit packages`), as the probe compares them. */
import { refuse } from '../../bytes/refusal.ts';
import { unescaped, type Value } from '../../claim/value.ts';
import type { Ecosystem } from './describe.ts';

export interface LockedPackage {
  /** What it is found by: its place (npm), its name (pypi), name and version (go, cargo). */
  readonly key: string;
  /** Versions that may be installed. */
  readonly versions: readonly string[];
  /** Digests of archives: `sha512-…`, `sha256:…`, `h1:…`. */
  readonly digests: readonly string[];
  /** The name of an alias. */
  readonly name?: string;
  readonly isDev: boolean;
  readonly isOptional: boolean;
  /** A part of the project itself, or a link to one. */
  readonly isLocal: boolean;
  /** Where a link must lead, told from the project. */
  readonly leads?: string;
}

/** Refuses `config-invalid` if nothing of that ecosystem is locked: comparing with nothing proves nothing. */
export function lockedPackages(
  leaves: ReadonlyMap<string, Value>,
  ecosystem: Ecosystem,
): ReadonlyMap<string, LockedPackage> {
  const found = new Map<string, LockedPackage>();
  for (const [path, value] of leaves) {
    const [, of, step = ''] = /^\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    if (of !== ecosystem || typeof value !== 'string') continue;
    const each = lockedOf(unescaped(step), value, ecosystem);
    if (each !== undefined) found.set(each.key, each);
  }
  if (found.size > 0) return found;
  throw refuse(
    'config-invalid',
    `the committed leaves lock no package of ${ecosystem}; packages@1 compares with lockfiles (\`tallystick commit packages\`)`,
  );
}

function lockedOf(key: string, value: string, ecosystem: Ecosystem): LockedPackage | undefined {
  // The digest of a go.mod alone is of no package that is built in.
  if (ecosystem === 'go' && key.endsWith('/go.mod')) return undefined;
  // A marker (PEP 508) stands behind `;`, and names no digest.
  const words = (ecosystem === 'pypi' ? value.replaceAll(/ ; [^|]*/g, ' ') : value).split(' ');
  const digests = words.filter((word) => /^(?:sha(?:256|384|512)[-:]|h1:)/.test(word));
  const at = key.lastIndexOf('@');
  if (ecosystem === 'go' || ecosystem === 'cargo')
    return {
      key,
      versions: [key.slice(at + 1)],
      digests,
      isDev: false,
      isOptional: ecosystem === 'go',
      isLocal: value === 'local',
    };
  const versions = value.split(' | ').map((each) => each.split(' ')[0] ?? '');
  const [first = ''] = versions;
  const alias = first.lastIndexOf('@');
  return {
    key,
    versions: alias > 0 ? [first.slice(alias + 1)] : versions,
    ...(alias > 0 && { name: first.slice(0, alias) }),
    digests,
    isDev: words.includes('dev'),
    isOptional: words.includes('optional'),
    isLocal: value === 'local' || first === 'link',
    ...(first === 'link' && { leads: words.slice(1).join(' ') }),
  };
}
