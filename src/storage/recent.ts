/**
 * The newest entries' places in the look-up tables, in memory. An id or leaf hash falls anywhere in a table of hashes.
 * If each were written with its commit, it would change a page of its own: in a log of millions, most of what a commit
 * writes. So the tables are written one slice of the hashes at a time, in turn, for the last 65,536 entries: rows that
 * share pages, a few milliseconds of work in one commit. Entries that a slice lacks are found here.
 *
 * `flushed.upto`: the tables contain the look-up rows of a slice for the entries below it. `head.flushes`: the number
 * of slices that were ever written. The tables can always be made again from the entries.
 */
import type Database from 'better-sqlite3';
import { refuse } from '../bytes/refusal.ts';

/** Slices of the hashes, by their first bits. */
export const SLICES = 64;

/** Entries for which one slice is written. */
export const FLUSH_EVERY = 1024;

/** Prefixes of 48 bits (rows.ts) in one slice. */
const PREFIXES_PER_SLICE = 2 ** 48 / SLICES;

export type Lookup = 'key' | 'leaf';

/** Indices of entries, by the prefix of their id or leaf hash. */
type Places = Map<number, number[]>;

/** The columns of `head` that tell what is new. */
export interface Bounds {
  readonly size: number;
  readonly flushes: number;
}

/** A new entry's place in the look-up tables, as prefixes (rows.ts). */
export interface NewPlace {
  readonly index: number;
  readonly key: number;
  readonly leaf: number;
}

export class RecentEntries {
  readonly #bounds: Database.Statement;
  readonly #flushed: Database.Statement;
  readonly #rows: Database.Statement;
  readonly #places: Readonly<Record<Lookup, Places[]>> = { key: emptySlices(), leaf: emptySlices() };
  readonly #flushedUpTo = new Float64Array(SLICES);
  #flushes: number | undefined;
  #size = 0;

  constructor(db: Database.Database) {
    this.#bounds = db.prepare('SELECT size, flushes FROM head').raw();
    this.#flushed = db.prepare('SELECT upto FROM flushed ORDER BY slice').pluck();
    this.#rows = db.prepare('SELECT idx, key, leaf FROM entry WHERE idx >= ? AND idx < ?').raw();
  }

  /** How many entries there were at the last `catchUp`. */
  get size(): number {
    return this.#size;
  }

  /** Indices of the entries with this prefix among those that the tables lack, as of the last `catchUp`. */
  find(lookup: Lookup, prefix: number): readonly number[] {
    return this.#places[lookup][sliceOf(prefix)]?.get(prefix) ?? [];
  }

  /** What the tables lack of a slice, in their order: a prefix, an index, a prefix, an index, … */
  missing(lookup: Lookup, slice: number): readonly number[] {
    const places = this.#places[lookup][slice];
    const rows: number[] = [];
    for (const prefix of Float64Array.from(places?.keys() ?? []).toSorted())
      for (const index of places?.get(prefix) ?? []) rows.push(prefix, index);
    return rows;
  }

  /** Reads what was committed since the last time: once before look-ups, however many. */
  catchUp(): void {
    const [size = 0, flushes = 0] = numbers(this.#bounds.get() ?? [0, 0]);
    this.catchUpTo({ size, flushes });
  }

  /** `catchUp` for a caller that has just read the head. */
  catchUpTo({ size, flushes }: Bounds): void {
    if (size === this.#size && flushes === this.#flushes) return;
    if (flushes !== this.#flushes) this.#forget(numbers(this.#flushed.all()));
    const start = this.#flushes === undefined ? Math.min(...this.#flushedUpTo) : this.#size;
    for (const row of this.#rows.all(start, size)) {
      const [index = 0, key = 0, leaf = 0] = numbers(row);
      this.#add('key', key, index);
      this.#add('leaf', leaf, index);
    }
    this.#flushes = flushes;
    this.#size = size;
  }

  /** Takes the entries that the caller committed after the last `catchUp`, so that they need not be read back. */
  committed(entries: readonly NewPlace[], { size, flushes }: Bounds): void {
    if (flushes !== this.#flushes) return; // tables were written: the next `catchUp` reads which
    for (const { index, key, leaf } of entries) {
      this.#add('key', key, index);
      this.#add('leaf', leaf, index);
    }
    this.#size = size;
  }

  #add(lookup: Lookup, prefix: number, index: number): void {
    const slice = sliceOf(prefix);
    if (index < (this.#flushedUpTo[slice] ?? 0)) return;
    const places = this.#places[lookup][slice];
    const before = places?.get(prefix);
    if (before === undefined) places?.set(prefix, [index]);
    else before.push(index);
  }

  /** Drops what the tables have by now. */
  #forget(flushedUpTo: readonly number[]): void {
    for (const [slice, upto] of flushedUpTo.entries()) {
      if (upto === this.#flushedUpTo[slice]) continue;
      this.#flushedUpTo[slice] = upto;
      for (const lookup of ['key', 'leaf'] as const)
        this.#places[lookup][slice] = newerThan(upto, this.#places[lookup][slice] ?? new Map());
    }
  }
}

function newerThan(upto: number, places: Places): Places {
  const kept: Places = new Map();
  for (const [prefix, indices] of places) {
    const newer = indices.filter((index) => index >= upto);
    if (newer.length > 0) kept.set(prefix, newer);
  }
  return kept;
}

function emptySlices(): Places[] {
  return Array.from({ length: SLICES }, () => new Map());
}

function sliceOf(prefix: number): number {
  return Math.floor(prefix / PREFIXES_PER_SLICE);
}

/** A row, or a column, of numbers; anything else is `corrupt-store`. */
function numbers(row: unknown): readonly number[] {
  if (Array.isArray(row) && row.every((value) => Number.isSafeInteger(value))) return row;
  throw refuse(
    'corrupt-store',
    'the look-up tables hold what this program never wrote: run `tallystick fsck`',
  );
}
