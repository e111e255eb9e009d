/**
 * Bundles of a log that a reader of the whole log keeps between runs, so that a walk that ended half-way goes on where it was, and the
 * next one fetches only what is new. Nothing that is kept is believed. A kept bundle takes the place of an answer of the host: its
 * entries are hashed, and compared with the signed root as those are. So whoever edits what is kept can cause that a bundle is
 * fetched again, and nothing else. Rows (which entry is about which subject) are not kept: only the entries show that they are right.
 */
import type { TreeSize } from '../bytes/brand.ts';
import { Lru } from '../bytes/lru.ts';
import { Refusal } from '../bytes/refusal.ts';
import { decodeBundle, encodeBundle } from '../tree/bundle.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { TILE_WIDTH, tileWidthAt } from '../tree/tile.ts';
import { spelled } from '../cose/twin.ts';
import type { Bundle } from './bundles.ts';
import type { Found } from './search.ts';
import { TileReader } from './tiles.ts';
import type { Transport } from './transport.ts';

/** Keeps full bundles of logs between runs. What it gives back may be anything. */
export interface BundleMemory {
  /** Undefined for a bundle that is not kept, or cannot be read. */
  bundle(origin: string, index: number): Promise<Uint8Array | undefined>;
  /** Keeps the bytes of a bundle. A bundle that cannot be kept is left out. */
  keep(origin: string, index: number, bytes: Uint8Array): Promise<void>;
  /** Called when a walk begins; what it returns, when the walk ended or failed. */
  walking?(): () => void;
}

/** Full bundles that are in memory: those whose leaves wait for their entries, and those that were used last. */
const WAITING = 64;

/** Reads the files of a log for a walk: each full bundle as it is kept, and from the host when it is asked for again. */
export class KeptFirst extends TileReader {
  readonly #memory: BundleMemory;
  readonly #origin: string;
  readonly #hasher: BatchHasher;
  /** Bundles whose entries, or leaves, were asked for. */
  readonly #entriesAsked = new Set<number>();
  readonly #leavesAsked = new Set<number>();
  readonly #kept = new Lru<number, Promise<Uint8Array | undefined>>(WAITING, () => 1);
  /** Bundles whose last answer was the kept one. */
  readonly #fromMemory = new Set<number>();

  constructor(
    transport: Transport,
    prefix: string,
    {
      hasher,
      memory,
      origin,
    }: { readonly hasher: BatchHasher; readonly memory: BundleMemory; readonly origin: string },
  ) {
    super(transport, prefix, hasher);
    this.#hasher = hasher;
    this.#memory = memory;
    this.#origin = origin;
  }

  /** Keeps a bundle that was compared with the root, unless it is kept. */
  async keep({ start, entries }: Pick<Bundle, 'start' | 'entries'>): Promise<void> {
    const index = start / TILE_WIDTH;
    if (entries.length !== TILE_WIDTH || this.#fromMemory.has(index)) return;
    const bytes = encodeBundle(entries);
    this.#kept.set(index, Promise.resolve(bytes));
    await this.#memory.keep(this.#origin, index, bytes);
  }

  /** The entries of a kept bundle, not compared with anything; undefined if it is not kept. */
  async entriesAt(index: number, width: number): Promise<readonly Uint8Array[] | undefined> {
    const bytes = width === TILE_WIDTH ? await this.#keptAt(index) : undefined;
    return bytes && decodeBundle(bytes);
  }

  /** The entry of a row of a walk, if it is kept as it is in the tree. */
  async entryOf({ index, id }: Found, size: TreeSize): Promise<Uint8Array | undefined> {
    const bundle = Math.floor(index / TILE_WIDTH);
    const entries = await this.entriesAt(bundle, tileWidthAt(0, bundle, size));
    const entry = entries?.[index % TILE_WIDTH];
    return entry !== undefined && spelled(entry).id === id ? entry : undefined;
  }

  override async tile(level: number, index: number, width: number): Promise<Uint8Array> {
    const isFirst = level === 0 && width === TILE_WIDTH && first(this.#leavesAsked, index);
    const bytes = isFirst ? await this.#keptAt(index) : undefined;
    return bytes === undefined ? super.tile(level, index, width) : this.#leavesOf(bytes);
  }

  override async bundleBytes(index: number, width: number): Promise<Uint8Array> {
    const isFirst = width === TILE_WIDTH && first(this.#entriesAsked, index);
    const bytes = isFirst ? await this.#keptAt(index) : undefined;
    if (bytes === undefined) {
      this.#fromMemory.delete(index);
      return super.bundleBytes(index, width);
    }
    this.#fromMemory.add(index);
    return bytes;
  }

  #keptAt(index: number): Promise<Uint8Array | undefined> {
    const kept = this.#kept.get(index) ?? this.#memory.bundle(this.#origin, index).then(wellFormed);
    this.#kept.set(index, kept);
    return kept;
  }

  #leavesOf(bytes: Uint8Array): Uint8Array {
    const entries = decodeBundle(bytes);
    const packed = new Uint8Array(entries.reduce((sum, { length }) => sum + length, 0));
    const ends = new Uint32Array(entries.length);
    let at = 0;
    for (const [i, entry] of entries.entries()) {
      packed.set(entry, at);
      ends[i] = at += entry.length;
    }
    const leaves = new Uint8Array(32 * entries.length);
    this.#hasher.leaves(packed, ends, entries.length, leaves);
    return leaves;
  }
}

/** Whether it is asked for the first time. */
function first(asked: Set<number>, index: number): boolean {
  return asked.size < asked.add(index).size;
}

/** The bytes if they are 256 entries: what is no bundle is fetched, so that damage is no outage. */
function wellFormed(bytes: Uint8Array | undefined): Uint8Array | undefined {
  try {
    return bytes !== undefined && decodeBundle(bytes).length === TILE_WIDTH ? bytes : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
