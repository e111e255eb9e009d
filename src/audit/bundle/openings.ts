/**
 * `openings.json`: leaves of declarations and observations that their owner opens for one reader, and the same as a file of
 * its own, which `audit bundle --openings` takes (spec/audit.md, "Attachments, openings, people").
 */
import { encodeCbor, decodeCbor } from '../../bytes/cbor.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { formatHex, parseHex } from '../../bytes/text.ts';
import { isWithdrawal } from '../../statement/commitment.ts';
import { opening, verifyOpening, type Opening, type TreeHead } from '../../statement/saltedleaf.ts';
import { array, oneOf, record, text, type Of } from '../../statement/schema.ts';
import { name } from '../../statement/vocabulary.ts';
import type { BundleEntry } from './entries.ts';
import { OPENINGS } from './names.ts';
import { badFile, jsonFile, nullable, readJsonFile } from './text.ts';

/** Most leaves of one bundle. */
const MOST = 100_000;

const hex = (min: number, max: number) =>
  text(2 * min, 2 * max, { pattern: /^(?:[0-9a-f]{2})*$/, says: 'lower-case hexadecimal' });

const openingsFile = record({
  schema: oneOf(['tallystick.openings.v1']),
  openings: array(record({ entry: hex(32, 32), claim: nullable(name), opening: hex(1, 65_535) }), MOST, 1),
});

/** A leaf that is opened: of which entry, for which claim. */
export interface OpenedLeaf {
  /** Entry id of the proof or declaration. */
  readonly entry: string;
  readonly claim: string | undefined;
  readonly opening: Opening;
}

/** The file of some openings, in their order. */
export function formatOpenings(opened: readonly OpenedLeaf[]): Uint8Array {
  return write({
    schema: 'tallystick.openings.v1',
    openings: opened.map(({ entry, claim = null, opening: each }) => ({
      entry,
      claim,
      opening: formatHex(encodeCbor(opening.encode(each))),
    })),
  });
}

function write({ schema, openings }: Of<typeof openingsFile>): Uint8Array {
  return jsonFile({
    schema,
    openings: openings.map(({ entry, claim, opening: each }) => ({ entry, claim, opening: each })),
  });
}

/** Reads the file; whether an opening holds is not checked. Refuses `malformed-bundle`, naming the file. */
export function parseOpenings(bytes: Uint8Array, file = OPENINGS): readonly OpenedLeaf[] {
  const { openings } = readJsonFile(file, bytes, openingsFile, write);
  return openings.map(({ entry, claim, opening: each }) => ({
    entry,
    claim: claim ?? undefined,
    opening: openingOf(each, file),
  }));
}

function openingOf(encoded: string, file: string): Opening {
  try {
    return opening.parse(decodeCbor(parseHex(encoded)), 'opening');
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw badFile(file, error.message);
  }
}

/**
 * Checks that each leaf is in the tree of its entry, and that the claim rests on it. Refuses `malformed-bundle` for an entry that
 * is not in the bundle and for another order than that of the log, and `proof-failed`.
 */
export function checkOpenings(opened: readonly OpenedLeaf[], entries: readonly BundleEntry[]): void {
  const byId = new Map(entries.map((each) => [String(each.id), each]));
  let before = [-1, -1];
  for (const { entry: id, claim, opening: leaf } of opened) {
    const entry = byId.get(id);
    if (entry === undefined) throw badFile(OPENINGS, `entry ${id} is not in the bundle`);
    const place = [entry.index, leaf.index];
    if (place[0] === before[0] ? Number(place[1]) <= Number(before[1]) : Number(place[0]) < Number(before[0]))
      throw badFile(OPENINGS, 'its openings are not in the order of the log');
    before = place;
    verifyOpening(leaf, treeOf(entry));
    if (claim !== undefined && !restsOn(entry, claim, leaf.index))
      throw refuse(
        'proof-failed',
        `${OPENINGS}: ${claim} does not rest on leaf ${leaf.index} of entry ${entry.index}`,
      );
  }
}

/** Puts openings into the order of the log. */
export function inLogOrder(
  opened: readonly OpenedLeaf[],
  entries: readonly BundleEntry[],
): readonly OpenedLeaf[] {
  const indices = new Map(entries.map(({ id, index }) => [String(id), index]));
  const at = ({ entry }: OpenedLeaf): number => indices.get(entry) ?? Infinity;
  return opened.toSorted((a, b) => at(a) - at(b) || a.opening.index - b.opening.index);
}

function treeOf({ index, parsed }: BundleEntry): TreeHead {
  if (parsed.kind === 'proof' && parsed.proof.observations !== undefined) return parsed.proof.observations;
  if (parsed.kind === 'commitment' && !isWithdrawal(parsed.commitment)) {
    const { leaves, root } = parsed.commitment.tree;
    return { root, count: leaves };
  }
  throw badFile(OPENINGS, `entry ${index} has no leaves to open`);
}

function restsOn({ parsed }: BundleEntry, claim: string, leaf: number): boolean {
  return (
    parsed.kind === 'proof' &&
    parsed.proof.results.some((each) => each.claim === claim && (each.leaves ?? []).includes(leaf))
  );
}
