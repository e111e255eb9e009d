/**
 * `openings.json`: leaves of logged trees that their owner opened for one reader: observations that a proof rests on, or
 * leaves of a declaration (spec/bundle.md, "Attachments, openings, people"). Whoever has the file can see these leaves and
 * check them against the roots in the entries; it tells nothing of the other leaves.
 */
import { encodeCbor, decodeCbor } from '../bytes/cbor.ts';
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { formatHex, parseHex } from '../bytes/text.ts';
import { Checklist, type Check } from '../bytes/checklist.ts';
import { isWithdrawal } from '../statement/commitment.ts';
import { showValue } from '../statement/leaf-text.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import { opening, verifyOpening, type Opening, type TreeHead } from '../statement/saltedleaf.ts';
import { array, oneOf, record, text, type Schema } from '../statement/schema.ts';
import { name } from '../statement/vocabulary.ts';
import { fromJson } from './fromjson.ts';
import { showPath } from './leafopening.ts';

export const OPENINGS_FILE = 'openings.json';

/** One opened leaf of the tree of an entry. */
export interface OpenedLeaf {
  /** Entry id of a proof, or of a commitment. */
  readonly entry: string;
  /** The claim of that proof whose result rests on the leaf; null for a leaf that no claim was asked about. */
  readonly claim: string | null;
  readonly opening: Opening;
}

/** Most leaves in one file. */
const MOST_OPENED = 100_000;

const hex = (min: number, max: number) =>
  text(2 * min, 2 * max, { pattern: /^(?:[0-9a-f]{2})*$/, says: 'lower-case hexadecimal' });

const nameOrNull: Schema<string | null> = {
  parse: (value, at) => (value === null ? null : name.parse(value, at)),
  encode: (value) => value,
};

const openingsFile = record({
  schema: oneOf(['tallystick.openings.v1']),
  openings: array(record({ entry: hex(32, 32), claim: nameOrNull, opening: hex(1, 65_535) }), MOST_OPENED, 1),
});

export function formatOpenings(opened: readonly OpenedLeaf[]): string {
  const openings = opened.map(({ entry, claim, opening: each }) => ({
    entry,
    claim,
    opening: formatHex(encodeCbor(opening.encode(each))),
  }));
  return `${JSON.stringify({ schema: 'tallystick.openings.v1', openings }, undefined, 2)}\n`;
}

/** Refuses `malformed-payload`, naming the file. */
export function parseOpenings(bytes: Uint8Array, path: string): readonly OpenedLeaf[] {
  try {
    return openingsFile.parse(fromJson(bytes), '').openings.map((each, i) => ({
      ...each,
      opening: opening.parse(decodeCbor(parseHex(each.opening)), `openings[${i}].opening`),
    }));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw refuse('malformed-payload', `${path} has no openings: ${error.message}`, { cause: error });
  }
}

/** The salted tree of an entry: observations of a proof, leaves of a declaration; undefined for an entry without one. */
export function treeOf(entry: ParsedStatement): TreeHead | undefined {
  if (entry.kind === 'proof') return entry.proof.observations;
  if (entry.kind !== 'commitment' || isWithdrawal(entry.commitment)) return undefined;
  const { root, leaves } = entry.commitment.tree;
  return { root, count: leaves };
}

/** Refuses `proof-failed` unless the leaf is of the tree of this entry, and its claim rests on it. */
export function assertOpened(entry: ParsedStatement, { claim, opening: each }: OpenedLeaf): void {
  const tree = treeOf(entry);
  if (tree === undefined) throw refuse('proof-failed', 'the entry has no tree whose leaves could be opened');
  verifyOpening(each, tree);
  if (claim === null) return;
  const results = entry.kind === 'proof' ? entry.proof.results : [];
  const rests = results.find((result) => result.claim === claim)?.leaves ?? [];
  if (!rests.includes(each.index))
    throw refuse('proof-failed', `no result of the claim ${printable(claim)} rests on leaf ${each.index}`);
}

/** Checks the leaves that were opened of one entry, and shows their values. A leaf of another entry fails. */
export function checkOpenings(
  id: string,
  entry: ParsedStatement,
  opened: readonly OpenedLeaf[],
): readonly Check[] {
  const list = new Checklist();
  for (const each of opened)
    list.run('opened leaf', () => {
      if (each.entry !== id) throw refuse('proof-failed', `the leaf is of another entry, ${each.entry}`);
      assertOpened(entry, each);
      const of = each.claim === null ? '' : ` (${each.claim})`;
      return [undefined, `${showPath(each.opening.path)} = ${showValue(each.opening.value)}${of}`];
    });
  return list.checks;
}
