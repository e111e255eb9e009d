/**
 * Measures how long the oldest entry that no published checkpoint covers has been in the tree. Refused statements and
 * duplicates do not matter, nor does the order in which sizes are reported.
 */

/** Milliseconds within which several growths count as one, so that a long outage needs little memory. */
const GRAIN_MS = 1000;

/** At `at` (ticks) the tree had the size `from` and grew. */
interface Growth {
  readonly from: number;
  readonly at: number;
}

export class Lag {
  /** Milliseconds that only ever grow. */
  readonly #ticks: () => number;
  /** Oldest first. Every unpublished entry came with one of these. */
  #growths: Growth[] = [];
  #tree: number;
  #published = 0;

  /** `size`: of the tree at the start. What was not published then is not counted. */
  constructor(size: number, ticks: () => number) {
    this.#tree = size;
    this.#ticks = ticks;
  }

  /** The tree has this many entries. */
  integrated(size: number): void {
    if (size <= this.#tree) return;
    const at = this.#ticks();
    const newest = this.#growths.at(-1);
    if (size > this.#published && (newest === undefined || at - newest.at >= GRAIN_MS))
      this.#growths.push({ from: this.#tree, at });
    this.#tree = size;
  }

  /** A checkpoint of this size is readable. */
  published(size: number): void {
    this.#published = Math.max(this.#published, size);
    if (this.#published >= this.#tree) this.#growths = [];
    // The last growth that began at or before this size may have added an unpublished entry.
    const kept = this.#growths.findLastIndex(({ from }) => from <= size);
    if (kept > 0) this.#growths = this.#growths.slice(kept);
  }

  /** Milliseconds; 0 when all is published. */
  get ms(): number {
    const [oldest] = this.#growths;
    return oldest === undefined ? 0 : this.#ticks() - oldest.at;
  }
}
