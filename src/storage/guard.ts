/**
 * The signed-head guard: the highest size and root this log ever signed, in a file apart from the store.
 * It turns a restored old backup, which would make the log sign a second history, into a refusal at
 * start-up. It is also the lock: the file stays exclusively locked while the log runs, and the system
 * drops the lock with the process, however that ends.
 */
import Database from 'better-sqlite3';
import { digest, entryId, treeSize } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { sqliteFault } from '../platform/fault.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex, parseHex } from '../bytes/text.ts';
import type { Guard, Head, PolicyPlace, Signed } from '../log/ports.ts';
import { blob, isRow, number, text } from './rows.ts';
import { isNotOpened } from './schema.ts';

const SCHEMA = `CREATE TABLE IF NOT EXISTS signed (
  one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL,
  policy_index INTEGER NOT NULL, policy_id BLOB NOT NULL) STRICT`;

export class SqliteGuard implements Guard {
  readonly #db: Database.Database;
  readonly #origin: string;
  readonly #put: Database.Statement;
  /** What the file holds: nobody else can write to it while it is locked. */
  #last: Signed | undefined;

  private constructor(db: Database.Database, origin: string) {
    this.#db = db;
    this.#origin = origin;
    this.#put = db.prepare('INSERT OR REPLACE INTO signed VALUES (1, ?, ?, ?, ?, ?, ?)');
  }

  /** Opens and locks the guard at `path`. Refuses `locked` while another process holds it. */
  static open(path: string, origin: string, create: boolean): SqliteGuard {
    const db = opened(path, { timeout: 0, fileMustExist: !create });
    try {
      db.pragma('locking_mode = EXCLUSIVE');
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.exec('BEGIN IMMEDIATE');
      if (create) db.exec(SCHEMA);
      db.exec('COMMIT');
      db.prepare('SELECT * FROM signed').get(); // a guard without its table, or whose page is damaged, is none
    } catch (cause) {
      db.close();
      if (cause instanceof Database.SqliteError && isNotOpened(cause))
        throw refuse('no-such-log', `the signed-head guard ${path} cannot be written (${cause.code})`, {
          cause,
        });
      if (cause instanceof Database.SqliteError && cause.code === 'SQLITE_BUSY')
        throw refuse('locked', `another process runs this log (it holds ${path}): stop it first`, { cause });
      const what = `the signed-head guard ${path} cannot be used (${String(cause)})`;
      if (cause instanceof Database.SqliteError && sqliteFault(cause.code) === 'store-failed')
        throw refuse('store-failed', `${what}: make room on the disk, or check it`, { cause });
      throw refuse('corrupt-store', `${what}: see spec/operations.md "A lost guard"`, { cause });
    }
    try {
      return new SqliteGuard(db, origin);
    } catch (cause) {
      db.close();
      throw olderGuard(path, cause);
    }
  }

  /**
   * What the guard at `path` holds, without its lock and without a write. Refuses `locked` while the log runs, since
   * nobody else can read then, and as `open` does.
   */
  static look(path: string, origin: string): Signed | undefined {
    const db = opened(path, { timeout: 0, readonly: true, fileMustExist: true });
    try {
      return storedHead(db, origin);
    } catch (cause) {
      if (!(cause instanceof Database.SqliteError)) throw cause;
      if (cause.code.startsWith('SQLITE_BUSY'))
        throw refuse('locked', `the running log holds ${path}, and looked when it started`, { cause });
      const code = isNotOpened(cause) ? 'no-such-log' : (sqliteFault(cause.code) ?? 'corrupt-store');
      throw refuse(code, `the signed-head guard ${path} cannot be read (${cause.code})`, { cause });
    } finally {
      db.close();
    }
  }

  async read(): Promise<Signed | undefined> {
    this.#last ??= storedHead(this.#db, this.#origin);
    return this.#last;
  }

  async raise(head: Head, { index, id }: PolicyPlace): Promise<void> {
    const last = await this.read();
    if (last !== undefined && !mayFollow(head, last)) {
      throw refuse(
        'behind-signed-head',
        `size ${last.size} was signed before; signing size ${head.size} now would show two histories`,
      );
    }
    try {
      this.#put.run(this.#origin, head.size, head.root, head.time, index, parseHex(id));
    } catch (cause) {
      throw refuse('store-failed', `the signed-head guard could not be written: ${String(cause)}`, { cause });
    }
    this.#last = { ...head, policy: { index, id } };
  }

  async close(): Promise<void> {
    this.#db.close();
  }
}

/** Whether a head may be signed after another: larger, or the very same. */
function mayFollow(head: Head, last: Head): boolean {
  return head.size > last.size || (head.size === last.size && equalBytes(head.root, last.root));
}

function opened(path: string, options: Database.Options): Database.Database {
  try {
    return new Database(path, options);
  } catch (cause) {
    throw refuse(
      'no-such-log',
      `cannot open the signed-head guard ${path}: restore it, or see spec/operations.md`,
      { cause },
    );
  }
}

/** The table of 0.1 names no policy. */
function olderGuard(path: string, cause: unknown): Error {
  return refuse(
    'older-version',
    `the signed-head guard${path === '' ? '' : ` ${path}`} was made by tallystick 0.1, whose logs are not read any more: make a new log with ` +
      '`tallystick init`',
    { cause },
  );
}

function storedHead(db: Database.Database, origin: string): Signed | undefined {
  const row: unknown = db.prepare('SELECT * FROM signed').get();
  if (!isRow(row)) return undefined;
  if (!('policy_id' in row)) throw olderGuard('', undefined);
  const owner = text(row, 'origin');
  if (owner !== origin) {
    throw refuse(
      'foreign-log',
      `the signed-head guard belongs to ${owner}, not to ${origin}: check --guard-dir`,
    );
  }
  return {
    size: treeSize(number(row, 'size')),
    root: digest(blob(row, 'root')),
    time: number(row, 'time'),
    policy: { index: number(row, 'policy_index'), id: entryId(formatHex(blob(row, 'policy_id'))) },
  };
}
