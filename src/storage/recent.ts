/**
 * The newest entries' places in the look-up tables, in memory. An id or a leaf hash falls anywhere in a table of
 * hashes, so writing each entry's two rows with its commit dirties two pages an entry, most of what a commit
 * wrote. The tables are written in sorted runs instead, every INDEX_RUN entries, within the commit that
 * completes a run; what is newer than `indexed` is found here. Entries are the truth, the rest is made from them.
 */
import type Database from 'better-sqlite3';
import { isRow, number } from './rows.ts';

/** Entries in one sorted run: the longer, the more of them share a page; still one commit (some 30 ms). */
export const INDEX_RUN = 8192;

/** Entries kept here before those that the tables have by now are dropped. */
const KEPT = 2 * INDEX_RUN;

export type Lookup = 'key' | 'leaf';

export class RecentEntries {
  readonly #bounds: Database.Statement;
  readonly #rows: Database.Statement;
  readonly #places: Record<Lookup, Map<number, number[]>> = { key: new Map(), leaf: new Map() };
  #upTo = 0;

  constructor(db: Database.Database) {
    this.#bounds = db.prepare('SELECT size, indexed FROM head');
    this.#rows = db.prepare('SELECT idx, key, leaf FROM entry WHERE idx >= ? AND idx < ?');
  }

  /** Indices of the entries with this prefix among those that the tables may lack, as of the last `catchUp`. */
  find(lookup: Lookup, prefix: number): readonly number[] {
    return this.#places[lookup].get(prefix) ?? [];
  }

  /** Reads what was committed since the last time: once before look-ups, however many. */
  catchUp(): void {
    const head: unknown = this.#bounds.get();
    if (!isRow(head)) return;
    const size = number(head, 'size');
    const indexed = number(head, 'indexed');
    if (this.#places.key.size > KEPT || this.#upTo < indexed) {
      this.#places.key.clear();
      this.#places.leaf.clear();
      this.#upTo = indexed;
    }
    if (this.#upTo >= size) return;
    for (const row of this.#rows.all(this.#upTo, size).filter(isRow)) {
      const index = number(row, 'idx');
      add(this.#places.key, number(row, 'key'), index);
      add(this.#places.leaf, number(row, 'leaf'), index);
    }
    this.#upTo = size;
  }
}

function add(places: Map<number, number[]>, prefix: number, index: number): void {
  const before = places.get(prefix);
  if (before === undefined) places.set(prefix, [index]);
  else before.push(index);
}
