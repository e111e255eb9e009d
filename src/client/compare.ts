/**
 * The one comparison of a head that a log serves with one that was seen before, for clients, monitors and mirrors: are they one
 * history? A conflict comes with the evidence that shows it to anybody who has the log's key. A log that does not give what the
 * comparison needs is refused instead, and asked again: silence proves nothing.
 */
import { equalBytes } from '../bytes/compare.ts';
import { Refusal } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import type { TreeSize } from '../bytes/brand.ts';
import { aboutRollback, aboutSplit } from '../incident/about.ts';
import type { Evidence } from '../incident/incident.ts';
import { TILE_WIDTH, tileWidthAt } from '../tree/tile.ts';
import {
  prefixOf,
  splitView,
  type Contradiction,
  type NodeSource,
  type NotedHead,
  type Prefix,
  type SplitView,
  type TreeHead,
} from './history.ts';
import type { TileReader } from './tiles.ts';

/** Two heads that cannot both be. */
export interface Conflict {
  readonly kind: 'conflict';
  readonly evidence: Evidence;
  /** What makes it the same conflict again. */
  readonly about: string;
  /** One sentence for people. */
  readonly what: string;
}

/** What the served head is to the one that was seen; `older`: out of some cache, since the larger tree is still served. */
export type HeadVerdict = { readonly kind: 'same' | 'newer' | 'older' } | Conflict;

/** A head whose tree is read, and how it begins. */
export interface ReadPrefix {
  readonly head: NotedHead;
  readonly prefix: Prefix;
}

/** How the log's trees are read. */
export interface ComparedTrees {
  /**
   * The root of the first `size` leaves of the tree of `head`, with its proof; of a larger head that is one history with
   * it, where that is at hand. Refuses what reading refuses, `proof-failed` for nodes that do not hash to its root.
   */
  readonly prefix: (size: TreeSize, head: NotedHead) => Promise<ReadPrefix>;
  /** Whether the log says that it serves the tree that was seen no more. */
  readonly isGone: () => Promise<boolean>;
  /** Whether an error of `prefix` says so. */
  readonly saysGone: (error: unknown) => boolean;
}

/** Compares two signed heads. Refuses what `trees` refuses. */
export async function compareHeads(
  seen: NotedHead,
  served: NotedHead,
  trees: ComparedTrees,
): Promise<HeadVerdict> {
  const [before, now] = [seen.head, served.head];
  if (now.size === before.size)
    return equalBytes(now.root, before.root) ? { kind: 'same' } : split(seen, served, {});
  const [small, large] = now.size < before.size ? [served, seen] : [seen, served];
  try {
    const { head, prefix } = await trees.prefix(small.head.size, large);
    if (!equalBytes(prefix.root, small.head.root)) return split(head, small, { prefix });
  } catch (error) {
    // Of a tree that is gone nothing can be compared any more.
    if (large === seen && trees.saysGone(error) && (await trees.isGone())) return rollback(seen, served);
    throw error;
  }
  if (large === served) return { kind: 'newer' };
  return (await trees.isGone()) ? rollback(seen, served) : { kind: 'older' };
}

/** Trees as they are served, or as a verified copy has them in `nodes`. */
export function servedTrees(seen: NotedHead, nodes: NodeSource, tiles: TileReader): ComparedTrees {
  return {
    prefix: async (size, head) => ({ head, prefix: await prefixOf(nodes, size, head.head) }),
    isGone: () => isGone(seen, tiles),
    saysGone: isNotFound,
  };
}

/** An old head may come from a cache; then the last leaf of the tree that was seen is still served. */
async function isGone({ head: { size } }: NotedHead, tiles: TileReader): Promise<boolean> {
  const last = Math.floor((size - 1) / TILE_WIDTH);
  try {
    await tiles.tile(0, last, tileWidthAt(0, last, size));
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof Refusal && error.code === 'not-found';
}

/** The conflict of two heads that are no one history, in either order. */
export function split(
  one: NotedHead,
  other: NotedHead,
  found: Contradiction,
): Conflict & { readonly evidence: SplitView } {
  return {
    kind: 'conflict',
    evidence: splitView(one, other, found),
    about: aboutSplit(one.head, other.head),
    what: splitText(one.head, other.head),
  };
}

/** Two heads that are no one history, in words. */
export function splitText(one: TreeHead, other: TreeHead): string {
  const [small, large] = one.size <= other.size ? [one.size, other.size] : [other.size, one.size];
  const larger = small === large ? 'another tree of that size' : `a tree of ${large} that begins otherwise`;
  return `the log signed two histories: a tree of ${small} entries, and ${larger}`;
}

function rollback(seen: NotedHead, served: NotedHead): Conflict {
  const [before, now] = [seen.head, served.head];
  return {
    kind: 'conflict',
    evidence: { kind: 'rollback', heads: [decodeUtf8(seen.note), decodeUtf8(served.note)] },
    about: aboutRollback(before),
    what: `the log went back from ${before.size} entries to ${now.size}, and no longer serves the rest`,
  };
}
