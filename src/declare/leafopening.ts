/**
 * `leaves.json`: the salts and leaves of a declaration that was read from a source, for its owner only.
 * `disclosure.json`: some of those leaves for somebody else, each with its proof to the logged root. For a sensitive
 * leaf both contain only a keyed digest.
 */
import { decodeCbor, encodeCbor } from '../bytes/cbor.ts';
import { printable } from '../bytes/printable.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { formatHex, parseHex } from '../bytes/text.ts';
import { within } from '../bytes/within.ts';
import {
  declarationTree,
  openLeaf,
  opening,
  type Opening,
  valueInLeaf,
  type SaltedLeaf,
  type SaltedTree,
} from '../statement/saltedleaf.ts';
import { array, bool, oneOf, record, text } from '../statement/schema.ts';
import { fromJson } from './fromjson.ts';

/** Their names in a proof directory. */
export const LEAVES_FILE = 'leaves.json';
export const DISCLOSURE_FILE = 'disclosure.json';

const MAX_LEAVES = 200_000;
/** As long as the longest source. In the tree, values too long to show are replaced by their digest. */
const MAX_VALUE = 67_108_864;
const MAX_DISCLOSED = 100_000;

const hex = (min: number, max: number) =>
  text(2 * min, 2 * max, { pattern: /^(?:[0-9a-f]{2})*$/, says: 'lower-case hexadecimal' });

const leavesFile = record({
  schema: oneOf(['tallystick.leaves.v1']),
  profile: text(1, 64),
  subject: text(1, 1024),
  leaves: array(
    record({ path: text(0, 1024), salt: hex(16, 16), value: hex(1, MAX_VALUE), sensitive: bool }),
    MAX_LEAVES,
    1,
  ),
});

const disclosureFile = record({
  schema: oneOf(['tallystick.disclosure.v1']),
  profile: text(1, 64),
  subject: text(1, 1024),
  /** Deterministic CBOR of each opening (spec/statements.md §8), hex. */
  openings: array(hex(1, 65_535), MAX_DISCLOSED, 1),
});

/** A salted leaf and whether it may be shown. */
export interface SourceLeaf extends SaltedLeaf {
  readonly value: Uint8Array;
  readonly sensitive: boolean;
}

export interface OpenedLeaves {
  readonly profile: string;
  readonly subject: string;
  readonly leaves: readonly SourceLeaf[];
}

export interface Disclosure {
  readonly profile: string;
  readonly subject: string;
  readonly openings: readonly Opening[];
}

export function formatLeaves({ profile, subject, leaves }: OpenedLeaves): string {
  const rows = leaves.map(({ path, salt, value, sensitive }) => ({
    path,
    salt: formatHex(salt),
    value: formatHex(value),
    sensitive,
  }));
  return `${JSON.stringify({ schema: 'tallystick.leaves.v1', profile, subject, leaves: rows }, undefined, 1)}\n`;
}

/** Refuses `malformed-payload`, naming the file. */
export function parseLeaves(bytes: Uint8Array, path: string): OpenedLeaves {
  return within('malformed-payload', `${path} is not of this version`, () => {
    const { profile, subject, leaves } = leavesFile.parse(fromJson(bytes), '');
    const parsed = leaves.map((leaf) => ({
      ...leaf,
      salt: parseHex(leaf.salt),
      value: parseHex(leaf.value),
    }));
    return { profile, subject, leaves: parsed };
  });
}

/** The tree whose root the commitment logs. */
export function leafTree({ leaves }: Pick<OpenedLeaves, 'leaves'>): SaltedTree {
  return declarationTree(leaves.map(({ path, salt, value }) => ({ path, salt, value: valueInLeaf(value) })));
}

function nothingAt(path: string): Refusal {
  return refuse('not-found', `nothing was declared at ${path}; list what was`, { remedy: { list: true } });
}

/** Opens the leaves at and below the paths. Refuses `not-found` for a path without leaves. */
export function disclose(owned: OpenedLeaves, paths: readonly string[]): Disclosure {
  const tree = leafTree(owned);
  const wanted = new Set<number>();
  for (const path of paths) {
    const found = tree.leaves.flatMap((leaf, i) =>
      leaf.path === path || leaf.path.startsWith(`${path}/`) ? [i] : [],
    );
    if (found.length === 0) throw nothingAt(path);
    for (const index of found) wanted.add(index);
  }
  if (wanted.size > MAX_DISCLOSED)
    throw refuse(
      'too-large',
      `${wanted.size} leaves are more than the ${MAX_DISCLOSED} that a disclosure holds; name fewer`,
    );
  const openings = [...wanted].toSorted((a, b) => a - b).map((index) => openLeaf(tree, index));
  return { profile: owned.profile, subject: owned.subject, openings };
}

export function formatDisclosure({ profile, subject, openings }: Disclosure): string {
  const rows = openings.map((each) => formatHex(encodeCbor(opening.encode(each))));
  return `${JSON.stringify({ schema: 'tallystick.disclosure.v1', profile, subject, openings: rows }, undefined, 1)}\n`;
}

/** Refuses `malformed-payload`, naming the file. */
export function parseDisclosure(bytes: Uint8Array, path: string): Disclosure {
  return within('malformed-payload', `${path} is not of this version`, () => {
    const { profile, subject, openings } = disclosureFile.parse(fromJson(bytes), '');
    return {
      profile,
      subject,
      openings: openings.map((each) => opening.parse(decodeCbor(parseHex(each)), '')),
    };
  });
}

/** A leaf's path as people read it. The path of the top of a source is empty. */
export function showPath(path: string): string {
  return path === '' ? '(top)' : printable(path, 1_024);
}
