/**
 * What an agent stores besides its proofs: the log's head and entries as verified last, so that it can work while the
 * log cannot be reached; the beacons of slots, so that a restart does not draw a second time; and the cost of runs.
 */
import type Database from 'better-sqlite3';
import { digest, entryId, type Digest, type EntryId } from '../bytes/brand.ts';
import { parseStatement } from '../statement/parse.ts';
import { isRow, rowsOf } from '../platform/rows.ts';
import { blob, number, text } from './rows.ts';

/** A verified tree head. */
export interface Head {
  readonly origin: string;
  readonly size: number;
  readonly root: Digest;
}

/** An entry that was proven to be in the tree. `time`: when it was logged, as the log states it. */
interface KeptEntry {
  readonly index: number;
  readonly id: EntryId;
  readonly subject: string;
  readonly time: number;
  readonly bytes: Uint8Array;
}

/** The cost of one run: microseconds, and bytes sent and received. */
export interface Cost {
  readonly cpuUs: number;
  readonly wallUs: number;
  readonly bytes: number;
}

/** Average costs of the newest runs of one probe at one target, `NEWEST` at most. */
export interface Costs extends Cost {
  readonly runs: number;
}

const HOUR = 3600;
/** Number of runs whose costs are averaged, so that asking costs the same however many there were. */
const NEWEST = 100;
/** Seconds for which costs are stored. */
const KEPT_COSTS = 30 * 86_400;

export class AgentStore {
  readonly #db: Database.Database;

  constructor(db: Database.Database) {
    this.#db = db;
  }

  head(): Head | undefined {
    const row = this.#db.prepare('SELECT * FROM head WHERE origin = ?').get(this.origin() ?? '');
    if (!isRow(row)) return undefined;
    return { origin: text(row, 'origin'), size: number(row, 'size'), root: digest(blob(row, 'root')) };
  }

  /**
   * Origin of the log that the directory belongs to: that of its first proof, else of its head; undefined before it has
   * either.
   */
  origin(): string | undefined {
    const first = this.#db.prepare('SELECT statement FROM proof ORDER BY n LIMIT 1').get();
    const parsed = isRow(first) ? parseStatement(blob(first, 'statement')) : undefined;
    if (parsed?.kind === 'proof') return parsed.proof.challenge.origin;
    const head = this.#db.prepare('SELECT origin FROM head').get();
    return isRow(head) ? text(head, 'origin') : undefined;
  }

  /** Stores the newest head of the log that the directory belongs to. */
  setHead({ origin, size, root }: Head): void {
    this.#db.prepare('INSERT OR REPLACE INTO head VALUES (?, ?, ?)').run(origin, size, root);
  }

  entry(id: EntryId): KeptEntry | undefined {
    const row = this.#db.prepare('SELECT * FROM entry WHERE id = ?').get(id);
    return isRow(row) ? entryOf(row) : undefined;
  }

  entries(subject: string): readonly KeptEntry[] {
    return rowsOf(this.#db.prepare('SELECT * FROM entry WHERE subject = ? ORDER BY idx').all(subject)).map(
      entryOf,
    );
  }

  /** The subjects of the stored entries. */
  subjects(): readonly string[] {
    return rowsOf(this.#db.prepare('SELECT DISTINCT subject FROM entry ORDER BY subject').all()).map((row) =>
      text(row, 'subject'),
    );
  }

  /** Every entry about the subject with an index below this was read. */
  learntUpto(subject: string): number {
    const row = this.#db.prepare('SELECT upto FROM learnt WHERE subject = ?').get(subject);
    return isRow(row) ? number(row, 'upto') : 0;
  }

  setLearnt(subject: string, upto: number): void {
    this.#db.prepare('INSERT OR REPLACE INTO learnt VALUES (?, ?)').run(subject, upto);
  }

  setEntry({ index, id, subject, time, bytes }: KeptEntry): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?)')
      .run(index, id, subject, time, bytes);
  }

  /**
   * The beacon of a slot: the head from which its time derives. The first head that is offered is stored, and stays.
   */
  beacon(length: number, slot: number, offered: Head): { readonly size: number; readonly root: Digest } {
    const known = this.#db.prepare('SELECT * FROM beacon WHERE length = ? AND number = ?').get(length, slot);
    if (isRow(known)) return { size: number(known, 'size'), root: digest(blob(known, 'root')) };
    this.#db
      .transaction(() => {
        this.#db.prepare('DELETE FROM beacon WHERE length = ? AND number < ?').run(length, slot - 16);
        this.#db
          .prepare('INSERT OR IGNORE INTO beacon VALUES (?, ?, ?, ?)')
          .run(length, slot, offered.size, offered.root);
      })
      .immediate();
    return this.beacon(length, slot, offered);
  }

  /** Records a run. `at`: POSIX seconds. */
  ran(probe: string, target: string, at: number, { cpuUs, wallUs, bytes }: Cost): void {
    this.#db
      .prepare('INSERT INTO run VALUES (?, ?, ?, ?, ?, ?)')
      .run(at, probe, target, cpuUs, wallUs, bytes);
    this.#db.prepare('DELETE FROM run WHERE at < ?').run(at - KEPT_COSTS);
  }

  /** Number of runs of any probe at a target in the hour before. */
  runsInHour(target: string, at: number): number {
    const row = this.#db
      .prepare('SELECT count(*) AS n FROM run WHERE target = ? AND at > ?')
      .get(target, at - HOUR);
    return isRow(row) ? number(row, 'n') : 0;
  }

  /** Average costs of the newest runs of a probe at a target; undefined before the first. */
  costs(probe: string, target: string): Costs | undefined {
    const row = this.#db
      .prepare(
        `SELECT count(*) AS runs, CAST(coalesce(avg(cpu), 0) AS INTEGER) AS cpu, CAST(coalesce(avg(wall), 0) AS INTEGER) AS wall,
          CAST(coalesce(avg(bytes), 0) AS INTEGER) AS bytes FROM
          (SELECT * FROM run WHERE probe = ? AND target = ? ORDER BY at DESC LIMIT ?)`,
      )
      .get(probe, target, NEWEST);
    if (!isRow(row) || number(row, 'runs') === 0) return undefined;
    return {
      runs: number(row, 'runs'),
      cpuUs: number(row, 'cpu'),
      wallUs: number(row, 'wall'),
      bytes: number(row, 'bytes'),
    };
  }

  /** Records CPU time of the agent and its programs, for any purpose. */
  spend(at: number, cpuUs: number): void {
    this.#db
      .transaction(() => {
        this.#db.prepare('INSERT INTO spent VALUES (?, ?)').run(at, Math.round(cpuUs));
        this.#db.prepare('DELETE FROM spent WHERE at <= ?').run(at - HOUR);
      })
      .immediate();
  }

  /** Microseconds of CPU in the hour before `at`. */
  spentInHour(at: number): number {
    const row = this.#db.prepare('SELECT coalesce(sum(cpu), 0) AS n FROM spent WHERE at > ?').get(at - HOUR);
    return isRow(row) ? number(row, 'n') : 0;
  }
}

function entryOf(row: Readonly<Record<string, unknown>>): KeptEntry {
  return {
    index: number(row, 'idx'),
    id: entryId(text(row, 'id')),
    subject: text(row, 'subject'),
    time: number(row, 'time'),
    bytes: blob(row, 'bytes'),
  };
}
