/**
 * A log's tiles, kept in memory while one command looks at many entries: neighbours share bundles and tiles.
 * Nothing is believed for being kept; whoever reads checks it against a signed root.
 */
import { TileReader } from '../../client/tiles.ts';

/** 8 kB each. */
const MOST_TILES = 2_048;
/** Bytes of bundles, about. */
const MOST_BYTES = 67_108_864;

export class KeptTiles extends TileReader {
  readonly #tiles = new Map<string, Promise<Uint8Array>>();
  readonly #bundles = new Map<string, Promise<readonly Uint8Array[]>>();
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  override tile(level: number, index: number, width: number): Promise<Uint8Array> {
    const key = `${level}/${index}/${width}`;
    const kept = this.#tiles.get(key);
    if (kept !== undefined) return kept;
    const made = super.tile(level, index, width);
    this.#tiles.set(key, made);
    made.catch(() => this.#tiles.delete(key));
    const [oldest] = this.#tiles.keys();
    if (this.#tiles.size > MOST_TILES && oldest !== undefined) this.#tiles.delete(oldest);
    return made;
  }

  override bundle(index: number, width: number): Promise<readonly Uint8Array[]> {
    const key = `${index}/${width}`;
    const kept = this.#bundles.get(key);
    if (kept !== undefined) return kept;
    const made = super.bundle(index, width);
    this.#bundles.set(key, made);
    made.then(
      (entries) => this.#weigh(key, entries),
      () => this.#bundles.delete(key),
    );
    return made;
  }

  /** Forgets everything: what was kept may be what did not verify. */
  forget(): void {
    this.#tiles.clear();
    this.#bundles.clear();
    this.#sizes.clear();
    this.#bytes = 0;
  }

  #weigh(key: string, entries: readonly Uint8Array[]): void {
    const size = entries.reduce((sum, { length }) => sum + length, 0);
    this.#sizes.set(key, size);
    this.#bytes += size;
    for (const [old, bytes] of this.#sizes) {
      if (this.#bytes <= MOST_BYTES || old === key) return;
      this.#sizes.delete(old);
      this.#bundles.delete(old);
      this.#bytes -= bytes;
    }
  }
}
