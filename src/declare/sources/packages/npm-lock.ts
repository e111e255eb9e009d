/** package-lock.json of npm, versions 2 and 3: `packages` by where they lie, told from the project's folder. */
import type { JsonValue } from '../../../bytes/json.ts';
import { printable } from '../../../bytes/printable.ts';
import { refuse, type Refusal } from '../../../bytes/refusal.ts';
import { parseJson } from '../../json.ts';
import { unhashed, type Locked } from './locked.ts';

/** SHA-1 stands in old lockfiles. It is kept, and counts for nothing (probe/packages/locked.ts). */
const INTEGRITY = /^sha(?:512|384|256|1)-[A-Za-z0-9+/]{27,90}={0,2}$/;

/** Refuses `malformed-text` for other versions, and for entries that npm could read in two ways. */
export function npmLock(text: string): readonly Locked[] {
  const top = parseJson(text);
  const version = top instanceof Map ? top.get('lockfileVersion') : undefined;
  if (!(top instanceof Map) || (version !== 2 && version !== 3))
    throw wrong(
      'this is no lockfile of npm of version 2 or 3; `npm install --package-lock-only --lockfile-version 3` writes one',
    );
  const packages = top.get('packages');
  if (!(packages instanceof Map)) throw wrong('the lockfile has no packages');
  assertSameTree(packages, top.get('dependencies'), '');
  return [...packages].flatMap(([place, entry]: readonly [string, JsonValue]) =>
    place === '' ? [] : [lockedAt(place, entry)],
  );
}

/** npm 6 reads `dependencies`, a tree, in place of `packages`. Refuses `malformed-text` for a package of which they say different things. */
function assertSameTree(
  packages: ReadonlyMap<string, JsonValue>,
  tree: JsonValue | undefined,
  above: string,
): void {
  if (!(tree instanceof Map)) return;
  for (const [name, entry] of tree) {
    const place = `${above}node_modules/${name}`;
    const other = packages.get(place);
    if (!(entry instanceof Map) || !(other instanceof Map) || !isSame(entry, other))
      throw wrong(
        `${printable(place, 200)} is one package in packages, and another in dependencies, which npm 6 reads; install it again`,
      );
    const to = other.get('link') === true ? other.get('resolved') : place;
    assertSameTree(packages, entry.get('dependencies'), typeof to === 'string' && to !== '' ? `${to}/` : '');
  }
}

/** Of a package that is no link: the same digest, and the same version or place that it comes from. */
function isSame(entry: ReadonlyMap<string, JsonValue>, other: ReadonlyMap<string, JsonValue>): boolean {
  if (other.get('link') === true) return true;
  if (entry.get('integrity') !== other.get('integrity')) return false;
  const [version, alias, own] = [entry.get('version'), other.get('name'), other.get('version')];
  const aliased = typeof alias === 'string' && typeof own === 'string' ? `npm:${alias}@${own}` : own;
  const names = [own, other.get('resolved'), aliased];
  // An address in the place of a version says by itself where it comes from.
  const place = entry.get('resolved') ?? other.get('resolved');
  return names.includes(version) && (version !== own || place === other.get('resolved'));
}

function lockedAt(place: string, entry: JsonValue): Locked {
  const name = printable(place, 200);
  if (!(entry instanceof Map)) throw wrong(`${name} is no object`);
  if (/(?:^|\/)\.{1,2}(?:\/|$)|^\/|\\/.test(place)) throw wrong(`${name} leads out of the project's folder`);
  const text = (member: string): string => {
    const value = entry.get(member);
    return typeof value === 'string' ? value : '';
  };
  const flag = (member: string): boolean => entry.get(member) === true;
  if (flag('link')) return { at: ['npm', place], value: `link ${text('resolved')}` };
  // A workspace: a folder of the project itself.
  if (!place.includes('node_modules/')) return { at: ['npm', place], value: 'local' };
  const integrity = text('integrity')
    .split(/\s+/)
    .filter((each) => each !== '')
    .toSorted();
  const odd = integrity.find((each) => !INTEGRITY.test(each));
  if (odd !== undefined)
    throw wrong(
      `${name} has the digest ${printable(odd, 60)}, which is none that npm writes; install it again`,
    );
  const version = text('version');
  const alias = text('name');
  const words = [
    alias === '' ? version : `${alias}@${version}`,
    ...integrity,
    ...(integrity.some((each) => !each.startsWith('sha1-')) ? [] : [unhashed(text('resolved'))]),
    ...(flag('dev') || flag('devOptional') ? ['dev'] : []),
    ...(flag('optional') || flag('devOptional') || flag('peer') ? ['optional'] : []),
  ];
  if (version === '') throw wrong(`${name} has no version`);
  return { at: ['npm', place], value: words.join(' ') };
}

const wrong = (what: string): Refusal => refuse('malformed-text', what);
