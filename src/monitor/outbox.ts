/**
 * Events that wait to be delivered. They are written in the transaction that changes their incident, and
 * deleted when somebody acknowledged them: an event is sent at least once, and never out of order with
 * others about the same incident.
 */
import type Database from 'better-sqlite3';
import { rowOf } from '../platform/rows.ts';
import { number, text } from './rows.ts';

export type EventType = 'incident.opened' | 'incident.resolved';

/** One event. `name` is its `webhook-id`: the same however often it is sent. */
export interface OutboxEvent {
  readonly n: number;
  readonly incident: string;
  readonly name: string;
  readonly type: EventType;
  /** JSON, as it is sent. */
  readonly body: string;
  /** How often it was sent in vain. */
  readonly attempts: number;
}

export class Outbox {
  readonly #statements: Statements;

  constructor(db: Database.Database) {
    this.#statements = prepare(db);
  }

  /**
   * Adds an event, inside the caller's transaction. An event that was never sent and is now contradicted goes
   * away together with this one: what flaps while nobody listens leaves no queue.
   */
  add(event: Omit<OutboxEvent, 'n' | 'attempts'>, due: number): void {
    const { last, remove, count, insert } = this.#statements;
    const before = rowOf(last.get(event.incident));
    const waiting = Number(count.get(event.incident));
    if (before !== undefined && waiting > 1 && number(before, 'attempts') === 0) {
      remove.run(number(before, 'n'));
      return;
    }
    insert.run(event.incident, event.name, event.type, event.body, due);
  }

  /** The first event that is due and has none before it about its incident; undefined when nothing is to do. */
  next(now: number): OutboxEvent | undefined {
    const row = rowOf(this.#statements.next.get(now));
    return (
      row && {
        n: number(row, 'n'),
        incident: text(row, 'incident'),
        name: text(row, 'name'),
        type: text(row, 'type') === 'incident.opened' ? 'incident.opened' : 'incident.resolved',
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

  /** Drops what waits about an incident that is forgotten. */
  forget(incident: string): void {
    this.#statements.forget.run(incident);
  }

  /** How many wait. */
  get waiting(): number {
    return Number(this.#statements.all.get());
  }

  /** It was acknowledged. */
  delivered(event: OutboxEvent, now: number): void {
    this.#statements.acknowledge(event, now);
  }

  /** It was sent in vain, and is to be sent again at `due`. */
  failed(event: OutboxEvent, due: number): void {
    this.#statements.postpone.run(due, event.n);
  }
}

type Statements = ReturnType<typeof prepare>;

function prepare(db: Database.Database) {
  const remove = db.prepare('DELETE FROM event WHERE n = ?');
  const mark = db.prepare('UPDATE incident SET delivered = ? WHERE id = ?');
  const first = 'NOT EXISTS (SELECT 1 FROM event f WHERE f.incident = e.incident AND f.n < e.n)';
  return {
    remove,
    forget: db.prepare('DELETE FROM event WHERE incident = ?'),
    last: db.prepare('SELECT n, attempts FROM event WHERE incident = ? ORDER BY n DESC LIMIT 1'),
    count: db.prepare('SELECT count(*) FROM event WHERE incident = ?').pluck(),
    all: db.prepare('SELECT count(*) FROM event').pluck(),
    insert: db.prepare(
      'INSERT OR IGNORE INTO event (incident, name, type, body, attempts, due) VALUES (?, ?, ?, ?, 0, ?)',
    ),
    next: db.prepare(`SELECT * FROM event e WHERE due <= ? AND ${first} ORDER BY n LIMIT 1`),
    nextDue: db.prepare(`SELECT min(due) FROM event e WHERE ${first}`).pluck(),
    postpone: db.prepare('UPDATE event SET attempts = attempts + 1, due = ? WHERE n = ?'),
    acknowledge: db.transaction((event: OutboxEvent, now: number) => {
      remove.run(event.n);
      mark.run(now, event.incident);
    }),
  };
}
