/**
 * Reads over a log: tiles and entries as bytes, proofs computed from tiles. Everything published is
 * immutable, so full tiles and bundles are cached for good; the growing edge is read from the store.
 */
import { leafIndex, type Digest, type EntryId, type LeafIndex, type TreeSize } from '../bytes/brand.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { encodeInclusionReceipt } from '../cose/receipt.ts';
import { formatTlogProof } from '../note/tlogproof.ts';
import { nodeHashOf, type BatchHasher, type NodeHash } from '../tree/hash.ts';
import {
  nodesForConsistency,
  nodesForInclusion,
  nodesForRoot,
  proveConsistency,
  proveInclusion,
  rootAt,
} from '../tree/prove.ts';
import { TILE_WIDTH, tileWidthAt } from '../tree/tile.ts';
import { TileNodes } from '../tree/tilenodes.ts';
import { Lru } from '../bytes/lru.ts';
import { readNodes, type TileLoader } from '../tree/load.ts';
import type {
  EntryRow,
  Head,
  LogReader,
  Query,
  SealedHead,
  SearchPage,
  StoredEntry,
  StoreReader,
} from './ports.ts';

/** Bytes of tiles and bundles kept in memory. */
const BYTES_CACHED = 64 * 2 ** 20;

/** Tiles kept with their interior nodes, 24 KiB each. */
const TILES_CACHED = 2048;

export interface Published {
  readonly note: Uint8Array;
  readonly head: Head;
}

export class Reader implements LogReader {
  readonly #store: StoreReader;
  readonly #hasher: BatchHasher;
  readonly #hash: NodeHash;
  readonly #receiptsWait: boolean;
  readonly #bytes = new Lru<string, Uint8Array>(BYTES_CACHED, (bytes) => bytes.length);
  readonly #nodes = new Lru<string, TileNodes>(TILES_CACHED, () => 1);
  /** Full bundles that are being read. */
  readonly #reading = new Map<string, Promise<Uint8Array>>();
  readonly #waiting = new Set<() => void>();
  readonly #setTimer: (run: () => void, ms: number) => void;
  #head: SealedHead;
  /** Undefined until the first checkpoint is published, since a witness quorum may take long. */
  #published: (Published & { readonly head: SealedHead }) | undefined;

  constructor(
    store: StoreReader,
    hasher: BatchHasher,
    head: SealedHead,
    options: { readonly receiptsWait: boolean; readonly setTimer: (run: () => void, ms: number) => void },
  ) {
    this.#store = store;
    this.#hasher = hasher;
    this.#hash = nodeHashOf(hasher);
    this.#head = head;
    this.#receiptsWait = options.receiptsWait;
    this.#setTimer = options.setTimer;
  }

  /** A new integrated head. Heads only grow. */
  advance(head: SealedHead): void {
    if (head.size >= this.#head.size) this.#head = head;
  }

  /** A new published checkpoint. */
  publish(note: Uint8Array, head: SealedHead): void {
    this.advance(head);
    this.#published = { note, head };
    for (const wake of this.#waiting) wake();
  }

  head(): SealedHead {
    return this.#head;
  }

  checkpoint(): Published & { readonly head: SealedHead } {
    if (this.#published !== undefined) return this.#published;
    throw refuse(
      'not-yet',
      'no checkpoint is published yet: the witness quorum is still to be met; ask again in a moment',
    );
  }

  /** Leaves that the published checkpoint covers. */
  get publishedSize(): number {
    return this.#published?.head.size ?? 0;
  }

  async published(index: LeafIndex, timeoutMs: number): Promise<void> {
    let late = false;
    this.#setTimer(() => {
      late = true;
      for (const wake of this.#waiting) wake();
    }, timeoutMs);
    while (this.publishedSize <= index) {
      if (late)
        throw refuse('not-yet', `no published checkpoint covers entry ${index} yet; ask again in a moment`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  async tile(level: number, index: number, width: number): Promise<Uint8Array> {
    if (width > tileWidthAt(level, index, this.publishedSize)) throw notServed();
    const key = `${level}/${index}`;
    const cached = this.#bytes.get(key);
    if (cached !== undefined) return cached.subarray(0, width * 32);
    const full = tileWidthAt(level, index, this.#head.size) === TILE_WIDTH;
    const bytes = await this.#store.tile(level, index, full ? TILE_WIDTH : width);
    if (bytes === undefined) throw lost(`tile ${key}`);
    if (full) this.#bytes.set(key, bytes);
    return bytes.subarray(0, width * 32);
  }

  async bundle(index: number, width: number): Promise<Uint8Array> {
    if (width > tileWidthAt(0, index, this.publishedSize)) throw notServed();
    const key = width === TILE_WIDTH ? `entries/${index}` : undefined;
    const cached = key === undefined ? undefined : this.#bytes.get(key);
    if (cached !== undefined) return cached;
    return key === undefined ? this.#readBundle(index, width) : this.#fullBundle(key, index);
  }

  /** Reads a full bundle into the cache, once for all that ask for it meanwhile. */
  #fullBundle(key: string, index: number): Promise<Uint8Array> {
    const started = this.#reading.get(key);
    if (started !== undefined) return started;
    const reading = this.#readBundle(index, TILE_WIDTH)
      .then((bytes) => {
        this.#bytes.set(key, bytes);
        return bytes;
      })
      .finally(() => this.#reading.delete(key));
    this.#reading.set(key, reading);
    return reading;
  }

  async #readBundle(index: number, width: number): Promise<Uint8Array> {
    const bytes = await this.#store.bundle(index, width);
    if (bytes === undefined) throw lost(`bundle ${index}`);
    return bytes;
  }

  async entry(key: LeafIndex | EntryId): Promise<StoredEntry> {
    const index = typeof key === 'number' ? key : (await this.#store.find(key))?.index;
    const [entry] = index === undefined ? [] : await this.#store.entries(index, index + 1);
    if (entry === undefined) throw refuse('not-found', `there is no entry ${key} in this log`);
    return entry;
  }

  entries(start: number, end: number): Promise<readonly StoredEntry[]> {
    return this.#store.entries(start, Math.min(end, start + 1000, this.#head.size));
  }

  find(id: EntryId): Promise<EntryRow | undefined> {
    return this.#store.find(id);
  }

  findLeaf(leaf: Digest): Promise<LeafIndex | undefined> {
    return this.#store.findLeaf(leaf);
  }

  search(query: Query): Promise<SearchPage> {
    return this.#store.search(query);
  }

  async root(size: TreeSize): Promise<Digest> {
    this.#within(size);
    return rootAt(await readNodes(nodesForRoot(size), this.#head.size, this.#load), size, this.#hash);
  }

  async inclusion(index: LeafIndex, size: TreeSize): Promise<readonly Digest[]> {
    this.#within(size);
    if (index >= size)
      throw refuse('beyond-head', `a tree of ${size} has no leaf ${index}: ask for a larger size`);
    const read = await readNodes(nodesForInclusion(index, size), this.#head.size, this.#load);
    return proveInclusion(read, index, size, this.#hash);
  }

  async consistency(from: TreeSize, to: TreeSize): Promise<readonly Digest[]> {
    this.#within(to);
    if (from > to) throw refuse('bad-request', `the older size ${from} is above the newer ${to}: swap them`);
    const read = await readNodes(nodesForConsistency(from, to), this.#head.size, this.#load);
    return proveConsistency(read, from, to, this.#hash);
  }

  async receipt(index: LeafIndex): Promise<Uint8Array> {
    const { size, seal } = this.#receiptsWait ? this.checkpoint().head : this.#head;
    if (index >= size || size < 2)
      throw refuse('not-yet', `entry ${index} has no receipt yet; ask again in a moment`);
    const path = await this.inclusion(index, size);
    return encodeInclusionReceipt(seal, size, index, path);
  }

  async tlogProof(index: LeafIndex): Promise<Uint8Array> {
    const { note, head } = this.checkpoint();
    if (index >= head.size)
      throw refuse('not-yet', `no published checkpoint covers entry ${index} yet; ask again in a moment`);
    return formatTlogProof({
      index: leafIndex(index),
      path: await this.inclusion(index, head.size),
      checkpoint: note,
    });
  }

  #within(size: TreeSize): void {
    if (size > this.#head.size)
      throw refuse('beyond-head', `the tree has ${this.#head.size} leaves, not ${size} yet`);
  }

  /** Loads a tile with its nodes, at least `width` wide. Growing tiles are read again after they grew. */
  readonly #load: TileLoader = async (level, index, width) => {
    const key = `${level}/${index}`;
    const cached = this.#nodes.get(key);
    if (cached !== undefined && cached.width >= width) return cached;
    const bytes = await this.#store.tile(level, index, width);
    if (bytes === undefined) throw lost(`tile ${key}`);
    const nodes = TileNodes.of(bytes, this.#hasher);
    this.#nodes.set(key, nodes);
    return nodes;
  };
}

function notServed(): Refusal {
  return refuse(
    'not-found',
    'the published tree has no such tile: fetch /checkpoint and only the tiles it implies',
  );
}

function lost(what: string): Refusal {
  return refuse('corrupt-store', `${what} is missing from the store: run \`tallystick fsck\``);
}
