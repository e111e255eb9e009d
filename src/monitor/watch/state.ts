/**
 * The state of a watch between observations and runs, in an SQLite file: the verdicts that it reported last, subjects
 * that it could not read, and events that are not acknowledged. A change and its event are one durable transaction,
 * written before anything is sent. So an alert is delivered at least once, and an outage loses none.
 */
import type Database from 'better-sqlite3';
import { join } from 'node:path';
import { lockFile } from '../../platform/lock.ts';
import { rowOf, rowsOf } from '../../platform/rows.ts';
import { troubleOf } from '../../platform/sqlite.ts';
import { VERDICTS, type Verdict } from '../../statement/vocabulary.ts';
import { openOwn, troubleWords, type OwnFile } from '../database.ts';
import { Outbox, OUTBOX_SCHEMA } from '../outbox.ts';
import { number, text } from '../rows.ts';

/** Raised by one with every change of layout; an unknown one is refused. */
const VERSION = 1;

const SCHEMA = `
CREATE TABLE told (
  n INTEGER PRIMARY KEY, subject TEXT NOT NULL, claim TEXT NOT NULL, verdict TEXT NOT NULL,
  alerted INTEGER NOT NULL, UNIQUE (subject, claim)) STRICT;
CREATE TABLE unreadable (subject TEXT PRIMARY KEY, code TEXT NOT NULL) STRICT, WITHOUT ROWID;
${OUTBOX_SCHEMA}`;

/**
 * Most waiting events about one claim. Beyond that, the oldest of this claim are deleted; events of other claims stay.
 */
export const MOST_ABOUT_ONE = 1_000;

/** What a receiver gets. `name` is its `webhook-id`; `body` is JSON. */
export interface WatchEvent {
  readonly name: string;
  readonly body: string;
}

export class WatchState {
  readonly outbox: Outbox;
  readonly #db: Database.Database;
  readonly #file: OwnFile;
  readonly #unlock: () => void;
  readonly #statements: ReturnType<typeof prepare>;

  private constructor(db: Database.Database, file: OwnFile, unlock: () => void) {
    this.#db = db;
    this.#file = file;
    this.#unlock = unlock;
    this.#statements = prepare(db);
    this.outbox = new Outbox(db, { mostAboutOne: MOST_ABOUT_ONE });
  }

  /** Opens `NAME.db` in a folder, making both. Refuses `locked` while another watch has it, `corrupt-store`, `store-failed`. */
  static open(folder: string, name: string): WatchState {
    const path = join(folder, `${name}.db`);
    const unlock = lockFile(join(folder, `${name}.lock`), {
      held: `another watch of the same subjects works in ${folder}`,
      remedy: { stateDir: true },
      mode: 0o700,
    });
    const file = { path, version: VERSION, schema: SCHEMA, mode: 0o600, owner: 'watch' } as const;
    const own = { ...file, setting: 'stateDir' } as const;
    try {
      return new WatchState(openOwn(own), own, unlock);
    } catch (error) {
      unlock();
      throw error;
    }
  }

  /** Subjects of which something was reported, in the order of the first report. */
  get subjects(): ReadonlySet<string> {
    return new Set(this.#statements.subjects.all().map(String));
  }

  /** The verdicts of a subject's claims that were reported last, by claim id. */
  claimsOf(subject: string): ReadonlyMap<string, Verdict> {
    const claims = new Map<string, Verdict>();
    for (const row of rowsOf(this.#statements.claims.all(subject))) {
      const verdict = VERDICTS.find((each) => each === text(row, 'verdict'));
      if (verdict !== undefined) claims.set(text(row, 'claim'), verdict);
    }
    return claims;
  }

  /** Whether the last alert about a claim still stands: no later event took it back. */
  isAlerted(subject: string, claim: string): boolean {
    const row = rowOf(this.#statements.alerted.get(subject, claim));
    return row !== undefined && number(row, 'alerted') === 1;
  }

  /** Runs several changes as one durable transaction. Refuses `store-failed`, `corrupt-store`; then none of them is made. */
  atOnce(changes: () => void): void {
    try {
      this.#db.transaction(changes)();
    } catch (cause) {
      throw troubleOf(cause, troubleWords(this.#file)) ?? cause;
    }
  }

  /**
   * Records that a verdict was reported. `verdict` undefined: the claim does not exist any more. `alerted`: whether an
   * alert stands; absent: as before.
   */
  told(subject: string, claim: string, verdict: Verdict | undefined, alerted?: boolean): void {
    if (verdict === undefined) this.#statements.untell.run(subject, claim);
    else {
      const stands = alerted ?? this.isAlerted(subject, claim);
      this.#statements.tell.run(subject, claim, verdict, stands ? 1 : 0);
    }
  }

  /** Subjects that were reported as unreadable, with the refusal code. */
  unreadable(): ReadonlyMap<string, string> {
    const rows = rowsOf(this.#statements.unreadable.all());
    return new Map(rows.map((row) => [text(row, 'subject'), text(row, 'code')]));
  }

  /** Records the report. `code` undefined: the subject can be read again. */
  toldUnreadable(subject: string, code: string | undefined): void {
    if (code === undefined) this.#statements.readable.run(subject);
    else this.#statements.unread.run(subject, code);
  }

  /** Adds an event about a claim, or with an empty id about the subject or the log. `now`: milliseconds. */
  add(subject: string, claim: string, { name, body }: WatchEvent, now: number): void {
    this.outbox.add({ about: `${subject}\n${claim}`, name, body }, now);
  }

  get waiting(): number {
    return this.outbox.waiting;
  }

  close(): void {
    this.#db.close();
    this.#unlock();
  }
}

function prepare(db: Database.Database) {
  return {
    subjects: db.prepare('SELECT subject FROM told GROUP BY subject ORDER BY min(n)').pluck(),
    claims: db.prepare('SELECT claim, verdict FROM told WHERE subject = ? ORDER BY n'),
    alerted: db.prepare('SELECT alerted FROM told WHERE subject = ? AND claim = ?'),
    tell: db.prepare(
      `INSERT INTO told (subject, claim, verdict, alerted) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET verdict = excluded.verdict, alerted = excluded.alerted`,
    ),
    untell: db.prepare('DELETE FROM told WHERE subject = ? AND claim = ?'),
    unreadable: db.prepare('SELECT subject, code FROM unreadable'),
    unread: db.prepare('INSERT OR REPLACE INTO unreadable (subject, code) VALUES (?, ?)'),
    readable: db.prepare('DELETE FROM unreadable WHERE subject = ?'),
  };
}
