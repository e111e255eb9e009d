/** Opening a witness's two SQLite files, and reading their columns. */
import type Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { digest, treeSize } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { codeOf } from '../platform/fault.ts';
import { makeDatabase, strangeIn } from '../platform/database.ts';
import { columnReader, isRow, type Columns } from '../platform/rows.ts';
import { makeDurable, openDatabase, troubled, type TroubleWords } from '../platform/sqlite.ts';
import type { CosignedHead } from './decide.ts';

/** Raised by one with every change of layout; another one is refused at start-up. */
const LAYOUT = 1;

/** Where a file lies, whose it is, and what it is called in messages. */
interface FileOptions {
  readonly path: string;
  /** The witness's name, which the file must belong to. */
  readonly name: string;
  readonly what: string;
  readonly schema: string;
  /** Holds the file alone until it is closed, or the process has ended. */
  readonly exclusive: boolean;
}

/**
 * Opens a file, made when there is none: every commit is on the disk when it returns. Refuses `locked`,
 * `foreign-log` for a file of another witness, `corrupt-store`, `store-failed` when the disk does not take it.
 */
export function openFile({ path, name, what, schema, exclusive }: FileOptions): Database.Database {
  const words = troubleWords(path, what);
  const fill = (db: Database.Database): void => {
    db.exec(`${META}; ${schema};`);
    db.prepare('INSERT INTO meta VALUES (1, ?, ?)').run(LAYOUT, name);
  };
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    makeDatabase(path, fill);
  } catch (cause) {
    throw troubled(words('absent', codeOf(cause)), cause);
  }
  return openDatabase(
    path,
    exclusive ? { timeout: 0, fileMustExist: true } : { fileMustExist: true },
    words,
    (db) => {
      if (exclusive) db.pragma('locking_mode = EXCLUSIVE');
      makeDurable(db);
      db.exec('BEGIN IMMEDIATE; COMMIT'); // an exclusive lock is taken by the first of these
      const strange = strangeIn(db, 0, fill);
      if (strange !== undefined)
        throw refuse('corrupt-store', `the ${what} ${path} ${strange}: restore it, or see spec/witness.md`);
      checkOwner(db, path, name);
    },
  );
}

function troubleWords(path: string, what: string): TroubleWords {
  return (trouble, why) => {
    if (trouble === 'busy')
      return ['locked', `another process runs this witness (it holds ${path}): stop it first`];
    return [
      trouble === 'damaged' ? 'corrupt-store' : 'store-failed',
      `the ${what} ${path} cannot be used (${why}): see spec/witness.md`,
    ];
  };
}

const META =
  'CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), layout INTEGER NOT NULL, name TEXT NOT NULL) STRICT';

function checkOwner(db: Database.Database, path: string, name: string): void {
  const row: unknown = db.prepare('SELECT layout, name FROM meta').get();
  if (!isRow(row)) throw refuse('corrupt-store', `${path} does not say whose it is: see spec/witness.md`);
  if (number(row, 'layout') !== LAYOUT)
    throw refuse('corrupt-store', `${path} has another layout: use the release that wrote it`);
  const owner = text(row, 'name');
  if (owner !== name) {
    throw refuse(
      'foreign-log',
      `${path} belongs to the witness ${owner}, not to ${name}: correct its name or its directory`,
      { remedy: { name: true, witnessDir: true } },
    );
  }
}

export const { number, text, blobOrNull, damaged } = columnReader((column) =>
  refuse('corrupt-store', `the witness state is damaged (column ${column}): restore a backup`),
);

/** Columns `size`, `root`, `time`. */
export function headOf(row: Columns): CosignedHead & { readonly time: number } {
  const root = blobOrNull(row, 'root');
  if (root?.length !== 32) throw damaged('root');
  return { size: treeSize(number(row, 'size')), root: digest(root), time: number(row, 'time') };
}
