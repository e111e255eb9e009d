/**
 * Compares every head that a log serves with the newest one before it, by the comparison that all watchers share
 * (client/compare.ts).
 *
 * A difference is evidence only if it is signed and proven. An old head from a cache is no evidence as long as the log
 * still serves the larger tree.
 */
import type { TreeSize } from '../bytes/brand.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { compareHeads, type ComparedTrees, type ReadPrefix } from '../client/compare.ts';
import { prefixOf, type NotedHead } from '../client/history.ts';
import type { Alarm } from './alarm.ts';
import type { Copy } from './copy.ts';
import type { SeenHead } from './head.ts';
import { Unreachable } from '../client/served.ts';
import type { VerifiedTiles } from '../client/verified-tiles.ts';

/** How a head relates to the newest one before it. */
export type SeenVerdict =
  { readonly kind: 'same' | 'extends' | 'stale' } | { readonly kind: 'alarm'; readonly alarm: Alarm };

interface HistoryParts {
  readonly copy: Copy;
  /** The newest head that was accepted, and the newest whose entries the copy has completely. */
  readonly held: SeenHead;
  readonly covered: SeenHead | undefined;
  /** Verified tiles under a head, fetched anew. */
  readonly tilesOf: (head: SeenHead) => VerifiedTiles;
}

/** Compares. Fails as `Tampered`, and as `Unreachable` if the log does not serve what is needed. */
export async function compareSeen(
  now: SeenHead,
  nowTiles: VerifiedTiles,
  parts: HistoryParts,
): Promise<SeenVerdict> {
  const verdict = await compareHeads(noted(parts.held), noted(now), treesOf(now, nowTiles, parts));
  if (verdict.kind === 'conflict') return { kind: 'alarm', alarm: verdict };
  return { kind: SEEN_AS[verdict.kind] };
}

/** The names of the results in this room. */
const SEEN_AS = { same: 'same', newer: 'extends', older: 'stale' } as const;

/** The larger tree as it is served now, or the held one, from the copy as far as that reaches. */
function treesOf(now: SeenHead, nowTiles: VerifiedTiles, parts: HistoryParts): ComparedTrees {
  const { held, tilesOf } = parts;
  const isHere = now.opened.checkpoint.size > held.opened.checkpoint.size;
  return {
    prefix: async (size, head) =>
      isHere ? { head, prefix: await prefixOf(nowTiles, size, head.head) } : earlierTree(size, parts),
    isGone: () => edgeIsGone(tilesOf(held)),
    saysGone: (error) => error instanceof Unreachable && error.gone,
  };
}

/** Whether the right edge of a tree is no longer served. */
async function edgeIsGone(tiles: VerifiedTiles): Promise<boolean> {
  try {
    await tiles.edge();
    return false;
  } catch (error) {
    if (!(error instanceof Unreachable) || !error.gone) throw error;
    return true;
  }
}

/** Root of the held tree at a smaller size, with its proof; from the copy as far as that reaches. */
async function earlierTree(
  size: TreeSize,
  { copy, held, covered, tilesOf }: HistoryParts,
): Promise<ReadPrefix> {
  const own = [held, covered].find(
    (head) => head !== undefined && size <= sizeOf(head) && sizeOf(head) <= copy.size,
  );
  if (own === undefined) {
    const head = noted(held);
    return { head, prefix: await prefixOf(tilesOf(held), size, head.head) };
  }
  const [root, proof] = await Promise.all([
    copy.reader.root(size),
    copy.reader.consistency(size, sizeOf(own)),
  ]);
  return { head: noted(own), prefix: { root, proof } };
}

function noted(head: SeenHead): NotedHead {
  return { note: encodeUtf8(head.served), head: head.opened.checkpoint };
}

function sizeOf(head: SeenHead): TreeSize {
  return head.opened.checkpoint.size;
}
