/**
 * Stores due proofs in `monitor.db`: what the due times of a log depend on, and up to which entry it was read, in one
 * transaction.
 */
import type Database from 'better-sqlite3';
import { rowOf, rowsOf } from '../platform/rows.ts';
import { DueProofs, type StoredCover } from './due-proofs.ts';
import type { StoredSubjectDue } from './subject-due.ts';
import { damaged, number, text } from './rows.ts';

export class DueStore {
  readonly #statements: Statements;
  readonly #save: (origin: string, dues: DueProofs) => void;

  constructor(db: Database.Database) {
    const statements = prepare(db);
    this.#statements = statements;
    this.#save = db.transaction((origin: string, dues: DueProofs) => {
      const { put, gone, cover } = dues.changes();
      for (const page of put) statements.put.run(origin, page.subject, JSON.stringify(page));
      for (const subject of gone) statements.remove.run(origin, subject);
      statements.put.run(origin, COVER, JSON.stringify(cover));
      statements.read.run(origin, dues.upto);
    });
  }

  /** The due proofs of a log; none the first time. Refuses `corrupt-store`. */
  load(origin: string): DueProofs {
    const at = rowOf(this.#statements.upto.get(origin));
    if (at === undefined) return new DueProofs();
    const rows = rowsOf(this.#statements.all.all(origin));
    const values = rows.map((row): [string, unknown] => [
      text(row, 'subject'),
      JSON.parse(text(row, 'body')),
    ]);
    const pages = values.flatMap(([subject, value]) => (subject === COVER ? [] : [parseSubjectDue(value)]));
    return new DueProofs(number(at, 'upto'), pages, parseCover(new Map(values).get(COVER)));
  }

  /** Stores what changed; durable when it returns. */
  save(origin: string, dues: DueProofs): void {
    if (dues.dirty) this.#save(origin, dues);
  }

  /** Deletes a log's due proofs, because its copy begins anew. */
  forget(origin: string): void {
    this.#statements.forgetDues.run(origin);
    this.#statements.forget.run(origin);
  }
}

/** Key of the row for the whole log; no subject is empty. */
const COVER = '';

function parseSubjectDue(value: unknown): StoredSubjectDue {
  if (!isPage(value)) throw damaged('due');
  return value;
}

function parseCover(value: unknown): StoredCover {
  if (!isCover(value)) throw damaged('due');
  return value;
}

/** Whether a stored subject has the expected members. If not, the file is damaged, since this program wrote it. */
function isPage(value: unknown): value is StoredSubjectDue {
  if (typeof value !== 'object' || value === null) return false;
  const { subject, chains }: Readonly<Record<string, unknown>> = { ...value };
  return typeof subject === 'string' && Array.isArray(chains);
}

function isCover(value: unknown): value is StoredCover {
  if (typeof value !== 'object' || value === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return ['times', 'revoked', 'marks'].every((name) => Array.isArray(fields[name]));
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: Database.Database) {
  return {
    upto: db.prepare('SELECT upto FROM book WHERE origin = ?'),
    all: db.prepare('SELECT subject, body FROM due WHERE origin = ?'),
    put: db.prepare('INSERT OR REPLACE INTO due (origin, subject, body) VALUES (?, ?, ?)'),
    remove: db.prepare('DELETE FROM due WHERE origin = ? AND subject = ?'),
    read: db.prepare('INSERT OR REPLACE INTO book (origin, upto) VALUES (?, ?)'),
    forgetDues: db.prepare('DELETE FROM due WHERE origin = ?'),
    forget: db.prepare('DELETE FROM book WHERE origin = ?'),
  };
}
