/**
 * A log as one signed checkpoint shows it. Everything that is read through a view is checked against the checkpoint's
 * root before it is returned, so the server need not be trusted.
 */
import { leafIndex, type LeafIndex } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { OpenedCheckpoint } from '../note/checkpoint.ts';
import { formatTlogProof } from '../note/tlogproof.ts';
import { openByLog, openTrusted, type TrustPolicy } from '../note/trust.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { hashLeaf } from '../tree/hash.ts';
import { nodesForInclusion, proveInclusion } from '../tree/prove.ts';
import { verifyInclusion } from '../tree/verify.ts';
import { compareHeads, servedTrees, splitText, type HeadVerdict } from './compare.ts';
import { contradiction, type NotedHead, type TreeHead } from './history.ts';
import type { TileReader } from './tiles.ts';

export type { TreeHead } from './history.ts';

/** An entry that is in the tree of a view's checkpoint. */
export interface ProvenEntry {
  readonly index: LeafIndex;
  readonly bytes: Uint8Array;
  /** The `.tlog-proof` file that proves it (C2SP tlog-proof). */
  readonly proof: Uint8Array;
}

/** One checkpoint that a trust policy accepts, and verified reads under it. */
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

  /**
   * The view under a checkpoint that a log of the policy signed, without its quorum. That is enough to compare
   * histories, since a fork without a quorum is a fork, but not enough to rely on. Refuses as `openCheckpoint` does.
   */
  static signed(tiles: TileReader, note: Uint8Array, policy: TrustPolicy, verify?: VerifySignature): LogView {
    return new LogView(tiles, note, openByLog(note, policy, { verify }));
  }

  /** The view under a checkpoint that the policy accepts, quorum included. Refuses as `openTrusted` does. */
  static of(tiles: TileReader, note: Uint8Array, policy: TrustPolicy, verify?: VerifySignature): LogView {
    return new LogView(tiles, note, openTrusted(note, policy, verify));
  }

  get head(): TreeHead {
    return this.opened.checkpoint;
  }

  /** Reads the entry at an index. Refuses `beyond-head`, and `proof-failed` if what is served is not under the root. */
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
   * Checks that this tree and another signed head of the same log belong to one history: the larger tree begins with
   * the smaller. Refuses `inconsistent` only on evidence: both heads are signed, and tiles that hash to the larger root
   * give another root for the smaller size. Tiles that hash to neither are `proof-failed`.
   */
  async assertOneHistory(other: TreeHead): Promise<void> {
    const found = await contradiction(this.#tiles, this.head, other);
    if (found !== undefined) throw refuse('inconsistent', splitText(this.head, other));
  }

  /** How this head relates to one that was seen before. Refuses as `compareHeads` does. */
  compareWith(seen: NotedHead): Promise<HeadVerdict> {
    return compareHeads(seen, this, servedTrees(seen, this.#tiles, this.#tiles));
  }
}

/** Refusal codes of bytes that are no signed checkpoint of anybody. */
const NO_CHECKPOINT: ReadonlySet<string> = new Set([
  'malformed-note',
  'malformed-checkpoint',
  'malformed-text',
]);

/**
 * The result of `open` on an answer of `url`. If the answer is no checkpoint at all, anybody on the way may have sent
 * it: `unavailable`.
 */
export function asCheckpoint<T>(url: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof Refusal) || !NO_CHECKPOINT.has(error.code)) throw error;
    const what = `${url} answered something else than a checkpoint; is it a log?`;
    throw refuse('unavailable', `${what} (${error.message})`, { cause: error });
  }
}
