/**
 * A log as one signed checkpoint shows it. Everything read through a view is checked against that
 * checkpoint's root before it is returned, so the server that answers need not be trusted.
 */
import { leafIndex, type Digest, type LeafIndex, type TreeSize } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import type { OpenedCheckpoint } from '../note/checkpoint.ts';
import { formatTlogProof } from '../note/tlogproof.ts';
import { openTrusted, type TrustPolicy } from '../note/trust.ts';
import { hashLeaf } from '../tree/hash.ts';
import {
  nodesForConsistency,
  nodesForInclusion,
  nodesForRoot,
  proveConsistency,
  proveInclusion,
  rootAt,
} from '../tree/prove.ts';
import { verifyConsistency, verifyInclusion } from '../tree/verify.ts';
import type { TileReader } from './tiles.ts';

/** Size and root of a tree somebody signed. */
export interface TreeHead {
  readonly size: TreeSize;
  readonly root: Digest;
}

/** An entry that is in the tree of a view's checkpoint. */
export interface ProvenEntry {
  readonly index: LeafIndex;
  readonly bytes: Uint8Array;
  /** The `.tlog-proof` file that shows it (C2SP tlog-proof). */
  readonly proof: Uint8Array;
}

/** One checkpoint, accepted by a trust policy, and verified reads under it. */
export class LogView {
  readonly #tiles: TileReader;
  /** The signed note, as served. */
  readonly note: Uint8Array;
  readonly opened: OpenedCheckpoint;

  private constructor(tiles: TileReader, note: Uint8Array, opened: OpenedCheckpoint) {
    this.#tiles = tiles;
    this.note = note;
    this.opened = opened;
  }

  /** Fetches the newest checkpoint. Refuses as `openTrusted` and `TileReader` do. */
  static async fetch(tiles: TileReader, policy: TrustPolicy): Promise<LogView> {
    return LogView.of(tiles, await tiles.checkpoint(), policy);
  }

  /** The view under a checkpoint that is at hand. Refuses as `openTrusted` does. */
  static of(tiles: TileReader, note: Uint8Array, policy: TrustPolicy): LogView {
    return new LogView(tiles, note, openTrusted(note, policy));
  }

  get head(): TreeHead {
    return this.opened.checkpoint;
  }

  /** The entry at an index. Refuses `beyond-head`, and `proof-failed` when what is served is not under the root. */
  async entry(index: number): Promise<ProvenEntry> {
    const { size, root } = this.head;
    if (index >= size)
      throw refuse('beyond-head', `the log has ${size} entries so far; there is no entry ${index}`);
    const at = leafIndex(index);
    const [bytes, read] = await Promise.all([
      this.#tiles.entry(index, size),
      this.#tiles.nodes(nodesForInclusion(at, size), size),
    ]);
    const path = proveInclusion(read, at, size);
    verifyInclusion(at, size, hashLeaf(bytes), path, root);
    return { index: at, bytes, proof: formatTlogProof({ index: at, path, checkpoint: this.note }) };
  }

  /**
   * Checks that this tree and another signed head of the same log are one history: the larger begins with
   * the smaller. Refuses `inconsistent` only on evidence: both heads are signed, and the tiles that hash to
   * the larger give another root for the smaller. Tiles that fit neither are `proof-failed`.
   */
  async assertOneHistory(other: TreeHead): Promise<void> {
    const [old, now] = other.size <= this.head.size ? [other, this.head] : [this.head, other];
    const root = old.size === now.size ? now.root : await this.#earlierRoot(old.size, now);
    if (!equalBytes(root, old.root)) {
      const larger =
        old.size === now.size ? 'another tree of that size' : `a tree of ${now.size} that begins otherwise`;
      throw refuse(
        'inconsistent',
        `the log signed two histories: a tree of ${old.size} entries, and ${larger}`,
      );
    }
  }

  /** Root of the first `size` entries of a tree, shown to be so by the tree's own root. */
  async #earlierRoot(size: TreeSize, tree: TreeHead): Promise<Digest> {
    const needed = [...nodesForRoot(size), ...nodesForConsistency(size, tree.size)];
    const read = await this.#tiles.nodes(needed, tree.size);
    const root = rootAt(read, size);
    verifyConsistency(size, tree.size, proveConsistency(read, size, tree.size), root, tree.root);
    return root;
  }
}
