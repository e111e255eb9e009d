/**
 * `agent.db`: everything that an agent must not lose: proofs (stored before they are sent) with the salts that open
 * their observations later; the chain of each subject; the head and entries of the log that were verified last; the CPU
 * time that was spent. Several processes may use it; one writes at a time.
 */
import type Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, sqliteFault } from '../platform/fault.ts';
import { makeDatabase, strangeIn } from '../platform/database.ts';
import { makeDurable, openDatabase, troubled, troubleOf, type TroubleWords } from '../platform/sqlite.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { lockFile } from '../platform/lock.ts';

/** Version of the layout. Each change of the layout raises it; a database of another version is refused. */
const VERSION = 4;

const SCHEMA = `
CREATE TABLE proof (
  n INTEGER PRIMARY KEY AUTOINCREMENT, kid TEXT NOT NULL, subject TEXT NOT NULL, seq INTEGER NOT NULL,
  id TEXT NOT NULL UNIQUE, commitment TEXT NOT NULL, statement BLOB NOT NULL, ended INTEGER NOT NULL,
  next_due INTEGER NOT NULL, observed BLOB NOT NULL, idx INTEGER, receipt BLOB, refused TEXT,
  dropped INTEGER NOT NULL DEFAULT 0, pruned INTEGER) STRICT;
CREATE UNIQUE INDEX proof_chain ON proof (kid, subject, seq) WHERE dropped = 0;
CREATE INDEX proof_waiting ON proof (n) WHERE idx IS NULL AND dropped = 0;
CREATE TABLE chain (
  kid TEXT NOT NULL, subject TEXT NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, ended INTEGER NOT NULL,
  PRIMARY KEY (kid, subject)) STRICT, WITHOUT ROWID;
CREATE TABLE proven (
  kid TEXT NOT NULL, commitment TEXT NOT NULL, claim TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL,
  slot INTEGER, verdict TEXT NOT NULL, PRIMARY KEY (kid, commitment, claim)) STRICT, WITHOUT ROWID;
CREATE TABLE kept (
  digest TEXT PRIMARY KEY, media TEXT NOT NULL, data BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX proof_kept ON proof (subject, ended) WHERE pruned IS NULL;
CREATE TABLE retention (subject TEXT PRIMARY KEY, idx INTEGER NOT NULL, age INTEGER, starts INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE head (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE entry (
  idx INTEGER PRIMARY KEY, id TEXT NOT NULL, subject TEXT NOT NULL, time INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE INDEX entry_subject ON entry (subject, idx);
CREATE TABLE learnt (subject TEXT PRIMARY KEY, upto INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE beacon (
  length INTEGER NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL,
  PRIMARY KEY (length, number)) STRICT, WITHOUT ROWID;
CREATE TABLE run (at INTEGER NOT NULL, probe TEXT NOT NULL, target TEXT NOT NULL, cpu INTEGER NOT NULL, wall INTEGER NOT NULL,
  bytes INTEGER NOT NULL) STRICT;
CREATE INDEX run_target ON run (target, at);
CREATE INDEX run_at ON run (at);
CREATE TABLE spent (at INTEGER NOT NULL, cpu INTEGER NOT NULL) STRICT;
CREATE INDEX spent_at ON spent (at);
`;

/** Paths of the files in an agent's directory. */
export function agentFiles(dir: string): {
  readonly database: string;
  readonly lock: string;
  readonly key: string;
  readonly seed: string;
  readonly targets: string;
  /** What lets the key of a node prove, where no policy enrols it. */
  readonly delegation: string;
} {
  return {
    database: join(dir, 'agent.db'),
    lock: join(dir, 'agent.lock'),
    key: join(dir, 'agent.pem'),
    seed: join(dir, 'seed.key'),
    targets: join(dir, 'targets.yaml'),
    delegation: join(dir, 'delegation.cose'),
  };
}

/** Opens the database. Makes directory and file the first time. Refuses `corrupt-store`, `store-failed`. */
export function openAgentDatabase(dir: string): Database.Database {
  const { database } = agentFiles(dir);
  const words = troubleWords(database);
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    // The database holds salts, so its mode is 0600; SQLite gives its other files the same mode.
    makeDatabase(database, fill, 0o600);
  } catch (cause) {
    throw troubled(words('absent', codeOf(cause)), cause);
  }
  return openDatabase(database, { timeout: 10_000, fileMustExist: true }, words, (db) => {
    makeDurable(db);
    const strange = strangeIn(db, VERSION, fill);
    if (strange !== undefined)
      throw refuse('corrupt-store', `${database} ${strange}: ${RESTORE}`, { remedy: ADOPT });
  });
}

function fill(db: Database.Database): void {
  db.exec(SCHEMA);
  db.pragma(`user_version = ${VERSION}`);
}

const RESTORE = 'restore it, or move it away and adopt what the log has of this key';
const ADOPT = { adopt: true } as const;

/**
 * The refusal for a failure of the database: `store-failed` if the disk causes it, which may pass, else
 * `corrupt-store`. Undefined if it may be a bug of this program.
 */
export function storeFault(cause: unknown): Refusal | undefined {
  const isFault = sqliteFault(codeOf(cause)) !== undefined;
  return isFault ? troubleOf(cause, troubleWords('agent.db')) : undefined;
}

function troubleWords(path: string): TroubleWords {
  return (trouble, why) => {
    if (trouble === 'absent')
      return ['store-failed', `cannot open ${path} (${why}); check its directory`, { agentDir: true }];
    if (trouble === 'damaged') return ['corrupt-store', `${path} cannot be read (${why}): ${RESTORE}`, ADOPT];
    return [
      'store-failed',
      `${path} cannot be used (${why}): check the disk and who may write there; keep the file, unsent proofs are in it`,
    ];
  };
}

/** Locks a directory against other daemons; returns a function that unlocks it. Refuses `locked` and `store-failed`. */
export function lockAgent(dir: string): () => void {
  return lockFile(agentFiles(dir).lock, {
    held: `another agent works in ${dir}`,
    remedy: { agentDir: true },
    mode: 0o700,
  });
}
