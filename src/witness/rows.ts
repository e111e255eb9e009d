/**
 * Opening a witness's two SQLite files, and reading their rows: the files may be damaged, so every column is
 * looked at before it is believed.
 */
import Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { digest, treeSize } from '../bytes/brand.ts';
import { sqliteFault } from '../platform/fault.ts';
import { refuse, Refusal } from '../bytes/refusal.ts';
import type { CosignedHead } from './decide.ts';

/** A row as better-sqlite3 gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** Raised by one with every change of layout; another one is refused at start-up. */
const LAYOUT = 1;

/** Where a file lies, whose it is, and what it is called in messages. */
export interface FileOptions {
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
  let db: Database.Database | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    db = new Database(path, exclusive ? { timeout: 0 } : {});
    if (exclusive) db.pragma('locking_mode = EXCLUSIVE');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('fullfsync = ON');
    db.exec(`BEGIN IMMEDIATE; ${META}; ${schema};`);
    db.prepare('INSERT OR IGNORE INTO meta VALUES (1, ?, ?)').run(LAYOUT, name);
    db.exec('COMMIT');
    checkOwner(db, path, name);
    return db;
  } catch (cause) {
    db?.close();
    if (cause instanceof Refusal) throw cause;
    if (cause instanceof Database.SqliteError && cause.code.startsWith('SQLITE_BUSY')) {
      throw refuse('locked', `another process runs this witness (it holds ${path}): stop it first`, {
        cause,
      });
    }
    throw refuse(
      cause instanceof Database.SqliteError ? (sqliteFault(cause.code) ?? 'corrupt-store') : 'store-failed',
      `the ${what} ${path} cannot be used (${String(cause)}): see spec/witness.md`,
      {
        cause,
      },
    );
  }
}

const META =
  'CREATE TABLE IF NOT EXISTS meta (one INTEGER PRIMARY KEY CHECK (one = 1), layout INTEGER NOT NULL, name TEXT NOT NULL) STRICT';

function checkOwner(db: Database.Database, path: string, name: string): void {
  const row = rowOf(db.prepare('SELECT layout, name FROM meta').get());
  if (number(row, 'layout') !== LAYOUT)
    throw refuse('corrupt-store', `${path} has another layout: use the release that wrote it`);
  const owner = text(row, 'name');
  if (owner !== name) {
    throw refuse(
      'foreign-log',
      `${path} belongs to the witness ${owner}, not to ${name}: correct --name or --witness-dir`,
    );
  }
}

export function rowOf(row: unknown): Row {
  if (!isRow(row)) throw refuse('corrupt-store', 'a row of the witness state is missing');
  return row;
}

export function isRow(row: unknown): row is Row {
  return typeof row === 'object' && row !== null;
}

export function number(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw damaged(column);
  return value;
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw damaged(column);
  return value;
}

/** Undefined for NULL. */
export function optionalBytes(row: Row, column: string): Uint8Array | undefined {
  const value = row[column];
  if (value === null) return undefined;
  if (!(value instanceof Uint8Array)) throw damaged(column);
  return value;
}

/** Columns `size`, `root`, `time`. */
export function headOf(row: Row): CosignedHead & { readonly time: number } {
  const root = optionalBytes(row, 'root');
  if (root?.length !== 32) throw damaged('root');
  return { size: treeSize(number(row, 'size')), root: digest(root), time: number(row, 'time') };
}

function damaged(column: string): Refusal {
  return refuse('corrupt-store', `the witness state is damaged (column ${column}): restore a backup`);
}
