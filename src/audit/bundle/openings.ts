/**
 * `openings.json` of a bundle: leaves of declarations and observations that their owner opened for one reader
 * (declare/openings-file.ts), in the order of the log and in one spelling (spec/bundle.md, "Attachments, openings, people").
 */
import { equalBytes } from '../../bytes/compare.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import {
  assertOpened,
  formatOpenings as openingsText,
  parseOpenings as parseOpeningsFile,
  type OpenedLeaf,
} from '../../declare/openings-file.ts';
import type { BundleEntry } from './entries.ts';
import { OPENINGS } from './names.ts';
import { badFile } from './text.ts';

/** The file of some openings, in their order. */
export function formatOpenings(opened: readonly OpenedLeaf[]): Uint8Array {
  return encodeUtf8(openingsText(opened));
}

/** Reads the file; whether an opening holds is not checked. Refuses `malformed-bundle`, naming the file. */
export function parseOpenings(bytes: Uint8Array, file = OPENINGS): readonly OpenedLeaf[] {
  const opened = readOpenings(bytes, file);
  if (!equalBytes(formatOpenings(opened), bytes)) throw badFile(file, 'it is not in its one spelling');
  return opened;
}

function readOpenings(bytes: Uint8Array, file: string): readonly OpenedLeaf[] {
  try {
    return parseOpeningsFile(bytes, file);
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
  for (const each of opened) {
    const { entry: id, opening: leaf } = each;
    const entry = byId.get(id);
    if (entry === undefined) throw badFile(OPENINGS, `entry ${id} is not in the bundle`);
    const place = [entry.index, leaf.index];
    if (place[0] === before[0] ? Number(place[1]) <= Number(before[1]) : Number(place[0]) < Number(before[0]))
      throw badFile(OPENINGS, 'its openings are not in the order of the log');
    before = place;
    assertOpened(entry.parsed, each);
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
