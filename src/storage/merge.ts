/**
 * Merges the parts of a full bundle (parts.ts) into one row, after the commits: step by step, each step a transaction
 * of its own that moves at most PART_BYTES. Bytes are always in one row or in the other, never in both. `merged.upto`:
 * the index below which parts stay as they are; after a restart, merging continues there.
 *
 * No step acknowledges anything, so none waits for the disk. A step becomes durable with the next commit, in order, or
 * is lost as a whole.
 */
import type Database from 'better-sqlite3';
import { refuse } from '../bytes/refusal.ts';
import { TILE_WIDTH } from '../tree/tile.ts';
import { isRow } from '../platform/rows.ts';
import { PART_BYTES } from './parts.ts';
import { number } from './rows.ts';

/** The moments of a step, so that tests can stop the process between any two. */
export type MergeStep = 'merging' | 'merge-cleared' | 'merge-written' | 'merge-marked' | 'merged';

/** Most parts that one step skips because they stay as they are. */
const PASSED = 64;

/** The index below which parts stay as they are, and the number of entries in full bundles. */
interface Places {
  readonly upto: number;
  readonly full: number;
}

export class Merger {
  readonly #db: Database.Database;
  readonly #step: (step: MergeStep) => void;
  readonly #bounds: Database.Statement;
  readonly #lengths: Database.Statement;
  readonly #bytes: Database.Statement;
  readonly #clear: Database.Statement;
  readonly #put: Database.Statement;
  readonly #mark: Database.Statement;
  readonly #transaction: Database.Transaction<() => Places>;
  /** The value of `merged.upto` when it was last read. */
  #upto = 0;

  constructor(db: Database.Database, step: (step: MergeStep) => void) {
    this.#db = db;
    this.#step = step;
    this.#bounds = db.prepare('SELECT upto, coalesce((SELECT size FROM head), 0) AS size FROM merged');
    this.#lengths = db
      .prepare('SELECT first, length(bytes) FROM part WHERE first >= ? AND first < ? ORDER BY first')
      .raw();
    this.#bytes = db.prepare('SELECT bytes FROM part WHERE first >= ? AND first < ? ORDER BY first').pluck();
    this.#clear = db.prepare('DELETE FROM part WHERE first >= ? AND first < ?');
    this.#put = db.prepare('INSERT INTO part VALUES (?, ?)');
    this.#mark = db.prepare('UPDATE merged SET upto = ?');
    this.#transaction = db.transaction(() => this.#merge());
  }

  /** Whether a step may have work in a store of this size, judged by the last step without reading the store. */
  mayBeDue(size: number): boolean {
    return this.#upto < fullOf(size);
  }

  /** Whether a step has something to do. */
  due(): boolean {
    const { upto, full } = this.#places();
    this.#upto = upto;
    return upto < full;
  }

  /** One step; whether there is another to do. Throws what SQLite throws, with nothing changed. */
  step(): boolean {
    if (!this.due()) return false;
    this.#db.pragma('synchronous = NORMAL');
    try {
      const { upto, full } = this.#transaction.immediate();
      this.#upto = upto;
      this.#step('merged');
      return upto < full;
    } finally {
      this.#db.pragma('synchronous = FULL');
    }
  }

  #merge(): Places {
    this.#step('merging');
    const { upto, full } = this.#places();
    let at = upto;
    let moved = false;
    for (let passed = 0; at < full && !moved && passed < PASSED; passed++) {
      const { end, parts } = this.#run(at);
      if (parts > 1) {
        this.#join(at, end);
        moved = true;
      }
      at = end;
    }
    this.#mark.run(at);
    this.#step('merge-marked');
    return { upto: at, full };
  }

  /** The parts from `at` on that fit into one row, within their bundle: their number, and where the next begins. */
  #run(at: number): { readonly end: number; readonly parts: number } {
    const bundleEnd = at - (at % TILE_WIDTH) + TILE_WIDTH;
    let parts = 0;
    let bytes = 0;
    for (const row of this.#lengths.iterate(at, bundleEnd)) {
      const [first, length] = numbers(row);
      if (parts === 0 && first !== at) throw lost(at);
      if (parts > 0 && bytes + length > PART_BYTES) return { end: first, parts };
      parts++;
      bytes += length;
    }
    if (parts === 0) throw lost(at);
    return { end: bundleEnd, parts };
  }

  #join(at: number, end: number): void {
    const pieces = this.#bytes.all(at, end).filter((piece) => piece instanceof Uint8Array);
    this.#clear.run(at, end);
    this.#step('merge-cleared');
    this.#put.run(at, Buffer.concat(pieces));
    this.#step('merge-written');
  }

  #places(): Places {
    const row: unknown = this.#bounds.get();
    if (!isRow(row)) throw lost(0);
    const size = number(row, 'size');
    return { upto: number(row, 'upto'), full: fullOf(size) };
  }
}

/** Entries that lie in full bundles. */
function fullOf(size: number): number {
  return size - (size % TILE_WIDTH);
}

function numbers(row: unknown): readonly [first: number, length: number] {
  if (Array.isArray(row)) {
    const first: unknown = row[0];
    const length: unknown = row[1];
    if (typeof first === 'number' && typeof length === 'number') return [first, length];
  }
  throw lost(0);
}

function lost(index: number): Error {
  return refuse(
    'corrupt-store',
    `the bytes of entry ${index} are not where they should be: run \`tallystick fsck\``,
  );
}
