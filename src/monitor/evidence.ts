/**
 * Makes evidence: entries with their proofs under the head under which a monitor saw them, for somebody who does not
 * trust the monitor.
 */
import { leafIndex, type EntryId } from '../bytes/brand.ts';
import { decodeUtf8, formatBase64 } from '../bytes/text.ts';
import type { LoggedEvidence } from '../incident/incident.ts';
import { formatTlogProof } from '../note/tlogproof.ts';
import type { BatchHasher } from '../tree/hash.ts';
import { nodeHashOf } from '../tree/hash.ts';
import { readNodes } from '../tree/load.ts';
import { nodesForInclusion, proveInclusion, type NodeReader } from '../tree/prove.ts';
import { TILE_WIDTH } from '../tree/tile.ts';
import { TileNodes } from '../tree/tilenodes.ts';
import type { Copy } from './copy.ts';
import type { SeenHead } from './head.ts';
import type { VerifiedTiles } from '../client/verified-tiles.ts';

export class EvidenceMaker {
  readonly #head: SeenHead;
  readonly #tiles: VerifiedTiles;
  readonly #copy: Copy;
  readonly #hasher: BatchHasher;
  /** The last evidence of an earlier entry, since many faults break the same policy. */
  #last: LoggedEvidence | undefined;

  constructor(head: SeenHead, tiles: VerifiedTiles, copy: Copy, hasher: BatchHasher) {
    this.#head = head;
    this.#tiles = tiles;
    this.#copy = copy;
    this.#hasher = hasher;
  }

  /** The evidence of an entry whose tiles have just been loaded. */
  ofNew(index: number, bytes: Uint8Array): LoggedEvidence {
    return this.#logged(index, bytes, this.#tiles.read);
  }

  /**
   * The evidence of any entry: from the copy's own tiles if they are full, else from served ones. Fails as
   * `VerifiedTiles` does.
   */
  async of(index: number, bytes: Uint8Array): Promise<LoggedEvidence> {
    if (this.#last?.index === index) return this.#last;
    const { size } = this.#tiles.head;
    const read = await readNodes(nodesForInclusion(leafIndex(index), size), size, async (level, at) => {
      const own = await this.#copy.store.tile(level, at, TILE_WIDTH);
      return own === undefined ? this.#tiles.tile(level, at) : TileNodes.of(own, this.#hasher);
    });
    return (this.#last = this.#logged(index, bytes, read));
  }

  /** The evidence of an entry in the copy; undefined if it is not there. */
  async byId(id: EntryId): Promise<LoggedEvidence | undefined> {
    const entry = await this.find(id);
    return entry === undefined ? undefined : this.of(entry.index, entry.bytes);
  }

  /** An entry in the copy; undefined if it is not there. */
  async find(id: EntryId): Promise<{ readonly index: number; readonly bytes: Uint8Array } | undefined> {
    const index = (await this.#copy.store.find(id))?.index;
    const [entry] = index === undefined ? [] : await this.#copy.store.entries(index, index + 1);
    return entry;
  }

  #logged(index: number, bytes: Uint8Array, read: NodeReader): LoggedEvidence {
    const at = leafIndex(index);
    const path = proveInclusion(read, at, this.#tiles.head.size, nodeHashOf(this.#hasher));
    const proof = formatTlogProof({ index: at, path, checkpoint: this.#head.note });
    return { index, entry: formatBase64(bytes), proof: decodeUtf8(proof) };
  }
}
