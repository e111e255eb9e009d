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
import { INVENTORY_SCHEMA } from './inventories.ts';
import { OUTBOX_SCHEMA } from './outbox.ts';
import { makeDatabase, strangeIn } from '../platform/database.ts';
import { codeOf } from '../platform/fault.ts';
import { lockFile } from '../platform/lock.ts';
import { makeDurable, openDatabase, type TroubleWords } from '../platform/sqlite.ts';

/** Raised by one with every change of layout; an unknown one is refused. */
const VERSION = 6;

const SCHEMA = `
CREATE TABLE incident (
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, origin TEXT NOT NULL, kind TEXT NOT NULL,
  source TEXT NOT NULL, what TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL, seen INTEGER NOT NULL,
  episode INTEGER NOT NULL, resolved INTEGER, delivered INTEGER, body TEXT NOT NULL) STRICT;
CREATE INDEX incident_kind ON incident (origin, kind, source);
CREATE TABLE uncounted (
  origin TEXT NOT NULL, kind TEXT NOT NULL, seen INTEGER NOT NULL, first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL, PRIMARY KEY (origin, kind)) STRICT, WITHOUT ROWID;
CREATE TABLE observed (origin TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE place (url TEXT PRIMARY KEY, origin TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE book (origin TEXT PRIMARY KEY, upto INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE due (
  origin TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (origin, subject)) STRICT, WITHOUT ROWID;
${INVENTORY_SCHEMA}${OUTBOX_SCHEMA}`;

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

/** An SQLite file of this room: a monitor's, or a watch's. */
export interface OwnFile {
  readonly path: string;
  /** Number of the layout that `schema` makes. */
  readonly version: number;
  /** Statements that make the tables. */
  readonly schema: string;
  /** Permissions, when it is made. */
  readonly mode: number;
  /** Whose it is, and the setting that names where it lies. */
  readonly owner: 'monitor' | 'watch';
  readonly setting: 'monitorDir' | 'stateDir';
}

function monitorFile(dir: string): OwnFile {
  const { database: path } = monitorFiles(dir);
  return { path, version: VERSION, schema: SCHEMA, mode: 0o644, owner: 'monitor', setting: 'monitorDir' };
}

/** Opens the database, making directory and file the first time. Refuses `corrupt-store`, `store-failed`. */
export function openMonitorDatabase(dir: string): Database.Database {
  const { incidents } = monitorFiles(dir);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    mkdirSync(incidents, { recursive: true });
  } catch (cause) {
    throw refuse('store-failed', `cannot make ${dir} (${String(cause)}); name one that can be written`, {
      cause,
      remedy: { monitorDir: true },
    });
  }
  return openOwn(monitorFile(dir));
}

/** Opens a file for whoever alone writes it, making it the first time; its folder has to be there. Refuses `corrupt-store`, `store-failed`. */
export function openOwn(file: OwnFile): Database.Database {
  const { path, schema, version, setting } = file;
  try {
    makeDatabase(path, filling({ schema, version }), file.mode);
  } catch (cause) {
    throw refuse('store-failed', `cannot make ${path} (${codeOf(cause)}); check its directory`, {
      cause,
      remedy: { [setting]: true },
    });
  }
  return opened(file, { fileMustExist: true }, makeDurable);
}

function filling({ schema, version }: Pick<OwnFile, 'schema' | 'version'>): (db: Database.Database) => void {
  return (db) => {
    db.exec(schema);
    db.pragma(`user_version = ${version}`);
  };
}

/** Opens an existing database to read it, whether a monitor runs or not. Refuses `not-found` without one. */
export function openDatabaseToRead(dir: string): Database.Database {
  return opened(monitorFile(dir), { readonly: true, fileMustExist: true }, () => undefined);
}

/** Opens an existing database to change it beside a running monitor. Refuses `not-found` without one. */
export function openDatabaseToChange(dir: string): Database.Database {
  return opened(monitorFile(dir), { fileMustExist: true }, (db) => db.pragma('synchronous = FULL'));
}

function opened(
  file: OwnFile,
  options: Database.Options,
  first: (db: Database.Database) => void,
): Database.Database {
  const { path, version, owner } = file;
  return openDatabase(path, options, troubleWords(file), (db) => {
    first(db);
    const strange = strangeIn(db, version, filling(file));
    if (strange === undefined) return;
    throw refuse(
      'corrupt-store',
      `${path} ${strange}: restore it, or move it away, and the ${owner} makes a new one`,
    );
  });
}

/** What the refusals say of such a file. */
export function troubleWords({ path, owner, setting }: OwnFile): TroubleWords {
  const remedy = { [setting]: true } as const;
  return (trouble, why) => {
    if (trouble === 'absent' && !existsSync(path))
      return ['not-found', `there is no ${owner}'s database ${path}: check its directory`, remedy];
    if (trouble === 'absent')
      return ['store-failed', `cannot open ${path} (${why}); check its directory`, remedy];
    if (trouble !== 'damaged') return ['store-failed', `${path} cannot be used (${why}): check the disk`];
    const page = owner === 'monitor' ? 'monitor.md' : 'status.md';
    return [
      'corrupt-store',
      `${path} cannot be read (${why}): move it away, and the ${owner} makes a new one (spec/${page})`,
    ];
  };
}

/** Keeps other monitors out of a directory; returns what lets them in. Refuses `locked` and `store-failed`. */
export function lockDirectory(dir: string): () => void {
  return lockFile(monitorFiles(dir).lock, {
    held: `another monitor works in ${dir}`,
    remedy: { monitorDir: true },
    mode: 0o700,
  });
}
