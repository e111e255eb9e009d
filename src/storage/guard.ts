/**
 * The guard: the highest size and root that this log ever signed, in a file separate from the store. If an old backup
 * was restored, the log would sign a second history; the guard makes it refuse to start instead. The file is also the
 * lock: it stays exclusively locked while the log runs, and the system releases the lock when the process ends, in
 * whatever way.
 */
import type Database from 'better-sqlite3';
import { digest, entryId, treeSize } from '../bytes/brand.ts';
import { equalBytes } from '../bytes/compare.ts';
import { makeDurable, openDatabase, type TroubleWords } from '../platform/sqlite.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatHex, parseHex } from '../bytes/text.ts';
import type { Guard, Head, PolicyPlace, Signed } from '../log/ports.ts';
import { isRow } from '../platform/rows.ts';
import { blob, number, text } from './rows.ts';

const SCHEMA = `CREATE TABLE IF NOT EXISTS signed (
  one INTEGER PRIMARY KEY CHECK (one = 1), origin TEXT NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL,
  policy_index INTEGER NOT NULL, policy_id BLOB NOT NULL) STRICT`;

export class SqliteGuard implements Guard {
  readonly #db: Database.Database;
  readonly #origin: string;
  readonly #put: Database.Statement;
  /** The content of the file. No other process can write it while it is locked. */
  #last: Signed | undefined;

  private constructor(db: Database.Database, origin: string) {
    this.#db = db;
    this.#origin = origin;
    this.#put = db.prepare('INSERT OR REPLACE INTO signed VALUES (1, ?, ?, ?, ?, ?, ?)');
  }

  /** Opens and locks the guard at `path`. Refuses `locked` while another process holds it. */
  static open(path: string, origin: string, create: boolean): SqliteGuard {
    const db = openDatabase(path, { timeout: 0, fileMustExist: !create }, guardWords(path), (opened) => {
      opened.pragma('locking_mode = EXCLUSIVE');
      makeDurable(opened);
      opened.exec('BEGIN IMMEDIATE');
      if (create) opened.exec(SCHEMA);
      opened.exec('COMMIT');
      opened.prepare('SELECT * FROM signed').get(); // fails without the table, and if its page is damaged
    });
    try {
      return new SqliteGuard(db, origin);
    } catch (cause) {
      db.close();
      throw olderGuard(path, cause);
    }
  }

  /**
   * Reads the guard at `path` without taking its lock and without writing. Refuses `locked` while the log runs, since no
   * other process can read it then, and as `open` does.
   */
  static look(path: string, origin: string): Signed | undefined {
    const words: TroubleWords = (trouble, why) =>
      trouble === 'busy'
        ? ['locked', `the running log holds ${path}, and checked it when it started`]
        : guardWords(path)(trouble, why);
    const options = { timeout: 0, readonly: true, fileMustExist: true };
    let signed: Signed | undefined;
    openDatabase(path, options, words, (db) => (signed = storedHead(db, origin))).close();
    return signed;
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

/** Whether a head may be signed after another: it is larger, or the same. */
function mayFollow(head: Head, last: Head): boolean {
  return head.size > last.size || (head.size === last.size && equalBytes(head.root, last.root));
}

function guardWords(path: string): TroubleWords {
  const guard = `the signed-head guard ${path}`;
  return (trouble, why) =>
    (
      ({
        absent: ['no-such-log', `cannot open ${guard}: restore it, or see spec/operations.md`],
        closed: ['store-failed', `${guard} cannot be opened or written (${why}): check its folder`],
        busy: ['locked', `another process runs this log (it holds ${path}): stop it first`],
        machine: ['store-failed', `${guard} cannot be used (${why}): make room on the disk, or check it`],
        damaged: ['corrupt-store', `${guard} cannot be used (${why}): see spec/operations.md "A lost guard"`],
      }) as const
    )[trouble];
}

/** The table of version 0.1 has no column for the policy. */
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
      `the signed-head guard belongs to ${owner}, not to ${origin}: check its directory`,
      { remedy: { guardDir: true } },
    );
  }
  return {
    size: treeSize(number(row, 'size')),
    root: digest(blob(row, 'root')),
    time: number(row, 'time'),
    policy: { index: number(row, 'policy_index'), id: entryId(formatHex(blob(row, 'policy_id'))) },
  };
}
