/**
 * Compares declared attributes with those of a state, by path. An attribute that the plan did not know yet may have any value.
 * Sensitive attributes are compared by their keyed digest; without the key they are not compared.
 */
import { printable } from '../../bytes/printable.ts';
import { isMap, type Value, type ValueMap } from '../../claim/value.ts';
import type { DeclaredLeaf } from '../../declare/leaf.ts';
import { looksSecret, textsOf } from '../../declare/secret.ts';
import { declaredValue, isUnknown, sameValue, sensitiveDigest, sensitiveMac } from '../declared.ts';
import { alignSets } from './sets.ts';

/** Most names of one kind that are shown. */
export const MAX_SHOWN = 200;

type Kind = 'differing' | 'missing' | 'deleted' | 'undeclared' | 'extra';

export interface Compared {
  readonly counts: Readonly<Record<'same' | 'changed' | 'absent' | 'later' | 'sensitive', number>>;
  /** At most 200 of each kind. */
  readonly lists: Readonly<Record<Kind, readonly Value[]>>;
  /** One text for each declared attribute: the result, and its path. */
  readonly looked: readonly string[];
  /** Number of sensitive attributes that were not compared, since there is no key. */
  readonly unread: number;
}

/** Compares both sides. Lists are cut at 200; the counts are of all attributes. */
export function compare(
  declared: ReadonlyMap<string, Value>,
  found: ReadonlyMap<string, DeclaredLeaf>,
  key: Uint8Array | undefined,
): Compared {
  const live = alignSets(declared, found, (leaf, path, digest) =>
    key === undefined ? undefined : sensitiveMac(path, leaf.value, key) === digest,
  );
  const counts = { same: 0, changed: 0, absent: 0, later: 0, sensitive: 0 };
  const differing: Value[] = [];
  const missing: string[] = [];
  const looked: string[] = [];
  const at = new Index(live.keys());
  const texts = [declaredTexts(declared), textsOf(live.values())];
  for (const [path, value] of declared) {
    const leaf = live.get(path);
    const state = stateOf(value, leaf, key);
    counts[state] += 1;
    looked.push(`${state} ${shown(path)}`);
    if (state === 'absent') missing.push(shown(path));
    if (state === 'changed' && leaf !== undefined) differing.push(difference(path, value, leaf, texts));
  }
  const resources = new Set(Array.from(declared.keys(), ownerOf));
  const owners = new Set(Array.from(live.keys(), ownerOf));
  const known = new Index(declared.keys());
  const extra = [...live.keys()].filter(
    (path) => resources.has(ownerOf(path)) && !declared.has(path) && !known.hasUnknownAbove(path, declared),
  );
  const deleted = [...resources].filter((each) => !at.hasOwner(each));
  const undeclared = [...owners].filter((each) => !resources.has(each));
  return {
    counts,
    lists: {
      differing: differing.slice(0, MAX_SHOWN),
      missing: missing.slice(0, MAX_SHOWN),
      deleted: deleted.slice(0, MAX_SHOWN).map(shown),
      undeclared: undeclared.slice(0, MAX_SHOWN).map(shown),
      extra: extra.slice(0, MAX_SHOWN).map(shown),
    },
    looked,
    unread: counts.sensitive,
  };
}

function stateOf(
  value: Value,
  leaf: DeclaredLeaf | undefined,
  key: Uint8Array | undefined,
): keyof Compared['counts'] {
  // After the apply it may be a value, a tree of values, or nothing. If its whole resource is gone, `deleted` says so.
  if (isUnknown(value)) return 'later';
  if (leaf === undefined) return 'absent';
  const keyed = sensitiveDigest(value);
  if (keyed === undefined) return isSame(leaf, value) ? 'same' : 'changed';
  if (key === undefined) return 'sensitive';
  return keyed === sensitiveMac(leaf.path, leaf.value, key) ? 'same' : 'changed';
}

/** The resources and outputs that some paths belong to. */
class Index {
  readonly #owners: ReadonlySet<string>;

  constructor(paths: Iterable<string>) {
    this.#owners = new Set(Array.from(paths, ownerOf));
  }

  hasOwner(owner: string): boolean {
    return this.#owners.has(owner);
  }

  hasUnknownAbove(path: string, declared: ReadonlyMap<string, Value>): boolean {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const above = declared.get(path.slice(0, end));
      if (above !== undefined && isUnknown(above)) return true;
    }
    return false;
  }
}

/** The resource or output a path belongs to: `/aws_db_instance.pay`, `/output/url`. */
function ownerOf(path: string): string {
  const steps = path.split('/');
  return steps.slice(0, steps[1] === 'output' ? 3 : 2).join('/');
}

function isSame(leaf: DeclaredLeaf, value: Value): boolean {
  return sameValue(declaredValue(leaf.value), value);
}

/** Declared texts and numbers by path. A password can be either. */
function declaredTexts(declared: ReadonlyMap<string, Value>): ReadonlyMap<string, string> {
  return new Map(
    Array.from(declared).flatMap(([path, value]) => {
      const { number } = isMap(value) ? value : {};
      const text = number ?? value;
      return typeof text === 'string' || typeof text === 'number' ? [[path, String(text)]] : [];
    }),
  );
}

/** One difference. It is public, so it has the values only if both are harmless and neither looks or is marked like a secret. */
function difference(
  path: string,
  value: Value,
  leaf: DeclaredLeaf,
  sides: readonly ReadonlyMap<string, string>[],
): ValueMap {
  const secret =
    sensitiveDigest(value) !== undefined ||
    leaf.sensitive ||
    sides.some((texts) => looksSecret(path, texts) !== undefined);
  if (secret) return { path: shown(path), secret: true };
  const live = declaredValue(leaf.value);
  // Numbers and truth values are harmless; text may be anything, whatever it looks like.
  return isHarmless(value) && isHarmless(live)
    ? { path: shown(path), declared: value, live }
    : { path: shown(path), withheld: true };
}

function isHarmless(value: Value): boolean {
  // A number that is large, or not whole, is declared by its digits.
  const { number } = isMap(value) ? value : {};
  if (typeof number === 'string') return /^-?[0-9.eE+-]{1,60}$/.test(number);
  return value === null || typeof value === 'number' || typeof value === 'boolean';
}

function shown(path: string): string {
  return printable(path, 512);
}
