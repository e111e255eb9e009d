/**
 * Whether the tree heads that challenges name were heads of this log, and when the log outgrew them. The root at each
 * size is computed from tiles that hash to the signed head.
 */
import { readAhead } from '../bytes/ahead.ts';
import { treeSize, type Digest } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { Lru } from '../bytes/lru.ts';
import type { EntryOf, SubjectEntry } from '../appraisal/history.ts';
import { earliestSince } from '../appraisal/outgrown.ts';
import type { AppraisalContext } from '../appraisal/reports.ts';
import { prefixOf, type NodeSource } from './history.ts';
import type { LogView } from './view.ts';
import type { Snapshot } from './snapshot.ts';

/** `wasHead` for the challenges of these proofs only. Refuses as `prefixOf` does. */
export async function wasHeadFor(
  proofs: readonly EntryOf<'proof'>[],
  view: LogView,
  tiles: NodeSource,
): Promise<AppraisalContext['wasHead']> {
  return wasHeadAt(
    proofs.map(({ parsed: { proof } }) => proof.challenge.size),
    view,
    tiles,
  );
}

/** Roots that are kept of one view. */
const MOST_ROOTS = 65_536;
/** Roots by the size of the tree, each verified under the head of a view: many subjects' challenges name the same sizes. */
const ROOTS = new WeakMap<LogView, Lru<number, Digest>>();

function rootsUnder(view: LogView): Lru<number, Digest> {
  const roots = ROOTS.get(view) ?? new Lru<number, Digest>(MOST_ROOTS, () => 1);
  ROOTS.set(view, roots);
  return roots;
}

/** `wasHead` for these sizes only. Refuses as `prefixOf` does. */
export async function wasHeadAt(
  sizes: readonly number[],
  view: LogView,
  tiles: NodeSource,
): Promise<AppraisalContext['wasHead']> {
  const { size: newest, root: newestRoot } = view.head;
  const known = rootsUnder(view);
  const roots = new Map<number, Uint8Array>([[newest, newestRoot]]);
  const wanted = [...new Set(sizes)].filter((size) => size > 0 && size < newest).toSorted((a, b) => a - b);
  const read = async (i: number): Promise<readonly [number, Uint8Array]> => {
    const size = treeSize(wanted[i] ?? 0);
    const root = known.get(size) ?? (await prefixOf(tiles, size, view.head)).root;
    known.set(size, root);
    return [size, root];
  };
  for await (const [size, root] of readAhead(0, wanted.length, read, () => 0)) roots.set(size, root);
  return (size, root) => {
    const own = roots.get(size);
    return own !== undefined && equalBytes(own, root);
  };
}

/**
 * `outgrownAt` for the challenges of these proofs. The time is the log's statement for the entry that made it outgrow
 * the challenge, but not later than the time of any entry after that one among `entries` (all of the same subject).
 */
export async function outgrownAtFor(
  proofs: readonly EntryOf<'proof'>[],
  entries: readonly SubjectEntry[],
  snapshot: Pick<Snapshot, 'loggedAt' | 'times'>,
): Promise<AppraisalContext['outgrownAt']> {
  const times = new Map<number, number>();
  const stated = new Map(entries.map(({ index, time }) => [index, time]));
  const earliest = earliestSince(entries);
  for (const { index, parsed } of proofs) {
    const { size } = parsed.proof.challenge;
    if (size >= index || times.has(size)) continue;
    // A bound of an entry's time is the latest one; what was outgrown, was it at the earliest.
    const own = snapshot.times === 'log' ? stated.get(size) : undefined;
    const said = own ?? (await snapshot.loggedAt(size));
    if (said !== undefined) times.set(size, Math.min(said, earliest.from(size)));
  }
  return (index) => times.get(index);
}
