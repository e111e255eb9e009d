/**
 * Reads any C2SP log by its URL prefix (tlog-tiles): checkpoint, tiles of hashes, entry bundles. Only the shape of the
 * answers is checked here; the caller compares them with a signed root.
 */
import type { TreeSize } from '../bytes/brand.ts';
import { refuse, Refusal } from '../bytes/refusal.ts';
import { decodeBundle, MAX_ENTRY_LENGTH } from '../tree/bundle.ts';
import { nobleHasher, type BatchHasher } from '../tree/hash.ts';
import { readNodes } from '../tree/load.ts';
import type { NodeReader } from '../tree/prove.ts';
import type { NodeId } from '../tree/shape.ts';
import { bundlePath, TILE_WIDTH, tilePath, tileWidthAt } from '../tree/tile.ts';
import { TileNodes } from '../tree/tilenodes.ts';
import { download, Patience } from './patience.ts';
import { exchange, isBroken, type Transport } from './transport.ts';

/** Bytes of a checkpoint: room for dozens of ML-DSA-44 lines of 3.3 kB each; a Tallystick note has one. */
const MAX_CHECKPOINT_BYTES = 262_144;
/** 256 hashes of 32 bytes. */
const MAX_TILE_BYTES = TILE_WIDTH * 32;
/** 256 entries with their two bytes of length. */
const MAX_BUNDLE_BYTES = TILE_WIDTH * (2 + MAX_ENTRY_LENGTH);

/** Reads the static files of one log. Every method refuses `unavailable`, `not-found` and `too-large`. */
export class TileReader {
  readonly #transport: Transport;
  readonly #hasher: BatchHasher;
  /** URL prefix, without the slash that ends it. */
  readonly prefix: string;

  /** `hasher`: makes the inner nodes of the tiles. */
  constructor(transport: Transport, prefix: string, hasher: BatchHasher = nobleHasher) {
    this.#transport = transport;
    this.#hasher = hasher;
    this.prefix = prefix.replace(/\/+$/, '');
  }

  /** The bytes of `<prefix>/checkpoint`: a signed note, not verified. */
  checkpoint(): Promise<Uint8Array> {
    return this.#get('checkpoint', 'text/plain', MAX_CHECKPOINT_BYTES);
  }

  /** The first `width` hashes of a tile, flat. Refuses `malformed-tile` for any other length. */
  async tile(level: number, index: number, width: number): Promise<Uint8Array> {
    const fits = ({ length }: Uint8Array): boolean => length === width * 32 || length === MAX_TILE_BYTES;
    const bytes = await this.#partial((w) => tilePath(level, index, w), width, MAX_TILE_BYTES, fits);
    if (!fits(bytes)) {
      throw refuse(
        'malformed-tile',
        `${this.prefix}/${tilePath(level, index, width)} has ${bytes.length} bytes`,
      );
    }
    return bytes.subarray(0, width * 32);
  }

  /**
   * The bytes of a bundle as served. Their number of entries is not checked: a full bundle may be served in place of a
   * partial one.
   */
  bundleBytes(index: number, width: number): Promise<Uint8Array> {
    return this.#partial((w) => bundlePath(index, w), width, MAX_BUNDLE_BYTES, isBundle);
  }

  /** The first `width` entries of a bundle. Refuses `malformed-tile`. */
  async bundle(index: number, width: number): Promise<readonly Uint8Array[]> {
    const entries = decodeBundle(await this.bundleBytes(index, width));
    if (entries.length !== width && entries.length !== TILE_WIDTH) {
      throw refuse(
        'malformed-tile',
        `${this.prefix}/${bundlePath(index, width)} has ${entries.length} entries`,
      );
    }
    return entries.slice(0, width);
  }

  /** One entry of a tree of `size` leaves. */
  async entry(index: number, size: TreeSize): Promise<Uint8Array> {
    const bundle = Math.floor(index / TILE_WIDTH);
    const entries = await this.bundle(bundle, tileWidthAt(0, bundle, size));
    const entry = entries[index % TILE_WIDTH];
    if (entry === undefined) throw new RangeError(`entry ${index} of a tree of ${size}`);
    return entry;
  }

  /** Fetches the tiles that contain these nodes of a tree of `size` leaves, and returns a reader of the nodes. */
  nodes(nodes: readonly NodeId[], size: TreeSize): Promise<NodeReader> {
    return readNodes(nodes, size, (level, index, width) => this.loadTile(level, index, width));
  }

  /** A tile with its inner nodes. */
  protected async loadTile(level: number, index: number, width: number): Promise<TileNodes> {
    return TileNodes.of(await this.tile(level, index, width), this.#hasher);
  }

  /**
   * Reads a partial file, or the full one that has replaced it (tlog-tiles: partials MAY be deleted). Hosts report a
   * missing file in many ways, such as 403, or 200 with a page. So the full file is requested whenever the partial one
   * does not fit.
   */
  async #partial(
    path: (width: number) => string,
    width: number,
    maxBytes: number,
    fits: (bytes: Uint8Array) => boolean,
  ): Promise<Uint8Array> {
    const type = 'application/octet-stream';
    if (width === TILE_WIDTH) return this.#get(path(width), type, maxBytes);
    // One operation: a host that stalls is not waited for three times.
    const patience = new Patience(this.#transport);
    const partial = await this.#try(path(width), type, maxBytes, patience);
    if (partial !== undefined && fits(partial)) return partial;
    const full = await this.#try(path(TILE_WIDTH), type, maxBytes, patience);
    if (full !== undefined && fits(full)) return full;
    return partial ?? full ?? this.#get(path(width), type, maxBytes, patience);
  }

  /** Requests a file once; undefined if it does not exist. Refuses `unavailable`. */
  async #try(
    path: string,
    accept: string,
    maxBytes: number,
    patience: Patience,
  ): Promise<Uint8Array | undefined> {
    const url = new URL(`${this.prefix}/${path}`);
    const reply = await exchange(patience.bounded(), url, { accept, maxBytes }).catch(
      brokenOff(this.#transport, url),
    );
    return reply?.status === 200 ? reply.body : undefined;
  }

  #get(path: string, accept: string, maxBytes: number, patience?: Patience): Promise<Uint8Array> {
    return download(this.#transport, new URL(`${this.prefix}/${path}`), accept, maxBytes, patience);
  }
}

/** A broken connection counts as no answer here; the caller's next request is retried with patience. */
function brokenOff(transport: Transport, url: URL): (error: unknown) => undefined {
  return (error) => {
    if (isBroken(error, transport, url) || (error instanceof Refusal && error.code === 'too-large'))
      return undefined;
    throw error;
  };
}

function isBundle(bytes: Uint8Array): boolean {
  try {
    return decodeBundle(bytes).length > 0;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
