/**
 * Reads a log from its SQLite file, on a connection of its own. In WAL mode a reader sees the last committed state,
 * does not wait for the writer, and does not delay it.
 */
import type Database from 'better-sqlite3';
import { digest, leafIndex, treeSize, type Digest, type EntryId, type LeafIndex } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import type { ChainHead, EntryRow, Head, Query, SearchPage, StoredEntry, StoreReader } from '../log/ports.ts';
import { entryId } from '../bytes/brand.ts';
import { hashLeaf } from '../tree/hash.ts';
import { fileAt } from '../platform/files.ts';
import { isRow } from '../platform/rows.ts';
import { firstUse } from '../platform/sqlite.ts';
import { blob, entryRow, idPrefix, ENTRY_COLUMNS, kindNumber, number, place, prefix } from './rows.ts';
import { Parts } from './parts.ts';
import { RecentEntries, type Lookup } from './recent.ts';
import { openForReading, storedOrigin, storeWords } from './schema.ts';
import { Searches, type Filter } from './search.ts';

/** Entries read ahead for look-ups: some 3 ms. */
const READ_AHEAD = 4096;

const DIGEST = 32;

/** A StoreReader over one connection; the writer's store extends it. */
export class SqliteReader implements StoreReader {
  protected readonly db: Database.Database;
  readonly #head: Database.Statement;
  readonly #tile: Database.Statement;
  readonly #entries: Database.Statement;
  readonly #byKey: Database.Statement;
  readonly #byLeaf: Database.Statement;
  readonly #row: Database.Statement;
  readonly #parts: Parts;
  protected readonly recent: RecentEntries;
  readonly #name: Database.Statement;
  readonly #searches: Searches;
  readonly #chain: Database.Statement;

  /** Identity of the file at its path when it was opened. */
  readonly #file: string | undefined;

  constructor(db: Database.Database) {
    this.db = db;
    this.#file = fileAt(db.name);
    this.#head = db.prepare('SELECT size, root, time FROM head');
    this.#tile = db.prepare('SELECT width, hashes FROM tile WHERE place = ?');
    this.#entries = db.prepare(
      `SELECT ${ENTRY_COLUMNS} FROM entry e WHERE idx >= ? AND idx < ? ORDER BY idx`,
    );
    this.#parts = new Parts(db);
    this.#byKey = db.prepare('SELECT idx FROM by_key WHERE key = ?').pluck();
    this.#byLeaf = db.prepare('SELECT idx FROM by_leaf WHERE leaf = ?').pluck();
    this.#row = db.prepare(`SELECT ${ENTRY_COLUMNS} FROM entry e WHERE idx = ?`);
    this.recent = new RecentEntries(db);
    this.#searches = new Searches(db);
    this.#name = db.prepare('SELECT id FROM name WHERE text = ?').pluck();
    this.#chain = db.prepare('SELECT seq, id FROM chain WHERE key = ?');
  }

  /** Path of the file. */
  get path(): string {
    return this.db.name;
  }

  /** Opens a file read-only. */
  static open(path: string): SqliteReader {
    const db = openForReading(path);
    return firstUse(db, storeWords(path), () => new SqliteReader(db));
  }

  /** From this call on, every read returns the state of this moment, whatever is committed meanwhile. */
  freeze(): void {
    this.db.exec('BEGIN');
  }

  /** Whether no path leads to the file any more, so that nothing that is written now would stay. */
  get isGone(): boolean {
    return fileAt(this.db.name) !== this.#file;
  }

  /** The log the store was made for. */
  origin(): string {
    return storedOrigin(this.db);
  }

  async head(): Promise<Head | undefined> {
    const row: unknown = this.#head.get();
    if (!isRow(row)) return undefined;
    return {
      size: treeSize(number(row, 'size')),
      root: digest(blob(row, 'root')),
      time: number(row, 'time'),
    };
  }

  async tile(level: number, index: number, width: number): Promise<Uint8Array | undefined> {
    const row: unknown = this.#tile.get(place(level, index));
    if (!isRow(row) || number(row, 'width') < width) return undefined;
    return blob(row, 'hashes').subarray(0, width * DIGEST);
  }

  async entries(start: number, end: number): Promise<readonly StoredEntry[]> {
    const rows = this.#entries.all(start, end).filter(isRow).map(entryRow);
    const bytes = this.#parts.entries(start, start + rows.length);
    return rows.map((row, i) => {
      const own = row.index === start + i ? bytes[i] : undefined;
      if (own !== undefined) return { ...row, bytes: own };
      throw refuse('corrupt-store', `entry ${start + i} is missing from the store: run \`tallystick fsck\``);
    });
  }

  async bundle(index: number, width: number): Promise<Uint8Array | undefined> {
    return this.#parts.bundle(index, width);
  }

  /** Reads ahead for look-ups when many entries are new, so that the next look-up need not read all of them. */
  keepUp(size: number): void {
    if (size - this.recent.size >= READ_AHEAD) this.recent.catchUp();
  }

  async find(id: EntryId): Promise<EntryRow | undefined> {
    this.recent.catchUp();
    return this.findNow(id);
  }

  /** `find` after a `catchUp`, without a promise: for the writer's batches, most of whose ids are new. */
  protected findNow(id: EntryId): EntryRow | undefined {
    for (const index of this.#candidates('key', this.#byKey, idPrefix(id))) {
      const row: unknown = this.#row.get(index);
      const found = isRow(row) ? entryRow(row) : undefined;
      if (found?.id === id) return found;
    }
    return undefined;
  }

  async findLeaf(leaf: Digest): Promise<LeafIndex | undefined> {
    this.recent.catchUp();
    for (const index of this.#candidates('leaf', this.#byLeaf, prefix(leaf))) {
      const [bytes] = this.#parts.entries(index, index + 1);
      if (bytes !== undefined && equalBytes(hashLeaf(bytes), leaf)) return leafIndex(index);
    }
    return undefined;
  }

  /** Entries with this prefix: the newest from memory, the others from their table. */
  #candidates(lookup: Lookup, table: Database.Statement, value: number): readonly number[] {
    const recent = this.recent.find(lookup, value);
    const older = table.all(value).filter((index) => typeof index === 'number');
    return recent.length === 0 ? older : [...recent, ...older];
  }

  async search(query: Query): Promise<SearchPage> {
    const filters: Filter[] = [];
    for (const column of ['subject', 'kid', 'issuer'] as const) {
      const text = query[column];
      if (text === undefined) continue;
      const id: unknown = this.#name.get(text);
      if (typeof id !== 'number') return { rows: [], next: undefined };
      filters.push([column, id]);
    }
    if (query.kind !== undefined) filters.push(['kind', kindNumber(query.kind)]);
    return this.#searches.search(filters, query.before ?? Number.MAX_SAFE_INTEGER, query.limit);
  }

  async chain(key: string): Promise<ChainHead | undefined> {
    const row: unknown = this.#chain.get(key);
    if (!isRow(row)) return undefined;
    return { seq: number(row, 'seq'), id: entryId(formatHex(blob(row, 'id'))) };
  }

  async extent(): Promise<{ chains: number; entries: number }> {
    const row: unknown = this.db
      .prepare(
        'SELECT (SELECT count(*) FROM chain) AS chains, (SELECT coalesce(max(idx) + 1, 0) FROM entry) AS entries',
      )
      .get();
    if (!isRow(row)) throw new Error('a query for two numbers gives a row');
    return { chains: number(row, 'chains'), entries: number(row, 'entries') };
  }

  async close(): Promise<void> {
    this.db.close();
  }
}
