/**
 * One process per directory: an SQLite file that stays exclusively locked while the process lives. The system
 * drops the lock with the process, however that ends.
 */
import Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';

/** Takes the lock and returns what lets it go. Refuses `locked`, and `store-failed` where no file can be made. */
export function lockFile(path: string): () => void {
  let db: Database.Database | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    db = new Database(path, { timeout: 0 });
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    db?.close();
    const busy = cause instanceof Database.SqliteError && cause.code.startsWith('SQLITE_BUSY');
    if (busy)
      throw refuse(
        'locked',
        `another process mirrors into this directory (it holds ${path}): stop it first`,
        {
          cause,
        },
      );
    const why = cause instanceof Error ? cause.message : String(cause);
    throw refuse('store-failed', `cannot lock ${path}: ${why}`, { cause });
  }
  const held = db;
  return () => void held.close();
}
