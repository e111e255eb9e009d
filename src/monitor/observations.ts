/** What was observed of each log, on disk: so that a restart of the monitor forgets nothing and invents nothing. */
import type Database from 'better-sqlite3';
import { rowOf } from '../platform/rows.ts';
import { parseObserved, type Observed } from './conditions.ts';
import { text } from './rows.ts';

export class Observations {
  readonly #get: Database.Statement;
  readonly #put: Database.Statement;
  readonly #place: Database.Statement;
  readonly #found: Database.Statement;

  constructor(db: Database.Database) {
    this.#get = db.prepare('SELECT body FROM observed WHERE origin = ?');
    this.#put = db.prepare('INSERT OR REPLACE INTO observed (origin, body) VALUES (?, ?)');
    this.#place = db.prepare('SELECT origin FROM place WHERE url = ?').pluck();
    this.#found = db.prepare('INSERT OR REPLACE INTO place (url, origin) VALUES (?, ?)');
  }

  /** Which log was found at a URL, the last time it was reached. */
  originAt(url: string): string | undefined {
    const origin: unknown = this.#place.get(url);
    return typeof origin === 'string' ? origin : undefined;
  }

  foundAt(url: string, origin: string): void {
    this.#found.run(url, origin);
  }

  /** Undefined when the log was never looked at. */
  load(origin: string): Observed | undefined {
    const row = rowOf(this.#get.get(origin));
    return row && parseObserved(text(row, 'body'));
  }

  save(origin: string, observed: Observed): void {
    this.#put.run(origin, JSON.stringify(observed));
  }
}
