/**
 * Reads a source into salted leaves. A sensitive value is in the tree only as a keyed digest, so that not even an
 * opened leaf shows it.
 */
import { encodeCbor } from '../bytes/cbor.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { within } from '../bytes/within.ts';
import { withoutNul } from './encoding.ts';
import type { Declarable, DeclaredLeaf, Unmarked } from './leaf.ts';
import type { SourceLeaf } from './leafopening.ts';
import { macOf, saltOf, type Salting } from './salting.ts';
import { unmarkedSecrets } from './secret.ts';
import type { Source, SourceOptions, SourceText } from './sources/source.ts';

/** How a source is to be read. */
export interface SourceReading extends SourceOptions {
  readonly source: Source;
  /** Paths of leaves that are secret, and of leaves that look secret and are not. */
  readonly sensitive: ReadonlySet<string>;
  readonly notSecret: ReadonlySet<string>;
  /** Makes the salts and the digests of sensitive leaves. */
  readonly salting: Salting;
}

export interface ReadSource extends Omit<Declarable, 'leaves' | 'suspects'> {
  readonly leaves: readonly SourceLeaf[];
  /** Leaves that look secret and are in neither list, with the reason. */
  readonly unmarked: readonly Unmarked[];
}

/** Leaves that are committed beside those of a source, and the version of the tool that they come from. */
export interface Added {
  readonly leaves: readonly DeclaredLeaf[];
  readonly source: Pick<Declarable['source'], 'tool' | 'toolVersion'>;
}

/** Reads a source into salted leaves. Refuses text that can be read in more than one way. */
export function readSource(texts: readonly SourceText[], reading: SourceReading, added?: Added): ReadSource {
  const { leaves, suspects = [], ...read } = declare(texts, reading);
  const rest = added === undefined ? read : { ...read, source: { ...read.source, ...added.source } };
  if (leaves.length === 0)
    throw refuse('malformed-payload', `this ${reading.source.kind} source declares nothing`);
  const unknown = [...reading.sensitive, ...reading.notSecret].find(
    (path) => path === '' || !leaves.some((leaf) => isBelow(leaf.path, path)),
  );
  if (unknown !== undefined)
    throw refuse('usage', `there is no leaf ${unknown} in this source; list those that there are`, {
      remedy: { list: true },
    });
  const marked = leaves.map((leaf) => ({
    ...leaf,
    sensitive: leaf.sensitive || [...reading.sensitive].some((path) => isBelow(leaf.path, path)),
  }));
  return {
    ...rest,
    leaves: [...marked, ...(added?.leaves ?? [])]
      .toSorted((a, b) => (a.path < b.path ? -1 : 1))
      .map((leaf) => salted(leaf, reading.salting)),
    unmarked: unmarkedIn(marked, suspects, reading.notSecret),
  };
}

/** What the rules for all kinds find, and what this kind found by itself where they do not. */
function unmarkedIn(
  leaves: readonly DeclaredLeaf[],
  suspects: readonly Unmarked[],
  known: ReadonlySet<string>,
): readonly Unmarked[] {
  const found = unmarkedSecrets(leaves, known);
  const settled = new Set([...known, ...found.map(({ path }) => path)]);
  for (const { path, sensitive } of leaves) if (sensitive) settled.add(path);
  return [...found, ...suspects.filter(({ path }) => !settled.has(path))];
}

function declare(texts: readonly SourceText[], { source, ...options }: SourceReading): Declarable {
  const where = `this ${source.kind} source cannot be committed to`;
  return within('same', where, () => source.declare(texts.map(checked), options));
}

/** The text as it is given, read when it is asked for. Refuses `malformed-text` for a NUL, of every kind. */
function checked(given: SourceText): SourceText {
  const { name } = given;
  return {
    name,
    get text() {
      return within('same', printable(name), () => withoutNul(given.text));
    },
  };
}

/** Refuses `usage` if something looks secret and is in neither list. */
export function refuseSecrets({ unmarked: found }: ReadSource): void {
  const [first] = found;
  if (first === undefined) return;
  const more = found.length === 1 ? '' : ` (and ${found.length - 1} more)`;
  const { path, why, inName = false } = first;
  const place = path === '' ? (true as const) : path;
  const text = inName
    ? `the name of a member of ${path === '' ? 'the source' : printable(path)} looks like ${printable(why)}${more}, and names are shown whatever is marked: ` +
      'take it out of the name if it is a secret, mark it as not secret if it is none'
    : `${printable(path)} looks like ${printable(why)}${more}: mark it as sensitive if it is a secret, as not secret if it is none`;
  const mark = inName ? {} : { sensitive: place };
  throw refuse('usage', text, { remedy: { ...mark, notSecret: place, list: true } });
}

function salted({ path, value, sensitive }: DeclaredLeaf, salting: Salting): SourceLeaf {
  const shown = sensitive
    ? encodeCbor(new Map([['sensitive', macOf(salting, 'sensitive', path, value)]]))
    : value;
  return { path, value: shown, sensitive, salt: saltOf(salting, path, shown) };
}

function isBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}/`);
}
