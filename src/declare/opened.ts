/**
 * Leaves of declarations that their owner opened, and how two declarations differ by them. A leaf counts once it leads to the root
 * that was logged. What nobody opened is told as a number: whether it differs is not known. Pure.
 */
import { encodeCbor } from '../bytes/cbor.ts';
import { equalBytes } from '../bytes/compare.ts';
import { refuse, Refusal } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import type { Declaration } from '../statement/commitment.ts';
import { showAnyValue } from '../statement/leaf-text.ts';
import { valueInLeaf, verifyOpening, type Opening } from '../statement/saltedleaf.ts';
import type { Change, Facts } from './facts.ts';
import type { Disclosure, OpenedLeaves } from './leafopening.ts';
import type { OpenedLeaf } from './openings-file.ts';

/** A file of opened leaves: all of a declaration for its owner, some for somebody else, or some of several entries. */
export type OpenedFile =
  | {
      readonly kind: 'leaves';
      readonly name: string;
      readonly subject: string;
      readonly owned: OpenedLeaves;
      readonly root: Uint8Array;
    }
  | {
      readonly kind: 'disclosure';
      readonly name: string;
      readonly subject: string;
      readonly shown: Disclosure;
    }
  | { readonly kind: 'openings'; readonly name: string; readonly openings: readonly OpenedLeaf[] };

/** A declaration that is logged. `id`: of its entry. */
export interface LoggedDeclaration {
  readonly id: string;
  readonly subject: string;
  readonly declaration: Declaration;
}

/** An opened leaf: its value as it stands in the tree, and as people read it. */
interface Shown {
  readonly value: Opening['value'];
  readonly text: string;
}

/** The opened leaves of a declaration, by path. `of`: how many it has. */
export interface Opened {
  readonly leaves: ReadonlyMap<string, Shown>;
  readonly of: number;
}

export interface LeafDifference {
  /** By path. A leaf was added or removed only where all leaves of the other declaration were opened. */
  readonly changes: readonly Change[];
  /** Leaves that are the same in both. */
  readonly same: number;
  /** Leaves that were opened in one alone: what the other has at their paths is not known. */
  readonly alone: number;
  /** Leaves that nobody opened. */
  readonly closed: { readonly before: number; readonly after: number };
}

/** The leaves of a declaration that files open. Refuses `proof-failed` for one of its entry that does not lead to its root. */
export function openedOf(files: readonly OpenedFile[], logged: LoggedDeclaration): Opened {
  const leaves = new Map<string, Shown>();
  for (const file of files) for (const [path, shown] of leavesIn(file, logged) ?? []) leaves.set(path, shown);
  return { leaves, of: logged.declaration.tree.leaves };
}

/** Refuses `proof-failed` for a file that opens no leaf of any of the declarations. */
export function assertOpensOne(files: readonly OpenedFile[], logged: readonly LoggedDeclaration[]): void {
  for (const file of files)
    if (logged.every((each) => leavesIn(file, each) === undefined))
      throw refuse(
        'proof-failed',
        `${file.name} has no leaf of these declarations: nothing in it leads to their roots`,
      );
}

/** All leaves of a declaration, as people read them; undefined if no file has all of them. */
export function leavesFor(files: readonly OpenedFile[], { tree }: Declaration): Facts | undefined {
  const found = files.find((file) => file.kind === 'leaves' && equalBytes(file.root, tree.root));
  if (found?.kind !== 'leaves') return undefined;
  return new Map(ownLeaves(found.owned).map(([path, { text }]) => [path, text]));
}

type Rows = readonly (readonly [path: string, shown: Shown])[];

/** What a file opens of a declaration; undefined if nothing of it. */
function leavesIn(file: OpenedFile, { id, subject, declaration }: LoggedDeclaration): Rows | undefined {
  const head = { root: declaration.tree.root, count: declaration.tree.leaves };
  if (file.kind === 'openings') {
    const own = file.openings.filter(({ entry }) => entry === id).map(({ opening }) => opening);
    for (const each of own) verifyOpening(each, head);
    return own.length === 0 ? undefined : own.map(shownRow);
  }
  if (file.subject !== subject) return undefined;
  if (file.kind === 'leaves') return equalBytes(file.root, head.root) ? ownLeaves(file.owned) : undefined;
  return file.shown.openings.every((each) => leadsTo(each, head))
    ? file.shown.openings.map(shownRow)
    : undefined;
}

function leadsTo(opening: Opening, head: Parameters<typeof verifyOpening>[1]): boolean {
  try {
    verifyOpening(opening, head);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function ownLeaves({ leaves }: OpenedLeaves): Rows {
  return leaves.map(({ path, value }) => shownRow({ path, value: valueInLeaf(value) }));
}

function shownRow({ path, value }: Pick<Opening, 'path' | 'value'>): readonly [string, Shown] {
  const text = showAnyValue(value);
  // A keyed digest tells that it changed, and not what it is.
  const isSensitive = text.startsWith('(sensitive');
  return [
    path,
    { value, text: isSensitive ? `(sensitive, digest ${formatHex(bytesOf(value)).slice(-16)})` : text },
  ];
}

/** How a declaration differs from the one before it, as far as leaves of both were opened. `before`: undefined for a first one. */
export function leafDifference(
  before: LoggedDeclaration | undefined,
  after: LoggedDeclaration,
  files: readonly OpenedFile[],
): LeafDifference {
  if (before !== undefined && isSameTree(before.declaration, after.declaration))
    return { changes: [], same: after.declaration.tree.leaves, alone: 0, closed: { before: 0, after: 0 } };
  const a = before === undefined ? { leaves: new Map<string, Shown>(), of: 0 } : openedOf(files, before);
  const b = openedOf(files, after);
  const changes: Change[] = [];
  let [same, alone] = [0, 0];
  for (const name of new Set([...a.leaves.keys(), ...b.leaves.keys()])) {
    const [was, is] = [a.leaves.get(name), b.leaves.get(name)];
    if (was !== undefined && is !== undefined && isSame(was, is)) same += 1;
    else if ((was === undefined && !isWhole(a)) || (is === undefined && !isWhole(b))) alone += 1;
    else changes.push({ name, before: was?.text, after: is?.text });
  }
  const closed = { before: a.of - a.leaves.size, after: b.of - b.leaves.size };
  return { changes: changes.toSorted((x, y) => (x.name < y.name ? -1 : 1)), same, alone, closed };
}

/** One root is one set of leaves. */
function isSameTree({ tree: a }: Declaration, { tree: b }: Declaration): boolean {
  return a.leaves === b.leaves && equalBytes(a.root, b.root);
}

function isWhole({ leaves, of }: Opened): boolean {
  return leaves.size === of;
}

function isSame(a: Shown, b: Shown): boolean {
  return equalBytes(bytesOf(a.value), bytesOf(b.value));
}

function bytesOf(value: Opening['value']): Uint8Array {
  return value instanceof Uint8Array ? value : encodeCbor([value.digest, value.size]);
}

/** `2 leaves differ, and 10 are the same; 3 were opened in one alone; 4 and 5 are salted and not opened: …`. */
export function comparedText({ changes, same, alone, closed }: LeafDifference): string {
  const { before, after } = closed;
  const open = before + after > 0;
  const known = `${changes.length} ${changes.length === 1 ? 'leaf differs' : 'leaves differ'}, and ${same} ${same === 1 ? 'is' : 'are'} the same`;
  const half =
    alone === 0
      ? ''
      : `; ${alone} ${alone === 1 ? 'was' : 'were'} opened in one of them alone, and not compared`;
  if (!open) return `${known}${half}`;
  return `${known}${half}; ${before} of the earlier and ${after} of the later are salted and not opened: whether they differ is not known`;
}
