/**
 * Which challenges name a tree that the log had: the root at each size, from tiles that hash to the signed head; and
 * when the log outgrew it.
 */
import { treeSize } from '../../bytes/brand.ts';
import { equalBytes } from '../../bytes/compare.ts';
import type { EntryOf, SubjectEntry } from '../../appraisal/history.ts';
import type { AppraisalContext } from '../../appraisal/reports.ts';
import { prefixOf } from '../../client/history.ts';
import type { LogView } from '../../client/view.ts';
import type { CachingTileReader } from '../../client/caching-tiles.ts';
import type { Snapshot } from '../../client/reader.ts';

/** `wasHead` for these proofs: others are not asked about. Refuses as `prefixOf` does. */
export async function headsOf(
  proofs: readonly EntryOf<'proof'>[],
  view: LogView,
  tiles: CachingTileReader,
): Promise<AppraisalContext['wasHead']> {
  return headsAt(
    proofs.map(({ parsed: { proof } }) => proof.challenge.size),
    view,
    tiles,
  );
}

/** `wasHead` for these sizes: others are not asked about. Refuses as `prefixOf` does. */
export async function headsAt(
  sizes: readonly number[],
  view: LogView,
  tiles: CachingTileReader,
): Promise<AppraisalContext['wasHead']> {
  const { size: newest, root: newestRoot } = view.head;
  const roots = new Map<number, Uint8Array>([[newest, newestRoot]]);
  for (const size of new Set(sizes))
    if (size > 0 && size < newest) roots.set(size, (await prefixOf(tiles, treeSize(size), view.head)).root);
  return (size, root) => {
    const known = roots.get(size);
    return known !== undefined && equalBytes(known, root);
  };
}

/**
 * `outgrownAt` for the challenges of these proofs: of the entry that made the log outgrow each, its log's word, and no
 * later than that of any entry after it among `entries`, which are about the same subject.
 */
export async function growthOf(
  proofs: readonly EntryOf<'proof'>[],
  entries: readonly SubjectEntry[],
  look: Snapshot,
): Promise<AppraisalContext['outgrownAt']> {
  const times = new Map<number, number>();
  for (const { index, parsed } of proofs) {
    const { size } = parsed.proof.challenge;
    if (size >= index || times.has(size)) continue;
    const said = entries.find((each) => each.index === size)?.time ?? (await look.loggedAt(size));
    if (said === undefined) continue;
    const later = entries.filter((each) => each.index >= size);
    times.set(
      size,
      later.reduce((earliest, { time }) => Math.min(earliest, time), said),
    );
  }
  return (index) => times.get(index);
}
