/**
 * Events that wait to be delivered: what a monitor says of incidents, and a watch of claims. They are written in the
 * transaction that changes what they are about, and deleted when somebody acknowledged them: an event is sent at least
 * once, and never out of order with others about the same thing.
 */
import type Database from 'better-sqlite3';
import { rowOf } from '../platform/rows.ts';
import { number, text } from './rows.ts';
import type { Deliverable, DeliveryQueue } from './webhook.ts';

/** One event. `name` is its `webhook-id`: the same however often it is sent. */
export interface OutboxEvent extends Deliverable {
  readonly n: number;
  /** What it is about: the id of an incident, or a claim. */
  readonly about: string;
}

export interface OutboxOptions {
  /**
   * Each event takes back the one before it about the same thing, as opening and resolving do. Then one that was never sent
   * goes away together with the one that takes it back: what flaps while nobody listens leaves no queue.
   */
  readonly isAlternating?: boolean;
  /** Most events that wait about one thing; beyond, the oldest that was never sent goes. Default: no bound. */
  readonly mostAboutOne?: number;
  /** Run in the transaction that deletes an acknowledged event. `now`: milliseconds. */
  readonly onDelivered?: (about: string, now: number) => void;
}

/** The table, for whoever lays out a database that has an outbox. */
export const OUTBOX_SCHEMA = `
CREATE TABLE event (
  n INTEGER PRIMARY KEY AUTOINCREMENT, about TEXT NOT NULL, name TEXT NOT NULL UNIQUE,
  body TEXT NOT NULL, attempts INTEGER NOT NULL, due INTEGER NOT NULL) STRICT;
CREATE INDEX event_about ON event (about);
`;

export class Outbox implements DeliveryQueue {
  readonly #statements: Statements;
  readonly #options: OutboxOptions;

  constructor(db: Database.Database, options: OutboxOptions) {
    this.#options = options;
    this.#statements = prepare(db, options.onDelivered ?? (() => undefined));
  }

  /** Adds an event, inside the caller's transaction. One whose name waits already is the same event, and stays one. `due`: milliseconds. */
  add({ about, name, body }: Pick<OutboxEvent, 'about' | 'name' | 'body'>, due: number): void {
    const { last, remove, count, insert, dropOldest } = this.#statements;
    const { isAlternating = false, mostAboutOne = Infinity } = this.#options;
    const before = rowOf(last.get(about));
    const waiting = Number(count.get(about));
    if (isAlternating && before !== undefined && waiting > 1 && number(before, 'attempts') === 0) {
      remove.run(number(before, 'n'));
      return;
    }
    if (waiting >= mostAboutOne) dropOldest.run(about);
    insert.run(about, name, body, due);
  }

  /** The first event that is due and has none before it about the same thing; undefined when nothing is to do. */
  next(now: number): OutboxEvent | undefined {
    const row = rowOf(this.#statements.next.get(now));
    return (
      row && {
        n: number(row, 'n'),
        about: text(row, 'about'),
        name: text(row, 'name'),
        body: text(row, 'body'),
        attempts: number(row, 'attempts'),
      }
    );
  }

  /** When the next event is due, in the future or not; undefined when none waits. */
  nextDue(): number | undefined {
    const due: unknown = this.#statements.nextDue.get();
    return typeof due === 'number' ? due : undefined;
  }

  /** Drops what waits about something that is forgotten. */
  forget(about: string): void {
    this.#statements.forget.run(about);
  }

  /** How many wait. */
  get waiting(): number {
    return Number(this.#statements.all.get());
  }

  /** It was acknowledged. */
  delivered({ n }: OutboxEvent, now: number): void {
    this.#statements.acknowledge(n, now);
  }

  /** It was sent in vain, and is to be sent again at `due`. */
  failed({ n }: OutboxEvent, due: number): void {
    this.#statements.postpone.run(due, n);
  }
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: Database.Database, onDelivered: (about: string, now: number) => void) {
  const acknowledged = db.prepare('DELETE FROM event WHERE n = ? RETURNING about').pluck();
  const first = 'NOT EXISTS (SELECT 1 FROM event f WHERE f.about = e.about AND f.n < e.n)';
  const oldest = 'SELECT min(n) FROM event WHERE about = ? AND attempts = 0';
  return {
    remove: db.prepare('DELETE FROM event WHERE n = ?'),
    dropOldest: db.prepare(`DELETE FROM event WHERE n = (${oldest})`),
    forget: db.prepare('DELETE FROM event WHERE about = ?'),
    last: db.prepare('SELECT n, attempts FROM event WHERE about = ? ORDER BY n DESC LIMIT 1'),
    count: db.prepare('SELECT count(*) FROM event WHERE about = ?').pluck(),
    all: db.prepare('SELECT count(*) FROM event').pluck(),
    insert: db.prepare(
      'INSERT OR IGNORE INTO event (about, name, body, attempts, due) VALUES (?, ?, ?, 0, ?)',
    ),
    next: db.prepare(`SELECT * FROM event e WHERE due <= ? AND ${first} ORDER BY n LIMIT 1`),
    nextDue: db.prepare(`SELECT min(due) FROM event e WHERE ${first}`).pluck(),
    postpone: db.prepare('UPDATE event SET attempts = attempts + 1, due = ? WHERE n = ?'),
    acknowledge: db.transaction((n: number, now: number) => {
      const about: unknown = acknowledged.get(n);
      if (typeof about === 'string') onDelivered(about, now);
    }),
  };
}
