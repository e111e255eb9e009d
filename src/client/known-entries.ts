/**
 * A cache of verified entries. The place of an entry never changes in a tree that only grows, so it need not be
 * verified again.
 */
import type { SubjectEntry } from '../appraisal/history.ts';

/** Most bytes of entries. Beyond that, the oldest are dropped, and verified again when they are needed. */
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
