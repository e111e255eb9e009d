/**
 * The inventories of a log: for each subject the number of its entries and the hash of their ids so far
 * (statement/inventory.ts), and which subjects are to be said. Kept in `monitor.db`, so that a day costs the entries of a
 * day, and a restart neither repeats nor leaves out.
 */
import type Database from 'better-sqlite3';
import { digest, type Digest, type EntryId } from '../bytes/brand.ts';
import type { EntryRow, LogReader } from '../log/ports.ts';
import { rowOf, rowsOf } from '../platform/rows.ts';
import { addToInventory, startInventory } from '../statement/inventory.ts';
import { damaged, number, text } from './rows.ts';

/** Subjects of one log that are counted: those that come later are left out, and the monitor says so. */
export const MOST_SUBJECTS = 100_000;

/** Entries of the copy that are read at one go. */
const PAGE = 1_000;

/** The entries of a subject below `size`. */
export interface Counted {
  readonly size: number;
  readonly count: number;
  readonly hash: Digest;
}

type Reader = Pick<LogReader, 'search'>;

export class Inventories {
  readonly #origin: string;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #queue: (subjects: Iterable<string>, upto: number, at: number) => void;

  constructor(db: Database.Database, origin: string) {
    const statements = prepare(db);
    this.#origin = origin;
    this.#statements = statements;
    this.#queue = db.transaction((subjects: Iterable<string>, upto: number, at: number) => {
      for (const subject of subjects) statements.queue.run(origin, subject, startInventory(origin, subject));
      statements.mark.run(origin, upto, at);
    });
  }

  /** When subjects were queued last, POSIX seconds; 0: never. */
  get queuedAt(): number {
    return this.#mark().at;
  }

  /**
   * Queues the subjects of which something was logged below `size` since the last call, notices aside: an inventory does
   * not ask for the next. `wants` says which subjects may be said. Resolves with the number that were left out.
   */
  async queueChanged(
    reader: Reader,
    size: number,
    at: number,
    wants: (subject: string) => boolean,
  ): Promise<number> {
    const { upto } = this.#mark();
    const changed = new Set<string>();
    // A copy that began anew is shorter than what was read of the last one.
    for await (const { kind, subject } of rowsBetween(reader, {}, upto > size ? 0 : upto, size))
      if (kind !== 'notice' && subject !== '' && wants(subject)) changed.add(subject);
    const room = MOST_SUBJECTS - number(rowOf(this.#statements.known.get(this.#origin)) ?? {}, 'n');
    const fresh = [...changed].filter((each) => this.#statements.get.get(this.#origin, each) === undefined);
    const left = fresh.slice(Math.max(0, room));
    for (const each of left) changed.delete(each);
    this.#queue(changed, size, at);
    return left.length;
  }

  /** Queued subjects, `limit` at most. */
  queued(limit: number): readonly string[] {
    return rowsOf(this.#statements.queued.all(this.#origin, limit)).map((row) => text(row, 'subject'));
  }

  /** Counts a subject up to `size`, from where it was counted before. */
  async count(reader: Reader, subject: string, size: number): Promise<Counted> {
    const origin = this.#origin;
    const known = counted(this.#statements.get.get(origin, subject));
    const from = known === undefined || known.size > size ? undefined : known;
    const ids: EntryId[] = [];
    for await (const { id } of rowsBetween(reader, { subject }, from?.size ?? 0, size)) ids.push(id);
    let hash = from?.hash ?? startInventory(origin, subject);
    for (const id of ids.toReversed()) hash = addToInventory(hash, id);
    return { size, count: (from?.count ?? 0) + ids.length, hash };
  }

  /** The inventory of a subject was logged. */
  said(subject: string, { size, count, hash }: Counted): void {
    this.#statements.said.run(size, count, hash, this.#origin, subject);
  }

  #mark(): { readonly upto: number; readonly at: number } {
    const row = rowOf(this.#statements.get.get(this.#origin, MARK));
    return row === undefined ? { upto: 0, at: 0 } : { upto: number(row, 'size'), at: number(row, 'count') };
  }
}

/** Key of the row that says up to where subjects were queued, and when; no subject is empty. */
const MARK = '';

/** Rows in [from, to), newest first. */
async function* rowsBetween(
  reader: Reader,
  query: { readonly subject?: string },
  from: number,
  to: number,
): AsyncGenerator<EntryRow> {
  let before: number | undefined = to;
  while (before !== undefined && before > from) {
    const { rows, next } = await reader.search({ ...query, before, limit: PAGE });
    for (const row of rows) if (row.index >= from) yield row;
    // Lets signals be handled in between.
    await new Promise(setImmediate);
    before = next;
  }
}

function counted(given: unknown): Counted | undefined {
  const row = rowOf(given);
  if (row === undefined) return undefined;
  const hash: unknown = Reflect.get(row, 'hash');
  if (!(hash instanceof Uint8Array) || hash.length !== 32) throw damaged('hash');
  return { size: number(row, 'size'), count: number(row, 'count'), hash: digest(Uint8Array.from(hash)) };
}

export const INVENTORY_SCHEMA = `
CREATE TABLE inventory (
  origin TEXT NOT NULL, subject TEXT NOT NULL, size INTEGER NOT NULL, count INTEGER NOT NULL, hash BLOB NOT NULL,
  due INTEGER NOT NULL, PRIMARY KEY (origin, subject)) STRICT, WITHOUT ROWID;
CREATE INDEX inventory_due ON inventory (origin, due);
`;

function prepare(db: Database.Database) {
  return {
    get: db.prepare('SELECT size, count, hash FROM inventory WHERE origin = ? AND subject = ?'),
    known: db.prepare('SELECT COUNT(*) AS n FROM inventory WHERE origin = ?'),
    queue: db.prepare(
      `INSERT INTO inventory (origin, subject, size, count, hash, due) VALUES (?, ?, 0, 0, ?, 1)
        ON CONFLICT (origin, subject) DO UPDATE SET due = 1`,
    ),
    queued: db.prepare('SELECT subject FROM inventory WHERE origin = ? AND due = 1 ORDER BY subject LIMIT ?'),
    said: db.prepare(
      'UPDATE inventory SET size = ?, count = ?, hash = ?, due = 0 WHERE origin = ? AND subject = ?',
    ),
    mark: db.prepare(
      `INSERT INTO inventory (origin, subject, size, count, hash, due) VALUES (?, '', ?, ?, x'', 0)
        ON CONFLICT (origin, subject) DO UPDATE SET size = excluded.size, count = excluded.count`,
    ),
  };
}
