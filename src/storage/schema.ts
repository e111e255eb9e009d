/**
 * The SQLite layout, its pragmas and its version. Entries are appended and never changed; their bytes lie in `part`
 * (parts.ts); tiles grow at the right edge; `head` is the one row that the compare-and-swap turns on.
 *
 * `key` and `leaf` are the first 48 bits of the entry id and of the leaf hash: tables of small integers cost a third of
 * those of whole digests, and every candidate is compared in full. `flushed` tells which entries each slice of these
 * tables lacks (recent.ts).
 */
import type Database from 'better-sqlite3';
import { hasTablesOf } from '../platform/database.ts';
import { layOut, layoutVersion, makeDurable, openDatabase, type TroubleWords } from '../platform/sqlite.ts';
import { refuse } from '../bytes/refusal.ts';
import { SLICES } from './recent.ts';

/** Raised by one with every change of layout; an unknown one is refused at start-up. */
const SCHEMA_VERSION = 3;

/** Every slice of the look-up tables, empty. */
const FLUSHED = `
CREATE TABLE flushed (slice INTEGER PRIMARY KEY, upto INTEGER NOT NULL) STRICT;
WITH RECURSIVE n(slice) AS (SELECT 0 UNION ALL SELECT slice + 1 FROM n WHERE slice < ${SLICES - 1})
INSERT INTO flushed SELECT slice, 0 FROM n;`;

const SCHEMA = `
CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, origin TEXT NOT NULL) STRICT;
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL, flushes INTEGER NOT NULL) STRICT;
CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE entry (
  idx INTEGER PRIMARY KEY, key INTEGER NOT NULL, leaf INTEGER NOT NULL, kind INTEGER NOT NULL,
  subject INTEGER NOT NULL, issuer INTEGER NOT NULL, kid INTEGER NOT NULL, time INTEGER NOT NULL,
  id BLOB NOT NULL) STRICT;
CREATE TABLE part (first INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE merged (one INTEGER PRIMARY KEY CHECK (one = 1), upto INTEGER NOT NULL) STRICT;
INSERT INTO merged VALUES (1, 0);
CREATE TABLE by_key (key INTEGER NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (key, idx)) STRICT, WITHOUT ROWID;
CREATE TABLE by_leaf (leaf INTEGER NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (leaf, idx)) STRICT, WITHOUT ROWID;
${FLUSHED}
CREATE INDEX entry_subject ON entry (subject);
CREATE INDEX entry_issuer ON entry (issuer);
CREATE INDEX entry_kid ON entry (kid);
CREATE INDEX entry_kind ON entry (kind);
CREATE TABLE tile (place INTEGER PRIMARY KEY, width INTEGER NOT NULL, hashes BLOB NOT NULL) STRICT;
CREATE TABLE chain (key TEXT PRIMARY KEY, seq INTEGER NOT NULL, id BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Pages the write-ahead log may hold before it is folded into the file: 64 MiB of 4 KiB pages. */
const WAL_PAGES = 16_384;

/** Opens the writer's connection; a new file gets its schema, an old one must be of this version and log. */
export function openForWriting(path: string, origin: string, create: boolean): Database.Database {
  return openDatabase(path, { fileMustExist: !create }, storeWords(path), (db) => {
    db.pragma('page_size = 4096');
    makeDurable(db);
    db.pragma(`wal_autocheckpoint = ${WAL_PAGES}`);
    db.pragma('cache_size = -65536');
    db.pragma('mmap_size = 268435456');
    layOut(db, SCHEMA_VERSION, () => {
      db.exec(SCHEMA);
      db.prepare('INSERT INTO meta VALUES (1, ?, ?)').run(SCHEMA_VERSION, origin);
    });
    checkOwner(db, origin);
    checkObjects(path, db);
  });
}

/** Opens a connection that can only read; it never waits for the writer and the writer never for it. */
export function openForReading(path: string): Database.Database {
  return openDatabase(path, { fileMustExist: true, readonly: true }, storeWords(path), (db) => {
    db.pragma('cache_size = -32768');
    db.pragma('mmap_size = 268435456');
    checkVersion(db);
    checkObjects(path, db);
  });
}

/** The origin a store was made for. */
export function storedOrigin(db: Database.Database): string {
  const origin: unknown = db.prepare('SELECT origin FROM meta').pluck().get();
  if (typeof origin !== 'string') throw refuse('corrupt-store', 'the store does not say which log it holds');
  return origin;
}

/**
 * The texts of refusals about an unusable store. A store can be read only in a folder that can be written, unlike a
 * backup, because its write-ahead log has an index in shared memory.
 */
export function storeWords(path: string): TroubleWords {
  return (trouble, why) =>
    (
      ({
        absent: [
          'no-such-log',
          `cannot open ${path}: run \`tallystick init\`, or check the data directory`,
          { dataDir: true },
        ],
        closed: [
          'store-failed',
          `${path} cannot be opened (${why}), which says nothing of what is in it: its folder must be one that can be ` +
            'written; copy the folder to such a place',
        ],
        busy: ['store-failed', `${path} cannot be used (${why}): make room on the disk, or check it`],
        machine: ['store-failed', `${path} cannot be used (${why}): make room on the disk, or check it`],
        damaged: ['corrupt-store', `${path} cannot be read (${why}): restore a backup (spec/operations.md)`],
      }) as const
    )[trouble];
}

function checkVersion(db: Database.Database): void {
  const version = layoutVersion(db);
  if (version === SCHEMA_VERSION) return;
  if (version === 0)
    throw refuse(
      'corrupt-store',
      "the store is empty or another program's database: restore a backup (spec/operations.md)",
    );
  const what = `the store has layout ${version}, this program reads ${SCHEMA_VERSION}`;
  if (version < SCHEMA_VERSION)
    throw refuse(
      'older-version',
      `${what}: make a new log with \`tallystick init\` in another data directory`,
    );
  throw refuse('newer-version', `${what}: use the release that wrote it`);
}

/** A trigger could change what is logged; without a table or an index, entries cannot be found. */
function checkObjects(path: string, db: Database.Database): void {
  if (hasTablesOf(db, (each) => each.exec(SCHEMA))) return;
  throw refuse(
    'corrupt-store',
    `${path} lacks something that belongs there, or has something that does not (a trigger, a table): restore a backup ` +
      '(spec/operations.md)',
  );
}

function checkOwner(db: Database.Database, origin: string): void {
  checkVersion(db);
  const stored = storedOrigin(db);
  if (stored !== origin) {
    throw refuse(
      'foreign-log',
      `the store belongs to the log ${stored}, the configuration says ${origin}: correct the origin or the data directory`,
    );
  }
}
