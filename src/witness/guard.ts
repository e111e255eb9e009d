/**
 * The guard of a witness: size, root and time of what it last cosigned of each log, in a file apart from the
 * state, and raised before any cosignature leaves. A restored old state is thereby refused at start-up. It is
 * also the lock: held exclusively while the witness runs, and dropped by the system with the process.
 */
import type Database from 'better-sqlite3';
import { isRow } from '../platform/rows.ts';
import type { CosignedHead } from './decide.ts';
import { headOf, openFile, text } from './rows.ts';

const SCHEMA = `CREATE TABLE head (
  origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL) STRICT, WITHOUT ROWID`;

const PUT = `INSERT INTO head VALUES (?, ?, ?, ?) ON CONFLICT (origin) DO UPDATE
  SET size = excluded.size, root = excluded.root, time = excluded.time WHERE excluded.size >= size`;

/** What a cosignature commits a witness to: never less than this again. `time`: POSIX seconds. */
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

  /** Durable when it returns. The caller has checked that none goes back. */
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
