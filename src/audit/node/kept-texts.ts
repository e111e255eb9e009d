/**
 * Texts in the order in which they were added, compressed: the histories of thousands of subjects as JSON, which a report prints at
 * its end. They are alike, so that a tenth of their length is kept. Nothing is written to a disk.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** Characters of texts that are compressed together. */
const BLOCK = 2 ** 20;

export class KeptTexts implements Iterable<string> {
  readonly #blocks: { readonly packed: Uint8Array; readonly lengths: readonly number[] }[] = [];
  #open: string[] = [];
  #length = 0;

  add(text: string): void {
    this.#open.push(text);
    this.#length += text.length;
    if (this.#length < BLOCK) return;
    const packed = zstdCompressSync(this.#open.join(''), {
      params: { [constants.ZSTD_c_compressionLevel]: 1 },
    });
    this.#blocks.push({ packed, lengths: this.#open.map(({ length }) => length) });
    this.#open = [];
    this.#length = 0;
  }

  /** Bytes that are kept, about. */
  get bytes(): number {
    return this.#blocks.reduce((sum, { packed }) => sum + packed.length, 2 * this.#length);
  }

  *[Symbol.iterator](): Generator<string, void, undefined> {
    for (const { packed, lengths } of this.#blocks) {
      const text = zstdDecompressSync(packed).toString('utf8');
      let at = 0;
      for (const length of lengths) yield text.slice(at, (at += length));
    }
    yield* this.#open;
  }
}
