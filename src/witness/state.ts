/**
 * The state of a witness: for each log the largest checkpoint that it cosigned, in SQLite. Several may be committed at
 * once. When a commit returns, it is in the database and in the guard; only then may a cosignature be sent. After a
 * crash the database may be ahead of the guard, but never behind it.
 */
import type Database from 'better-sqlite3';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { refuse } from '../bytes/refusal.ts';
import { equalBytes } from '../bytes/compare.ts';
import { formatNote, parseNote, type SignatureLine } from '../note/note.ts';
import { isRow, type Columns } from '../platform/rows.ts';
import { HeadGuard, type GuardedHead } from './guard.ts';
import { blobOrNull, headOf, number, openFile, text } from './rows.ts';

const SCHEMA = `CREATE TABLE log (
  origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL,
  note BLOB, lines INTEGER NOT NULL, keys TEXT NOT NULL, halted TEXT NOT NULL) STRICT, WITHOUT ROWID`;

const INSERT =
  'INSERT OR IGNORE INTO log VALUES (@origin, @size, @root, @time, @note, @lines, @keys, @halted)';

/** Refuses to go back to a smaller size or an earlier time, and to replace another head than the expected one. */
const UPDATE = `UPDATE log SET size = @size, root = @root, time = @time, note = @note, lines = @lines, keys = @keys, halted = @halted
  WHERE origin = @origin AND size = @wasSize AND root = @wasRoot AND size <= @size AND time <= @time`;

/** What is stored of one log. */
export interface Held extends GuardedHead {
  readonly origin: string;
  /** The checkpoint as cosigned; undefined if only the guard has a record. */
  readonly signed:
    | {
        readonly text: string;
        /** The log's lines, verified; then our cosignatures, Ed25519 first. */
        readonly lines: readonly SignatureLine[];
        readonly cosignatures: readonly SignatureLine[];
      }
    | undefined;
  /** The log's verifier keys as configured at that time, one in each line; empty if not known. */
  readonly keys: string;
  /** Why this log is not cosigned until the operator decides; empty if it is. */
  readonly halted: string;
}

/** The parts of a commit, named so that tests can stop the process between any two. */
export type CommitStep = 'begun' | 'stored' | 'guarded';

export interface StateOptions {
  readonly dir: string;
  readonly name: string;
  /** Directory of the guard; default: the same directory. Another disk is better. */
  readonly guardDir?: string | undefined;
  /** Makes the guard again from the database. The operator thereby states that the database is the newest. */
  readonly rebuildGuard?: boolean;
  readonly step?: (step: CommitStep) => void;
  readonly onWarning?: (message: string) => void;
}

/** Where the files lie in a witness's directory. */
export function statePaths(
  dir: string,
  guardDir = join(dir, 'guard'),
): { readonly state: string; readonly guard: string } {
  return { state: join(dir, 'witness.db'), guard: join(guardDir, 'cosigned-heads.db') };
}

export class WitnessState {
  /** The stored state by origin. Only commits change it. */
  readonly held = new Map<string, Held>();
  readonly #db: Database.Database;
  readonly #guard: HeadGuard;
  readonly #step: (step: CommitStep) => void;
  readonly #insert: Database.Statement;
  readonly #update: Database.Statement;

  private constructor(db: Database.Database, guard: HeadGuard, step: (step: CommitStep) => void) {
    this.#db = db;
    this.#guard = guard;
    this.#step = step;
    this.#insert = db.prepare(INSERT);
    this.#update = db.prepare(UPDATE);
  }

  /**
   * Opens both files, locked to this process. Refuses `locked`, `foreign-log`, `corrupt-store`, `store-failed`. Refuses
   * `behind-signed-head` if the guard is missing or knows of more than the database. If both are missing, nobody knows
   * what was cosigned, so these keys must not cosign any more.
   */
  static open(options: StateOptions): WitnessState {
    const { dir, name, step = () => {} } = options;
    const { state: path, guard: guardPath } = statePaths(dir, options.guardDir);
    if (!existsSync(guardPath)) {
      if (!existsSync(path)) throw ended(name, path, guardPath);
      if (options.rebuildGuard !== true) throw guardGone(guardPath);
    }
    const guard = HeadGuard.open(guardPath, name);
    try {
      const isNew = !existsSync(path);
      const db = openFile({ path, name, what: 'state', schema: SCHEMA, exclusive: false });
      const state = new WitnessState(db, guard, step);
      state.#load();
      state.#compare(isNew, options);
      return state;
    } catch (error) {
      guard.close();
      throw error;
    }
  }

  /**
   * Replaces the state of some logs, all or none, durably. Refuses `store-failed`, also if the database does not hold
   * what is expected. The state is then read again, because either version may be stored.
   */
  commit(changes: readonly Held[]): void {
    try {
      this.#db.transaction(() => {
        this.#step('begun');
        for (const change of changes) this.#put(change);
      })();
      this.#step('stored');
      this.#guard.raise(changes);
    } catch (cause) {
      this.#load();
      for (const { origin } of changes) this.#withhold(origin);
      throw refuse('store-failed', `the witness could not store it: ${String(cause)}`, { cause });
    }
    for (const change of changes) this.held.set(change.origin, change);
    this.#step('guarded');
  }

  /** Stops cosigning a log, or resumes it (`why` is empty). */
  halt(origin: string, why: string): void {
    const held = this.held.get(origin);
    if (held !== undefined) this.commit([{ ...held, halted: why }]);
  }

  /** Forgets a log: if it is listed again, its first checkpoint is accepted without a consistency proof. */
  forget(origin: string): void {
    this.#guard.forget(origin);
    this.#db.prepare('DELETE FROM log WHERE origin = ?').run(origin);
    this.held.delete(origin);
  }

  close(): void {
    this.#db.close();
    this.#guard.close();
  }

  /** Compares with what is stored before it writes, to find changes by anything else. */
  #put(change: Held): void {
    const { origin, size, root, time, signed, keys, halted } = change;
    const before = this.held.get(origin);
    const note = signed && formatNote(signed.text, [...signed.lines, ...signed.cosignatures]);
    const lines = signed?.lines.length ?? 0;
    const row = { origin, size, root, time, note: note ?? null, lines, keys, halted };
    const { changes } =
      before === undefined
        ? this.#insert.run(row)
        : this.#update.run({ ...row, wasSize: before.size, wasRoot: before.root });
    if (changes !== 1) throw new Error(`the state of ${origin} was changed by somebody else`);
  }

  /**
   * Cosignatures that may be in the database and not in the guard must not be sent. They are made again for the next
   * request.
   */
  #withhold(origin: string): void {
    const held = this.held.get(origin);
    if (held?.signed !== undefined)
      this.held.set(origin, { ...held, signed: { ...held.signed, cosignatures: [] } });
  }

  #load(): void {
    const rows: unknown[] = this.#db.prepare('SELECT * FROM log').all();
    this.held.clear();
    for (const row of rows.filter(isRow)) {
      const held = heldOf(row);
      this.held.set(held.origin, held);
    }
  }

  /** Checks that guard and database agree; the database may know of more. */
  #compare(isNew: boolean, { onWarning }: StateOptions): void {
    const guarded = this.#guard.read();
    if (isNew && guarded.size > 0) {
      onWarning?.(`there is no state; going on from the ${guarded.size} heads in the guard`);
      this.commit(
        Array.from(guarded, ([origin, head]) => ({
          ...head,
          origin,
          signed: undefined,
          keys: '',
          halted: '',
        })),
      );
    }
    for (const [origin, head] of guarded) {
      const held = this.held.get(origin);
      if (held === undefined || !covers(held, head)) throw behind(origin, head, held);
    }
    // After a crash between the two commits, the cosignatures in the database may be sent once the guard has them.
    this.#guard.raise([...this.held.values()]);
  }
}

function heldOf(row: Columns): Held {
  const note = blobOrNull(row, 'note');
  const count = number(row, 'lines');
  const parsed = note && parseNote(note);
  return {
    ...headOf(row),
    origin: text(row, 'origin'),
    signed: parsed && {
      text: parsed.text,
      lines: parsed.lines.slice(0, count),
      cosignatures: parsed.lines.slice(count),
    },
    keys: text(row, 'keys'),
    halted: text(row, 'halted'),
  };
}

function covers(held: GuardedHead, head: GuardedHead): boolean {
  if (held.time < head.time) return false;
  return held.size > head.size || (held.size === head.size && equalBytes(held.root, head.root));
}

function behind(origin: string, head: GuardedHead, held: GuardedHead | undefined): Error {
  const has = held === undefined ? 'nothing' : `size ${held.size}`;
  return refuse(
    'behind-signed-head',
    `the state holds ${has} of ${origin}, but size ${head.size} was cosigned: an old witness.db was restored. ` +
      'Put the newest one back, or move witness.db away to go on from the guard (spec/witness.md)',
  );
}

function ended(name: string, state: string, guard: string): Error {
  return refuse(
    'behind-signed-head',
    `${state} and the guard ${guard} are both gone: what ${name} has cosigned is forgotten, and with its keys it could ` +
      'cosign a second history. Put one of them back, or begin a new witness: another name, another directory, new keys',
    { remedy: { name: true, witnessDir: true } },
  );
}

function guardGone(path: string): Error {
  return refuse(
    'behind-signed-head',
    `the guard ${path} is gone, and without it an old state could not be told: put it back, or, if witness.db is ` +
      'certainly the newest there was, have the guard made from it once (spec/witness.md)',
    { remedy: { rebuildGuard: true } },
  );
}
