/**
 * Allows one process for each directory: an SQLite file stays exclusively locked while the process lives. The system
 * releases the lock when the process ends, in whatever way. The lock is a file of its own, so that others can read the
 * files beside it meanwhile.
 */
import Database from 'better-sqlite3';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { refuse } from '../bytes/refusal.ts';
import type { Remedy } from '../bytes/remedy.ts';

/** Whether a process holds the lock. Nothing is made or written. */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false;
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { timeout: 0, readonly: true, fileMustExist: true });
    db.pragma('user_version');
    return false;
  } catch (cause) {
    if (cause instanceof Database.SqliteError && cause.code.startsWith('SQLITE_BUSY')) return true;
    if (cause instanceof Database.SqliteError) return false;
    throw cause;
  } finally {
    db?.close();
  }
}

/** What the refusals say: who holds the lock, as in "another monitor works in DIR", and which option names the directory. */
interface LockWords {
  readonly held: string;
  readonly remedy?: Remedy;
  /** Permissions of the directory, when it is made. */
  readonly mode?: number;
}

/**
 * Takes the lock, making its directory, and returns a function that releases it. Refuses `locked`, and `store-failed` if
 * nothing can be written there.
 */
export function lockFile(path: string, { held, remedy, mode }: LockWords): () => void {
  let db: Database.Database | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode });
    const opened = new Database(path, { timeout: 0 });
    db = opened;
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
    // SQLite also opens a file that it cannot write, and then keeps no other process out. Only a write shows that.
    db.pragma('user_version = 1');
    return () => void opened.close();
  } catch (cause) {
    db?.close();
    if (cause instanceof Database.SqliteError && cause.code.startsWith('SQLITE_BUSY'))
      throw refuse('locked', `${held} (it holds ${path}): stop it first`, { cause });
    const why = cause instanceof Error ? cause.message : String(cause);
    const what = `cannot lock ${path} (${why}): check its directory, and the disk`;
    throw refuse('store-failed', what, { cause, remedy });
  }
}
