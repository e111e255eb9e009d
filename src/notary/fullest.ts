/**
 * The checkpoint to log of those that were published lately: the one with the most signature lines, of equal ones the
 * newest. A checkpoint is published as soon as its quorum is met, and the other witnesses' lines come within seconds. On
 * a busy log the newest checkpoint at any moment has the fewest.
 */
import { parseNote } from '../note/note.ts';

/** Milliseconds after which a checkpoint gives way to any newer one. */
const OLD_MS = 30_000;

export class Fullest {
  #note: Uint8Array | undefined;
  #lines = 0;
  #at = 0;

  get note(): Uint8Array | undefined {
    return this.#note;
  }

  /** `at`: milliseconds of a clock that only goes forward. */
  offer(note: Uint8Array, at: number): void {
    const lines = parseNote(note).lines.length;
    if (this.#note !== undefined && lines < this.#lines && at < this.#at + OLD_MS) return;
    this.#note = note;
    this.#lines = lines;
    this.#at = at;
  }
}
