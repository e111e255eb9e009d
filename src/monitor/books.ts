/** Due books on disk: the dues of a log and how far its entries were read, in one transaction. */
import type Database from 'better-sqlite3';
import { DueBook, type Due } from './duebook.ts';
import { damaged, number, rowOf, rowsOf, text } from './rows.ts';

export class Books {
  readonly #statements: Statements;
  readonly #save: (origin: string, book: DueBook) => void;

  constructor(db: Database.Database) {
    const statements = prepare(db);
    this.#statements = statements;
    this.#save = db.transaction((origin: string, book: DueBook) => {
      const { put, gone } = book.changes();
      for (const due of put) statements.put.run(origin, due.key, JSON.stringify(due));
      for (const key of gone) statements.remove.run(origin, key);
      statements.read.run(origin, book.upto);
    });
  }

  /** The book of a log; an empty one the first time. Refuses `corrupt-store`. */
  load(origin: string): DueBook {
    const at = rowOf(this.#statements.upto.get(origin));
    if (at === undefined) return new DueBook();
    const dues = rowsOf(this.#statements.all.all(origin)).map((row) => parseDue(text(row, 'body')));
    return new DueBook(number(at, 'upto'), dues);
  }

  /** Stores what changed; durable when it returns. */
  save(origin: string, book: DueBook): void {
    if (book.dirty) this.#save(origin, book);
  }

  /** Forgets a log's book: its copy begins anew. */
  forget(origin: string): void {
    this.#statements.forgetDues.run(origin);
    this.#statements.forget.run(origin);
  }
}

function parseDue(json: string): Due {
  const value: unknown = JSON.parse(json);
  if (!isDue(value)) throw damaged('due');
  return value;
}

/** Whether it has the fields that everyone reads; we wrote it, or the file is damaged. */
function isDue(value: unknown): value is Due {
  if (typeof value !== 'object' || value === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const texts = ['key', 'subject', 'id', 'commitment'].every((name) => typeof fields[name] === 'string');
  return texts && ['index', 'due'].every((name) => Number.isSafeInteger(fields[name]));
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: Database.Database) {
  return {
    upto: db.prepare('SELECT upto FROM book WHERE origin = ?'),
    all: db.prepare('SELECT body FROM due WHERE origin = ?'),
    put: db.prepare('INSERT OR REPLACE INTO due (origin, key, body) VALUES (?, ?, ?)'),
    remove: db.prepare('DELETE FROM due WHERE origin = ? AND key = ?'),
    read: db.prepare('INSERT OR REPLACE INTO book (origin, upto) VALUES (?, ?)'),
    forgetDues: db.prepare('DELETE FROM due WHERE origin = ?'),
    forget: db.prepare('DELETE FROM book WHERE origin = ?'),
  };
}
