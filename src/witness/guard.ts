/**
 * The guard of a witness: size, root and time of the checkpoint of each log that it cosigned last, in a file separate
 * from the state. It is written before any cosignature is sent. So a witness refuses to start with a restored old
 * state. The file is also the lock: the witness holds it exclusively, and the system releases it when the process ends.
 */
import type Database from 'better-sqlite3';
import { isRow } from '../platform/rows.ts';
import type { CosignedHead } from './decide.ts';
import { headOf, openFile, text } from './rows.ts';

const SCHEMA = `CREATE TABLE head (
  origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL) STRICT, WITHOUT ROWID`;

const PUT = `INSERT INTO head VALUES (?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE
  SET size = excluded.size, root = excluded.root, time = excluded.time WHERE excluded.size >= size`;

/** The size and time below which the witness must never cosign this log again. `time`: POSIX seconds. */
export interface GuardedHead extends CosignedHead {
  readonly time: number;
}

export class HeadGuard {
  readonly #db: Database.Database;
  readonly #put: Database.Statement;

  private constructor(db: Database.Database) {
    this.#db = db;
    this.#put = db.prepare(PUT);
  }

  /** Opens and locks the guard. Refuses `locked`, `foreign-log`, `corrupt-store`. */
  static open(path: string, name: string): HeadGuard {
    return new HeadGuard(openFile({ path, name, what: 'guard', schema: SCHEMA, exclusive: true }));
  }

  read(): Map<string, GuardedHead> {
    const rows: unknown[] = this.#db.prepare('SELECT * FROM head').all();
    return new Map(rows.filter(isRow).map((row) => [text(row, 'origin'), headOf(row)]));
  }

  /** Durable when it returns. The caller has checked that no head goes back. */
  raise(heads: readonly (GuardedHead & { readonly origin: string })[]): void {
    this.#db.transaction(() => {
      for (const { origin, size, root, time } of heads) this.#put.run(origin, size, root, time);
    })();
  }

  forget(origin: string): void {
    this.#db.prepare('DELETE FROM head WHERE origin = ?').run(origin);
  }

  close(): void {
    this.#db.close();
  }
}
