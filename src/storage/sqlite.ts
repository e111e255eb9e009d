/**
 * The default store: one SQLite file in WAL mode with synchronous=FULL. A plan is applied in one transaction that first
 * compares the stored head with the expected one. So two writers, or a writer with a wrong state, can never both extend
 * the tree.
 */
import Database from 'better-sqlite3';
import type { EntryId } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { refuse, Refusal } from '../bytes/refusal.ts';
import { parseHex } from '../bytes/text.ts';
import type { ChainHead, EntryRow, Head, NewEntry, Plan, Store, TileRow } from '../log/ports.ts';
import { isRow } from '../platform/rows.ts';
import { firstUse } from '../platform/sqlite.ts';
import { Merger, type MergeStep } from './merge.ts';
import { partsOf } from './parts.ts';
import { blob, idPrefix, kindNumber, number, place, prefix } from './rows.ts';
import { FLUSH_EVERY, SLICES, type NewPlace } from './recent.ts';
import { openForWriting, storeWords } from './schema.ts';
import { SqliteReader } from './sqlite-reader.ts';

/** Most names whose numbers are kept in memory. Beyond it the map starts over, and numbers are read from their table. */
const NAMES_CACHED = 50_000;

/** The parts of a commit, named so that tests can stop the process between any two. */
export type CommitStep = 'begun' | 'entries' | 'tiles' | 'chains' | 'head' | 'committed' | MergeStep;

export class SqliteStore extends SqliteReader implements Store {
  readonly #names = new Map<string, number>();
  readonly #statements: Statements;
  readonly #step: (step: CommitStep) => void;
  readonly #merger: Merger;
  #merging: NodeJS.Immediate | undefined;
  /** Whether this connection committed the newest head, so that `recent` is complete. */
  #ownHead = false;

  constructor(db: Database.Database, step: (step: CommitStep) => void = () => {}) {
    super(db);
    this.#statements = prepare(db);
    this.#step = step;
    this.#merger = new Merger(db, step);
    this.#mergeSoon();
  }

  /** Opens the store at `path` for `origin`; `create` makes a new file when there is none. */
  static openToWrite(
    path: string,
    origin: string,
    create: boolean,
    step?: (step: CommitStep) => void,
  ): SqliteStore {
    const db = openForWriting(path, origin, create);
    return firstUse(db, storeWords(path), () => new SqliteStore(db, step));
  }

  async known(ids: readonly EntryId[]): Promise<ReadonlyMap<EntryId, EntryRow>> {
    if (ids.length === 0) return new Map();
    // What another process wrote is not visible here. The next commit then finds another head, and is refused.
    if (!this.#ownHead) this.recent.catchUp();
    // One statement asks for all: by itself every look-up locks the file and unlocks it (4 µs of 9).
    const prefixes = ids.map(idPrefix);
    const older = new Set(this.#statements.knownKeys.all(JSON.stringify(prefixes)));
    const rows = new Map<EntryId, EntryRow>();
    for (const [i, id] of ids.entries()) {
      const key = prefixes[i] ?? idPrefix(id);
      if (!older.has(key) && this.recent.find('key', key).length === 0) continue;
      const row = this.findNow(id);
      if (row !== undefined) rows.set(id, row);
    }
    return rows;
  }

  async commit(plan: Plan, expected: Head | undefined): Promise<void> {
    const { begin, commit, rollback } = this.#statements;
    this.#ownHead = false;
    try {
      begin.run();
      const flushes = this.#compare(expected);
      this.recent.catchUpTo({ size: expected?.size ?? 0, flushes });
      this.#step('begun');
      const places = plan.entries.map(placeOf);
      for (const [i, entry] of plan.entries.entries()) this.#putEntry(entry, places[i] ?? placeOf(entry));
      for (const part of partsOf(plan.entries)) this.#statements.putPart.run(part);
      this.#step('entries');
      for (const tile of plan.tiles) this.#putTile(tile);
      this.#step('tiles');
      for (const [key, link] of plan.chains) this.#putChain(key, link);
      this.#step('chains');
      const after = { size: plan.head.size, flushes: this.#flush(plan.head.size, flushes) };
      this.#swap(plan.head, after.flushes);
      this.#step('head');
      this.#stillThere();
      commit.run();
      this.recent.committed(places, after);
      this.#ownHead = after.flushes === flushes;
    } catch (cause) {
      if (this.db.inTransaction) rollback.run();
      this.#names.clear(); // names interned by the lost transaction are gone with it
      if (cause instanceof Refusal) throw cause;
      throw refuse('store-failed', `the store could not commit: ${String(cause)}`, { cause });
    }
    // If the process ends after this point, the batch is in the tree: its submitters submit again, and get the existing
    // entries.
    this.#step('committed');
    if (this.#merger.mayBeDue(plan.head.size)) this.#mergeSoon();
  }

  /** Does one step of merging the parts of full bundles; returns whether another is due. Steps also run by themselves. */
  merge(): boolean {
    return this.#merger.step();
  }

  /** Merges while nothing else is to be done, one step at a time, so that a commit waits for one step at most. */
  #mergeSoon(): void {
    this.#merging ??= setImmediate(() => {
      this.#merging = undefined;
      try {
        if (this.db.open && this.merge()) this.#mergeSoon();
      } catch (cause) {
        // Data is served from where it is. A fault of the disk or the file is reported by the next commit or by fsck.
        if (!(cause instanceof Refusal || cause instanceof Database.SqliteError)) throw cause;
      }
    }).unref();
  }

  /** Folds the write-ahead log in, so that the file alone is the whole store. */
  override async close(): Promise<void> {
    clearImmediate(this.#merging);
    this.db.pragma('wal_checkpoint(TRUNCATE)');
    this.db.close();
  }

  /**
   * Refuses `swap-lost` unless the head is the expected one. Returns the number of slices of the look-up tables that
   * were ever written.
   */
  #compare(expected: Head | undefined): number {
    const row: unknown = this.#statements.head.get();
    const same = isRow(row)
      ? expected !== undefined &&
        number(row, 'size') === expected.size &&
        equalBytes(blob(row, 'root'), expected.root)
      : expected === undefined;
    if (!same)
      throw refuse(
        'swap-lost',
        'the store moved under the log: another process writes to it; stop one of them',
      );
    return isRow(row) ? number(row, 'flushes') : 0;
  }

  /**
   * If no path leads to the file any more, what is written to it is lost when the process ends, so that nothing may be
   * acknowledged.
   */
  #stillThere(): void {
    if (this.isGone)
      throw refuse(
        'swap-lost',
        `${this.db.name} was moved, replaced or deleted under the running log: stop it, and put the file back`,
      );
  }

  #swap(head: Head, flushes: number): void {
    this.#statements.putHead.run(head.size, head.root, head.time, flushes);
  }

  /** Writes the slices of the look-up tables that are due, each at most once; returns how many ever were. */
  #flush(size: number, before: number): number {
    const { putKeys, putLeaves, putFlushed } = this.#statements;
    const due = Math.min(Math.floor(size / FLUSH_EVERY), before + SLICES);
    for (let flush = before; flush < due; flush++) {
      const slice = flush % SLICES;
      putKeys(this.recent.missing('key', slice));
      putLeaves(this.recent.missing('leaf', slice));
      putFlushed.run(this.recent.size, slice);
    }
    return Math.max(before, due);
  }

  #putEntry(entry: NewEntry, { index, key, leaf }: NewPlace): void {
    this.#statements.putEntry.run(
      index,
      key,
      leaf,
      kindNumber(entry.kind),
      this.#intern(entry.subject),
      this.#intern(entry.issuer),
      this.#intern(entry.kid),
      entry.time,
      Uint8Array.fromHex(entry.id),
    );
  }

  #putTile(tile: TileRow): void {
    this.#statements.putTile.run(place(tile.level, tile.index), tile.width, tile.hashes);
  }

  #putChain(key: string, link: ChainHead): void {
    this.#statements.putChain.run(key, link.seq, parseHex(link.id));
  }

  #intern(text: string): number {
    const cached = this.#names.get(text);
    if (cached !== undefined) return cached;
    this.#statements.putName.run(text);
    const id: unknown = this.#statements.name.get(text);
    if (typeof id !== 'number') throw new Error('a name that was just stored is not there');
    if (this.#names.size >= NAMES_CACHED) this.#names.clear();
    this.#names.set(text, id);
    return id;
  }
}

function placeOf({ index, id, leaf }: NewEntry): NewPlace {
  return { index, key: idPrefix(id), leaf: prefix(leaf) };
}

type Statements = ReturnType<typeof prepare>;

/** Pairs that one statement inserts: a call costs as much as ten of them. */
const PAIRS = 64;

/** Inserts rows of two numbers each, given one after another. */
function insertPairs(db: Database.Database, table: string): (numbers: readonly number[]) => void {
  const many = db.prepare(`INSERT INTO ${table} VALUES ${Array(PAIRS).fill('(?, ?)').join()}`);
  const one = db.prepare(`INSERT INTO ${table} VALUES (?, ?)`);
  return (numbers) => {
    let at = 0;
    for (; at + 2 * PAIRS <= numbers.length; at += 2 * PAIRS) many.run(numbers.slice(at, at + 2 * PAIRS));
    for (; at < numbers.length; at += 2) one.run(numbers.slice(at, at + 2));
  };
}

function prepare(db: Database.Database) {
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
    head: db.prepare('SELECT size, root, flushes FROM head'),
    putHead: db.prepare('INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?, ?)'),
    knownKeys: db.prepare('SELECT key FROM by_key WHERE key IN (SELECT value FROM json_each(?))').pluck(),
    putKeys: insertPairs(db, 'by_key'),
    putLeaves: insertPairs(db, 'by_leaf'),
    putFlushed: db.prepare('UPDATE flushed SET upto = ? WHERE slice = ?'),
    putEntry: db.prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    putPart: db.prepare('INSERT INTO part VALUES (?, ?)'),
    putTile: db.prepare('INSERT OR REPLACE INTO tile VALUES (?, ?, ?)'),
    putChain: db.prepare('INSERT OR REPLACE INTO chain VALUES (?, ?, ?)'),
    putName: db.prepare('INSERT OR IGNORE INTO name (text) VALUES (?)'),
    name: db.prepare('SELECT id FROM name WHERE text = ?').pluck(),
  };
}
