/**
 * Opens SQLite files durably and sorts their failures into five troubles. The owner of each file words what to do about one.
 */
import Database from 'better-sqlite3';
import { refuse, type Refusal, type RefusalCode } from '../bytes/refusal.ts';
import type { Remedy } from '../bytes/remedy.ts';
import { sqliteFault } from './fault.ts';

/**
 * - `absent`: there is no file, or none can be made there.
 * - `closed`: the file is there and SQLite cannot open it, or cannot make its own files beside it.
 * - `busy`: another process holds it.
 * - `machine`: reading or writing the disk fails.
 * - `damaged`: the file is broken, or is no database.
 */
export type Trouble = 'absent' | 'closed' | 'busy' | 'machine' | 'damaged';

/** The refusal for a trouble, before its cause is known; `why` is the code of SQLite, such as `SQLITE_FULL`. */
export type TroubleWords = (
  trouble: Trouble,
  why: string,
) => readonly [code: RefusalCode, text: string, remedy?: Remedy];

/**
 * Opens a file and runs `first` on it, for queries that must succeed before anybody uses it; if they fail, the file is
 * closed again. Refuses as `words` says.
 */
export function openDatabase(
  path: string,
  options: Database.Options,
  words: TroubleWords,
  first: (db: Database.Database) => void,
): Database.Database {
  let db: Database.Database;
  try {
    db = new Database(path, options);
  } catch (cause) {
    throw troubled(words('absent', sqliteCode(cause) ?? String(cause)), cause);
  }
  return firstUse(db, words, () => {
    first(db);
    return db;
  });
}

/** Runs the first queries on a file that was opened; one that fails closes it. Refuses as `words` says. */
export function firstUse<T>(db: Database.Database, words: TroubleWords, first: () => T): T {
  try {
    return first();
  } catch (cause) {
    db.close();
    throw troubleOf(cause, words) ?? cause;
  }
}

/** The refusal that an error of SQLite stands for; undefined for any other error. */
export function troubleOf(cause: unknown, words: TroubleWords): Refusal | undefined {
  const code = sqliteCode(cause);
  return code === undefined ? undefined : troubled(words(kindOf(code), code), cause);
}

/** The refusal of a trouble that was worded. */
export function troubled([code, text, remedy]: ReturnType<TroubleWords>, cause: unknown): Refusal {
  return refuse(code, text, { cause, remedy });
}

function kindOf(code: string): Trouble {
  if (/^SQLITE_(?:CANTOPEN|READONLY)/.test(code)) return 'closed';
  if (code.startsWith('SQLITE_BUSY')) return 'busy';
  return sqliteFault(code) === 'store-failed' ? 'machine' : 'damaged';
}

function sqliteCode(cause: unknown): string | undefined {
  return cause instanceof Database.SqliteError ? cause.code : undefined;
}

/** From now on a commit is on the disk when it returns, and readers never wait for the writer. */
export function makeDurable(db: Database.Database): void {
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('fullfsync = ON');
}

/** Gives a new file its tables and the number of its layout, in one transaction. A file that has tables stays as it is. */
export function layOut(db: Database.Database, version: number, make: () => void): void {
  db.transaction(() => {
    if (layoutVersion(db) !== 0 || !isEmpty(db)) return;
    make();
    db.pragma(`user_version = ${version}`);
  }).immediate();
}

/** The number of a file's layout; 0 if none was written. */
export function layoutVersion(db: Database.Database): number {
  return Number(db.pragma('user_version', { simple: true }));
}

function isEmpty(db: Database.Database): boolean {
  return db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
}
