/**
 * Copies a store. The copy uses a connection of its own that stays in one read transaction, so it contains exactly one
 * committed state, however much is written meanwhile, and it delays no writer.
 */
import Database from 'better-sqlite3';
import { refuse } from '../bytes/refusal.ts';
import { openForReading } from './schema.ts';

/** Pages copied between two reports of progress: 16 MiB of 4 KiB pages. */
const PAGES_PER_STEP = 4096;

/**
 * Copies the store at `from` to the new file `to`. `onProgress`: pages done, pages in all. Refuses `store-failed`, and
 * for the store itself `no-such-log` and `corrupt-store`.
 */
export async function copyStore(
  from: string,
  to: string,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const db = openForReading(from);
  try {
    db.exec('BEGIN');
    db.prepare('SELECT size FROM head').get(); // the transaction begins with its first read
    await db.backup(to, {
      progress: ({ totalPages, remainingPages }) => {
        onProgress(totalPages - remainingPages, totalPages);
        return PAGES_PER_STEP;
      },
    });
    db.exec('COMMIT');
  } catch (cause) {
    throw refuse('store-failed', `the store could not be copied to ${to}: ${String(cause)}`, { cause });
  } finally {
    db.close();
  }
  const copy = new Database(to);
  copy.pragma('journal_mode = DELETE'); // one file, readable from media that cannot be written
  copy.close();
}
