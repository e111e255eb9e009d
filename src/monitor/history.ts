/**
 * One log, one history: every head it serves is compared with the newest one it served before.
 *
 * What does not fit is evidence only when it is signed and proven. An old head, out of some cache, is none
 * as long as the larger tree is still served.
 */
import type { TreeSize } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { formatHex } from '../bytes/text.ts';
import {
  aboutSplit,
  prefixOf,
  splitView,
  type Contradiction,
  type NotedHead,
  type TreeHead,
} from '../client/history.ts';
import type { Alarm } from './alarm.ts';
import type { Copy } from './copy.ts';
import type { SeenHead } from './head.ts';
import { Unreachable } from './served.ts';
import type { VerifiedTiles } from './tiles.ts';

/** What a head is to the newest one before it. */
export type Verdict =
  { readonly kind: 'same' | 'extends' | 'stale' } | { readonly kind: 'alarm'; readonly alarm: Alarm };

export interface HistoryParts {
  readonly copy: Copy;
  /** The newest head that was accepted, and the newest that the copy covers wholly. */
  readonly held: SeenHead;
  readonly covered: SeenHead | undefined;
  /** Verified tiles under a head, fetched anew. */
  readonly tilesOf: (head: SeenHead) => VerifiedTiles;
}

/** Compares. Fails as `Unreachable` when the log does not serve what is needed, and as `Tampered`. */
export async function compareHeads(
  now: SeenHead,
  nowTiles: VerifiedTiles,
  parts: HistoryParts,
): Promise<Verdict> {
  const { held } = parts;
  const [here, before] = [headOf(now), headOf(held)];
  if (here.size < before.size) return compareSmaller(now, parts);
  if (here.size === before.size)
    return equalBytes(here.root, before.root) ? { kind: 'same' } : split(held, now, {});
  // The tiles under the larger head say which root the smaller tree had.
  const prefix = await prefixOf(nowTiles, before.size, here);
  return equalBytes(prefix.root, before.root) ? { kind: 'extends' } : split(held, now, { prefix });
}

async function compareSmaller(now: SeenHead, parts: HistoryParts): Promise<Verdict> {
  const { held } = parts;
  const { size, root } = headOf(now);
  try {
    const { larger, prefix } = await earlierTree(size, parts);
    if (!equalBytes(prefix.root, root)) return split(larger, now, { prefix });
    await parts.tilesOf(held).edge();
    return { kind: 'stale' };
  } catch (error) {
    if (!(error instanceof Unreachable) || !error.gone) throw error;
    return rollback(held, now);
  }
}

/** Root of the held tree at a smaller size, and the proof of it: from the copy as far as that goes. */
async function earlierTree(
  size: TreeSize,
  { copy, held, covered, tilesOf }: HistoryParts,
): Promise<Required<Contradiction> & { readonly larger: SeenHead }> {
  const own = [held, covered].find(
    (head) => head !== undefined && size <= headOf(head).size && headOf(head).size <= copy.size,
  );
  if (own === undefined) return { larger: held, prefix: await prefixOf(tilesOf(held), size, headOf(held)) };
  const [root, proof] = await Promise.all([
    copy.reader.root(size),
    copy.reader.consistency(size, headOf(own).size),
  ]);
  return { larger: own, prefix: { root, proof } };
}

function split(held: SeenHead, now: SeenHead, contradiction: Contradiction): Verdict {
  const [before, here] = [headOf(held).size, headOf(now).size];
  const what =
    before === here
      ? `the log signed two trees of ${before} entries`
      : `the log signed a tree of ${Math.min(before, here)} entries, and one of ${Math.max(before, here)} that begins otherwise`;
  const evidence = splitView(noted(held), noted(now), contradiction);
  return { kind: 'alarm', alarm: { evidence, about: aboutSplit(headOf(held), headOf(now)), what } };
}

function rollback(seen: SeenHead, now: SeenHead): Verdict {
  const [before, after] = [headOf(seen), headOf(now)];
  const what = `the log went back from ${before.size} entries to ${after.size}, and no longer serves the rest`;
  const evidence = { kind: 'rollback', heads: [seen.served, now.served] } as const;
  return {
    kind: 'alarm',
    alarm: { evidence, about: `from ${before.size} ${formatHex(before.root)}`, what },
  };
}

function noted(head: SeenHead): NotedHead {
  return { note: new TextEncoder().encode(head.served), head: headOf(head) };
}

function headOf(head: SeenHead): TreeHead {
  return head.opened.checkpoint;
}
