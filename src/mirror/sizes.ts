/** Sizes of the tree that a mirror held, and when: by its own clock, from its start on. Times: POSIX seconds. */

/** Most sizes that are remembered; beyond, every second one is forgotten. */
const MOST = 512;

export class Sizes {
  #seen: readonly (readonly [time: number, size: number])[] = [];

  /** First to last. Between two of them the size may have been any between theirs. */
  get seen(): readonly (readonly [time: number, size: number])[] {
    return this.#seen;
  }

  /** From a time on, the tree has a size. */
  see(time: number, size: number): void {
    if (this.#seen.at(-1)?.[1] === size) return;
    this.#seen = [...this.#seen, [time, size]];
    // The first and the last stay.
    if (this.#seen.length > MOST)
      this.#seen = this.#seen.filter((_, i, { length }) => i % 2 === 0 || i === length - 1);
  }

  /** The size at a time; undefined before the first that was seen. */
  at(time: number): number | undefined {
    return this.#seen.findLast(([seen]) => seen <= time)?.[1];
  }
}
