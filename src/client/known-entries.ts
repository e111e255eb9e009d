/** Entries that were verified once: their place in a tree that only grows does not change. */
import type { SubjectEntry } from '../appraisal/history.ts';

/** Bytes of entries; beyond, the oldest are forgotten, and verified again when they are needed. */
const MOST_BYTES = 67_108_864;

export class KnownEntries {
  readonly #entries = new Map<number, SubjectEntry>();
  readonly #most: number;
  #bytes = 0;

  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  get(index: number): SubjectEntry | undefined {
    return this.#entries.get(index);
  }

  set(entry: SubjectEntry): void {
    this.#forget(entry.index);
    this.#entries.set(entry.index, entry);
    this.#bytes += sizeOf(entry);
    for (const index of this.#entries.keys()) {
      if (this.#bytes <= this.#most || index === entry.index) return;
      this.#forget(index);
    }
  }

  #forget(index: number): void {
    const known = this.#entries.get(index);
    if (known === undefined) return;
    this.#entries.delete(index);
    this.#bytes -= sizeOf(known);
  }
}

function sizeOf({ parsed }: SubjectEntry): number {
  return parsed.entry.length;
}
