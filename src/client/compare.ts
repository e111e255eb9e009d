/**
 * Compares a tree head that a log serves with one that was seen before, for clients, monitors and mirrors: do both
 * belong to one history? A conflict comes with evidence that anybody who has the log's key can check. If the log does
 * not serve what the comparison needs, it is refused and asked again later; a missing answer proves nothing.
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

/** Two signed heads of one log that contradict each other. */
export interface Conflict {
  readonly kind: 'conflict';
  readonly evidence: Evidence;
  /** Identifies the conflict, so that the same one is reported once. */
  readonly about: string;
  /** One sentence for people. */
  readonly what: string;
}

/**
 * How the served head relates to the one that was seen. `older`: a cache served an old head; the log still serves the
 * larger tree.
 */
export type HeadVerdict = { readonly kind: 'same' | 'newer' | 'older' } | Conflict;

/** A head, and the root of the first leaves of its tree. */
export interface ReadPrefix {
  readonly head: NotedHead;
  readonly prefix: Prefix;
}

/** Access to the log's trees. */
export interface ComparedTrees {
  /**
   * The root of the first `size` leaves of the tree of `head`, with its proof. An implementation may use a larger head
   * of the same history instead. Refuses what reading refuses, and `proof-failed` for nodes that do not hash to the
   * root of `head`.
   */
  readonly prefix: (size: TreeSize, head: NotedHead) => Promise<ReadPrefix>;
  /** Whether the log states that it no longer serves the tree that was seen. */
  readonly isGone: () => Promise<boolean>;
  /** Whether an error of `prefix` states the same. */
  readonly saysGone: (error: unknown) => boolean;
}

/** Compares two signed heads. Refuses what the methods of `trees` refuse. */
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
    // If the log no longer serves the tree that was seen, it was rolled back; its root cannot be compared.
    if (large === seen && trees.saysGone(error) && (await trees.isGone())) return rollback(seen, served);
    throw error;
  }
  if (large === served) return { kind: 'newer' };
  return (await trees.isGone()) ? rollback(seen, served) : { kind: 'older' };
}

/** Trees as the log serves them. `nodes`: where to read nodes: the log's tiles, or a verified copy. */
export function servedTrees(seen: NotedHead, nodes: NodeSource, tiles: TileReader): ComparedTrees {
  return {
    prefix: async (size, head) => ({ head, prefix: await prefixOf(nodes, size, head.head) }),
    isGone: () => isGone(seen, tiles),
    saysGone: isNotFound,
  };
}

/**
 * Whether the last leaf of the tree that was seen is gone. If a cache served an old head, that leaf is still served.
 */
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

/** The conflict of two heads that do not belong to one history, in either order. */
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

/** A sentence about two heads that do not belong to one history. */
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
