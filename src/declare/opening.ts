/**
 * `opening.json`: the salts and leaves of declared files, for their owner only. With it, files are checked against the
 * logged root, and single leaves can be disclosed later (spec/client.md).
 */
import { digest, type Digest } from '../bytes/brand.ts';
import { encodeCbor, isCborArray, isCborMap, type CborValue } from '../bytes/cbor.ts';
import { formatHex, parseHex } from '../bytes/text.ts';
import { within } from '../bytes/within.ts';
import { declarationTree, type SaltedLeaf, type SaltedTree } from '../statement/saltedleaf.ts';
import { array, oneOf, record, text } from '../statement/schema.ts';
import { count } from '../statement/vocabulary.ts';
import { fromJson } from './fromjson.ts';
import type { OpenedLeaves } from './leafopening.ts';

/** Its name in a proof directory. */
export const OPENING_FILE = 'opening.json';

/** Name and version of the rules in node/files.ts. */
export const FILES_PROFILE = 'files@1';

/** What an opening says it is. */
export const OPENING_SCHEMA = 'tallystick.opening.v1';

/** A file of a million leaves is still read; more is a mistake. */
const MAX_LEAVES = 1_000_000;

const hex = (bytes: number) =>
  text(2 * bytes, 2 * bytes, { pattern: /^[0-9a-f]+$/, says: 'lower-case hexadecimal' });

const leaf = record(
  {
    path: text(1, 1024),
    type: oneOf(['file', 'symlink', 'stream']),
    size: count,
    sha256: hex(32),
    salt: hex(16),
  },
  { mode: text(4, 4, { pattern: /^[0-7]+$/, says: 'four octal digits, as chmod takes them' }) },
);

const openingFile = record({
  schema: oneOf([OPENING_SCHEMA]),
  profile: oneOf([FILES_PROFILE]),
  subject: text(1, 1024),
  /** The folder that paths are relative to, as a path from this file's folder. */
  base: text(1, 4096),
  leaves: array(leaf, MAX_LEAVES, 1),
});

/** What a commitment to files declares of one. */
export interface FileFact {
  /** From the base, with slashes; `-` for standard input. */
  readonly path: string;
  /** symlink: size and digest are those of the link's text. stream: standard input. */
  readonly type: 'file' | 'symlink' | 'stream';
  /** Permission bits, with setuid, setgid and sticky; of a regular file alone. */
  readonly mode: number | undefined;
  readonly size: number;
  readonly sha256: Digest;
}

/** A declared file and the salt that hides it. */
export interface SaltedFact extends FileFact {
  readonly salt: Uint8Array;
}

export interface Opening {
  readonly subject: string;
  readonly base: string;
  readonly facts: readonly SaltedFact[];
}

/** The tree whose root the commitment logs. Refuses `malformed-payload` for a path given twice. */
export function treeOf(facts: readonly SaltedFact[]): SaltedTree {
  return declarationTree(
    facts.map((fact): SaltedLeaf => ({ salt: fact.salt, path: fact.path, value: valueOf(fact) })),
  );
}

/** The same leaves as of any other source, to be listed and shown. */
export function leavesOf({ subject, facts }: Pick<Opening, 'subject' | 'facts'>): OpenedLeaves {
  const leaves = facts.map((fact) => ({
    path: fact.path,
    salt: fact.salt,
    value: valueOf(fact),
    sensitive: false,
  }));
  return { profile: FILES_PROFILE, subject, leaves };
}

/** Canonical bytes of one leaf's value: a deterministic CBOR map (spec/statements.md §9). */
function valueOf({ type, mode, size, sha256 }: FileFact): Uint8Array {
  const members: [string, CborValue][] = [
    ['type', type],
    ['size', size],
    ['sha256', sha256],
  ];
  if (mode !== undefined) members.push(['mode', mode]);
  return encodeCbor(new Map(members));
}

/** `0644`. */
export function formatMode(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** The text of the file. */
export function formatOpening({ subject, base, facts }: Opening): string {
  const leaves = facts.map(({ path, type, mode, size, sha256, salt }) => ({
    path,
    type,
    ...(mode !== undefined && { mode: formatMode(mode) }),
    size,
    sha256: formatHex(sha256),
    salt: formatHex(salt),
  }));
  const value = openingFile.encode({
    schema: OPENING_SCHEMA,
    profile: FILES_PROFILE,
    subject,
    base,
    leaves,
  });
  return `${JSON.stringify(toJson(value), undefined, 2)}\n`;
}

/** Refuses `malformed-payload`, naming the file and the field. */
export function parseOpening(bytes: Uint8Array, path: string): Opening {
  return within('malformed-payload', `${path} is no opening of this version`, () => {
    const { subject, base, leaves } = openingFile.parse(fromJson(bytes), '');
    const facts = leaves.map(({ mode, sha256, salt, ...rest }): SaltedFact => ({
      ...rest,
      mode: mode === undefined ? undefined : Number.parseInt(mode, 8),
      sha256: digest(parseHex(sha256)),
      salt: parseHex(salt),
    }));
    return { subject, base, facts };
  });
}

function toJson(value: CborValue): unknown {
  if (isCborArray(value)) return value.map(toJson);
  if (isCborMap(value)) return Object.fromEntries(Array.from(value, ([key, each]) => [key, toJson(each)]));
  if (typeof value === 'string' || typeof value === 'number') return value;
  throw new TypeError('an opening holds text and numbers only');
}
