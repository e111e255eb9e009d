/**
 * `monitor.db`: what the monitor knows besides the copies of the logs. Incidents and the events about them,
 * which change in one transaction; the due times of proofs; what was observed of each log.
 *
 * The lock is a file of its own, so that `tallystick incidents` can read while a monitor runs.
 */
import type Database from 'better-sqlite3';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { refuse } from '../bytes/refusal.ts';
import { makeDatabase, strangeIn } from '../platform/database.ts';
import { codeOf } from '../platform/fault.ts';
import { lockFile } from '../platform/lock.ts';
import { makeDurable, openDatabase, type TroubleWords } from '../platform/sqlite.ts';

/** Raised by one with every change of layout; an unknown one is refused. */
const VERSION = 3;

const SCHEMA = `
CREATE TABLE incident (
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, origin TEXT NOT NULL, kind TEXT NOT NULL,
  source TEXT NOT NULL, what TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, seen INTEGER NOT NULL,
  episode INTEGER NOT NULL, resolved INTEGER, delivered INTEGER, body TEXT NOT NULL) STRICT;
CREATE INDEX incident_kind ON incident (origin, kind, source);
CREATE TABLE uncounted (
  origin TEXT NOT NULL, kind TEXT NOT NULL, seen INTEGER NOT NULL, first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL, PRIMARY KEY (origin, kind)) STRICT, WITHOUT ROWID;
CREATE TABLE event (
  n INTEGER PRIMARY KEY AUTOINCREMENT, incident TEXT NOT NULL, name TEXT NOT NULL UNIQUE, type TEXT NOT NULL,
  body TEXT NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL) STRICT;
CREATE INDEX event_incident ON event (incident);
CREATE TABLE observed (origin TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE place (url TEXT PRIMARY KEY, origin TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE book (origin TEXT PRIMARY KEY, upto INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE due (
  origin TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (origin, subject)) STRICT, WITHOUT ROWID;
`;

/** Where things lie in a monitor's directory. */
export function monitorFiles(dir: string): {
  readonly database: string;
  readonly incidents: string;
  readonly lock: string;
  readonly webhookSecret: string;
} {
  return {
    database: join(dir, 'monitor.db'),
    incidents: join(dir, 'incidents'),
    lock: join(dir, 'monitor.lock'),
    webhookSecret: join(dir, 'webhook.secret'),
  };
}

/** Opens the database, making directory and file the first time. Refuses `corrupt-store`, `store-failed`. */
export function openMonitorDatabase(dir: string): Database.Database {
  const { database, incidents } = monitorFiles(dir);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    mkdirSync(incidents, { recursive: true });
  } catch (cause) {
    throw refuse('store-failed', `cannot make ${dir} (${String(cause)}); check --monitor-dir`, { cause });
  }
  try {
    makeDatabase(database, fill);
  } catch (cause) {
    throw refuse('store-failed', `cannot make ${database} (${codeOf(cause)}); check --monitor-dir`, {
      cause,
    });
  }
  return opened(database, { fileMustExist: true }, makeDurable);
}

function fill(db: Database.Database): void {
  db.exec(SCHEMA);
  db.pragma(`user_version = ${VERSION}`);
}

/** Opens an existing database to read it, whether a monitor runs or not. Refuses `not-found` without one. */
export function openDatabaseToRead(dir: string): Database.Database {
  const { database } = monitorFiles(dir);
  return opened(database, { readonly: true, fileMustExist: true }, () => undefined);
}

/** Opens an existing database to change it beside a running monitor. Refuses `not-found` without one. */
export function openDatabaseToChange(dir: string): Database.Database {
  const { database } = monitorFiles(dir);
  return opened(database, { fileMustExist: true }, (db) => db.pragma('synchronous = FULL'));
}

function opened(
  path: string,
  options: Database.Options,
  first: (db: Database.Database) => void,
): Database.Database {
  return openDatabase(path, options, troubleWords(path), (db) => {
    first(db);
    const strange = strangeIn(db, VERSION, fill);
    if (strange === undefined) return;
    throw refuse(
      'corrupt-store',
      `${path} ${strange}: restore it, or move it away, and the monitor makes a new one`,
    );
  });
}

function troubleWords(path: string): TroubleWords {
  return (trouble, why) => {
    if (trouble === 'absent' && !existsSync(path))
      return ['not-found', `there is no monitor's database ${path}: check --monitor-dir`];
    if (trouble === 'absent') return ['store-failed', `cannot open ${path} (${why}); check --monitor-dir`];
    if (trouble !== 'damaged') return ['store-failed', `${path} cannot be used (${why}): check the disk`];
    return [
      'corrupt-store',
      `${path} cannot be read (${why}): move it away, and the monitor makes a new one (spec/monitor.md)`,
    ];
  };
}

/** Keeps other monitors out of a directory; returns what lets them in. Refuses `locked` and `store-failed`. */
export function lockDirectory(dir: string): () => void {
  return lockFile(monitorFiles(dir).lock, {
    held: `another monitor works in ${dir}`,
    check: '--monitor-dir',
    mode: 0o700,
  });
}
