/**
 * Events that wait to be delivered: of incidents (a monitor) and of claims (a watch). An event is written in the
 * transaction that changes what it is about, and deleted when the receiver acknowledged it. So each event is sent at
 * least once, and events about the same thing are sent in order.
 */
import type Database from 'better-sqlite3';
import { rowOf } from '../platform/rows.ts';
import { number, text } from './rows.ts';
import type { Deliverable, DeliveryQueue } from './webhook.ts';

/** One event. `name` is its `webhook-id`, the same for each delivery. */
interface OutboxEvent extends Deliverable {
  readonly n: number;
  /** The incident id or the claim that it is about. */
  readonly about: string;
}

interface OutboxOptions {
  /**
   * True if each event takes back the one before it about the same thing, as `opened` and `resolved` do. An event that
   * was never sent is then deleted together with the one that takes it back, so that a state that changes often while
   * the receiver is away leaves no queue.
   */
  readonly isAlternating?: boolean;
  /** Most waiting events about one thing. Beyond that, the oldest that was never sent is deleted. Default: no bound. */
  readonly mostAboutOne?: number;
  /** Runs in the transaction that deletes an acknowledged event. `now`: milliseconds. */
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

  /**
   * Adds an event, inside the caller's transaction. If an event of that name waits already, nothing is added. `due`:
   * milliseconds.
   */
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

  /** The first event that is due and waits for no earlier event about the same thing; undefined if there is none. */
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

  /** Deletes the events about something. */
  forget(about: string): void {
    this.#statements.forget.run(about);
  }

  /** How many wait. */
  get waiting(): number {
    return Number(this.#statements.all.get());
  }

  /** The event was acknowledged. */
  delivered({ n }: OutboxEvent, now: number): void {
    this.#statements.acknowledge(n, now);
  }

  /** The delivery failed; the event is sent again at `due`. */
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
