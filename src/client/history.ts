/**
 * Compares two signed heads of one log: the larger tree must begin with the smaller. Tiles that hash to the root of the
 * larger head decide, and the proof computed from them is evidence for others.
 */
import type { Digest, TreeSize } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { decodeUtf8, formatBase64 } from '../bytes/text.ts';
import type { Evidence } from '../incident/incident.ts';
import type { OpenedCheckpoint } from '../note/checkpoint.ts';
import { nodesForConsistency, nodesForRoot, proveConsistency, rootAt } from '../tree/prove.ts';
import { verifyConsistency } from '../tree/verify.ts';
import type { TileReader } from './tiles.ts';

/** Size and root of a tree that somebody signed. */
export interface TreeHead {
  readonly size: TreeSize;
  readonly root: Digest;
}

/** A head, and the signed note that it came in. */
export interface SignedHead {
  /** The signed note. */
  readonly note: Uint8Array;
  readonly opened: OpenedCheckpoint;
}

/** A source of tree nodes: the log's tiles or a copy. Its answers are verified. */
export type NodeSource = Pick<TileReader, 'nodes'>;

/** The root of a tree's first leaves, with the consistency proof for it (RFC 9162 §2.1.4). */
export interface Prefix {
  readonly root: Digest;
  readonly proof: readonly Digest[];
}

/** Evidence of two heads that do not belong to one history. */
export type SplitView = Extract<Evidence, { readonly kind: 'split-view' }>;

/**
 * Root of the first `size` leaves of a tree, verified against the tree's own root. Refuses what `nodes` of the source
 * refuses, and `proof-failed` if the nodes do not hash to the tree's root.
 */
export async function prefixOf(source: NodeSource, size: TreeSize, tree: TreeHead): Promise<Prefix> {
  const needed = [...nodesForRoot(size), ...nodesForConsistency(size, tree.size)];
  const read = await source.nodes(needed, tree.size);
  const root = rootAt(read, size);
  const proof = proveConsistency(read, size, tree.size);
  verifyConsistency(size, tree.size, proof, root, tree.root);
  return { root, proof };
}

/** Evidence that two heads do not belong to one history: the root that the larger tree has at the smaller size. */
export interface Contradiction {
  readonly prefix?: Prefix;
}

/**
 * The contradiction between two heads, in either order; undefined when they are one history. Found only on
 * evidence: refuses as `prefixOf` does when the source cannot or will not tell.
 */
export async function contradiction(
  source: NodeSource,
  one: TreeHead,
  other: TreeHead,
): Promise<Contradiction | undefined> {
  const [old, now] = one.size <= other.size ? [one, other] : [other, one];
  if (old.size === now.size) return equalBytes(old.root, now.root) ? undefined : {};
  const prefix = await prefixOf(source, old.size, now);
  return equalBytes(old.root, prefix.root) ? undefined : { prefix };
}

/** A signed note and the head that it signs. A `LogView` is one. */
export interface NotedHead {
  readonly note: Uint8Array;
  readonly head: TreeHead;
}

/** The contradiction as evidence that anyone with the log's key can check; the smaller head comes first. */
export function splitView(one: NotedHead, other: NotedHead, { prefix }: Contradiction): SplitView {
  const [old, now] = one.head.size <= other.head.size ? [one, other] : [other, one];
  return {
    kind: 'split-view',
    heads: [decodeUtf8(old.note), decodeUtf8(now.note)],
    ...(prefix && { prefix: { root: formatBase64(prefix.root), proof: prefix.proof.map(formatBase64) } }),
  };
}
