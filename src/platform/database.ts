/**
 * SQLite files in which a part remembers what it did. They are made complete or not at all, so an empty file, or one with
 * other tables, is never taken for a new one. The caller words the refusal.
 */
import Database from 'better-sqlite3';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, linkSync, rmSync } from 'node:fs';
import { codeOf } from './fault.ts';
import { layoutVersion } from './sqlite.ts';

/** Makes a file filled by `fill`, unless there is one; `mode`: its permissions. Throws the errors of SQLite and the disk. */
export function makeDatabase(path: string, fill: (db: Database.Database) => void, mode = 0o644): void {
  if (existsSync(path)) return;
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const db = new Database(temporary);
    try {
      chmodSync(temporary, mode);
      db.pragma('synchronous = FULL');
      db.pragma('fullfsync = ON');
      db.transaction(() => fill(db))();
    } finally {
      db.close();
    }
    // Unlike a rename, a link fails when another process was faster.
    linkSync(temporary, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Says what is wrong with a file: it has another layout than `version`, or other tables than `fill` makes; undefined if
 * nothing is. Throws SQLite's errors, also for a damaged page.
 */
export function strangeIn(
  db: Database.Database,
  version: number,
  fill: (db: Database.Database) => void,
): string | undefined {
  const found = layoutVersion(db);
  if (found !== version && found !== 0) return `has layout ${found}, this program reads ${version}`;
  if (found !== version || !hasTablesOf(db, fill)) return "is empty, or another program's";
  const said: unknown = db.pragma('quick_check(1)', { simple: true });
  if (said !== 'ok') throw new Database.SqliteError('a page is damaged', 'SQLITE_CORRUPT');
  return undefined;
}

/** Whether a file has the tables and indices that `fill` makes and nothing else: a trigger could change what is written. */
export function hasTablesOf(db: Database.Database, fill: (db: Database.Database) => void): boolean {
  const wanted = new Database(':memory:');
  try {
    fill(wanted);
    return tablesOf(db) === tablesOf(wanted);
  } finally {
    wanted.close();
  }
}

function tablesOf(db: Database.Database): string {
  // SQLite's own tables are made when they are needed.
  const rows = db
    .prepare(
      "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .raw();
  return JSON.stringify(rows.all());
}
