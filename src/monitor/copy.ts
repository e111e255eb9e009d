/**
 * The verified copy of one log, in the log's own SQLite layout, so that the log's own code reads tiles, proofs and
 * searches from it. Only entries that were proven to be under a signed root are committed.
 *
 * `time` of a row is the monitor's clock at the commit, because entries carry no time and the log's statement of it is
 * not proven.
 */
import type { Digest, LeafIndex, TreeSize } from '../bytes/brand.ts';
import { treeSize } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import type { ChainHead, Head, NewEntry, ReceiptSeal, SealedHead } from '../log/ports.ts';
import { Reader } from '../log/reader.ts';
import { checkNewestEntries, verifiedEdge } from '../log/recover.ts';
import { SqliteStore, type CommitStep } from '../storage/sqlite.ts';
import { emptyEdge, grow, type Edge } from '../tree/grow.ts';
import { EMPTY_ROOT, type BatchHasher } from '../tree/hash.ts';
import type { TileId } from '../tree/tile.ts';
import { tileWidthAt } from '../tree/tile.ts';

/** A monitor signs nothing. */
const NO_SEAL: ReceiptSeal = { protectedBytes: new Uint8Array(), signature: new Uint8Array() };

/** Reads a copy like a log. It gives no receipts, since only the log can sign them. */
class CopyReader extends Reader {
  override async receipt(index: LeafIndex): Promise<Uint8Array> {
    throw refuse('not-found', `a monitor gives no receipts: ask the log for that of entry ${index}`);
  }
}

interface CopyParts {
  readonly path: string;
  readonly origin: string;
  readonly hasher: BatchHasher;
  /** Tests stop the process between any two parts of a commit. */
  readonly commitStep?: ((step: CommitStep) => void) | undefined;
}

/** The content of one commit. `leaves`: 32 bytes for each entry, concatenated. */
interface Addition {
  readonly entries: readonly NewEntry[];
  readonly leaves: Uint8Array;
  readonly chains: ReadonlyMap<string, ChainHead>;
}

export class Copy {
  readonly store: SqliteStore;
  readonly reader: CopyReader;
  readonly #hasher: BatchHasher;
  #edge: Edge;
  #head: Head | undefined;
  /** True if a commit failed, and it is not known whether it reached the disk. */
  #unsure = false;

  private constructor(store: SqliteStore, hasher: BatchHasher, head: Head | undefined, edge: Edge) {
    this.store = store;
    this.#hasher = hasher;
    this.#head = head;
    this.#edge = edge;
    this.reader = new CopyReader(store, hasher, sealed(this.head), {
      receiptsWait: false,
      setTimer: (run, ms) => void setTimeout(run, ms).unref(),
    });
  }

  /** Opens the copy, or makes an empty one. Refuses `corrupt-store`, `foreign-log`, `no-such-log`. */
  static async open({ path, origin, hasher, commitStep }: CopyParts): Promise<Copy> {
    const store = SqliteStore.openToWrite(path, origin, true, commitStep);
    try {
      const { head, edge } = await stored(store, hasher);
      return new Copy(store, hasher, head, edge);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get head(): Head {
    return this.#head ?? { size: treeSize(0), root: EMPTY_ROOT, time: 0 };
  }

  get size(): TreeSize {
    return this.head.size;
  }

  /** After a failed commit: reads the state from the store again. Refuses as `open` does. */
  async recover(): Promise<void> {
    if (!this.#unsure) return;
    const { head, edge } = await stored(this.store, this.#hasher);
    this.#head = head;
    this.#edge = edge;
    this.reader.advance(sealed(this.head));
    this.#unsure = false;
  }

  /**
   * Commits entries that the caller proved to follow the copy. `root`: root of the tree with them. `time`: POSIX
   * seconds. Refuses `store-failed`, and `corrupt-store` if they result in another root, because the copy is damaged
   * then.
   */
  async commit({ entries, leaves, chains }: Addition, root: Digest, time: number): Promise<void> {
    const growth = grow(this.#edge, leaves, this.#hasher);
    if (!equalBytes(growth.root, root))
      throw refuse('corrupt-store', 'the copy does not continue to the signed root: run `tallystick fsck`');
    const head = { size: growth.size, root: growth.root, time: Math.max(time, this.head.time) };
    this.#unsure = true;
    await this.store.commit({ head, entries, tiles: growth.tiles, chains }, this.#head);
    this.#unsure = false;
    this.#head = head;
    this.#edge = growth.edge;
    this.reader.advance(sealed(head));
  }

  /** Records that the copy has every entry under this signed head. */
  publish(note: Uint8Array, head: Head): void {
    this.reader.publish(note, sealed(head));
  }

  /** Whether a served tile of the right edge differs from what the copy holds. */
  async contradicts({ level, index, width }: TileId, hashes: Uint8Array): Promise<boolean> {
    const known = Math.min(width, tileWidthAt(level, index, this.size));
    const own = known === 0 ? undefined : await this.store.tile(level, index, known);
    return own !== undefined && !equalBytes(own, hashes.subarray(0, own.length));
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

async function stored(
  store: SqliteStore,
  hasher: BatchHasher,
): Promise<{ readonly head: Head | undefined; readonly edge: Edge }> {
  const head = await store.head();
  if (head === undefined) return { head, edge: emptyEdge() };
  const edge = await verifiedEdge(store, head, hasher);
  await checkNewestEntries(store, head);
  return { head, edge };
}

function sealed(head: Head): SealedHead {
  return { ...head, seal: NO_SEAL };
}
