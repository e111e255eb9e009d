/**
 * Proofs between being signed and being logged. A proof is stored, and its place in the chain taken, in one step
 * before it is sent; so a crash anywhere loses nothing, uses no number twice and leaves no gap. Two processes may
 * work on one spool: the place is taken by compare-and-swap.
 */
import type Database from 'better-sqlite3';
import { entryId, type EntryId } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import type { Attachment } from '../claim/observed.ts';
import type { Result } from '../statement/proof.ts';
import { isRow, rowsOf, type Columns } from '../platform/rows.ts';
import { blob, number, text } from './rows.ts';

/** The newest link of a chain. `ended`: when what it says ended, POSIX seconds. */
export interface Link {
  readonly seq: number;
  readonly id: EntryId;
  readonly ended: number;
}

/** A proof to be stored. */
export interface Signed {
  readonly kid: string;
  readonly subject: string;
  readonly seq: number;
  readonly id: EntryId;
  /** Entry id of the commitment. */
  readonly commitment: string;
  readonly statement: Uint8Array;
  readonly started: number;
  readonly ended: number;
  readonly nextDue: number;
  readonly results: readonly Result[];
  /** What opens its observations later (observed.ts). */
  readonly observed: Uint8Array;
  /** Evidence that the entry names by digest; by that digest, hex. */
  readonly kept: ReadonlyMap<string, Attachment>;
}

/** A stored proof that the log does not have yet, as far as is known. */
export interface Waiting {
  readonly n: number;
  readonly kid: string;
  readonly subject: string;
  readonly seq: number;
  readonly id: EntryId;
  readonly statement: Uint8Array;
  readonly ended: number;
}

/** The bytes of a proof, and their entry id. */
export interface Spelled {
  readonly id: EntryId;
  readonly statement: Uint8Array;
}

/** When a claim was last proven. */
export interface ProvenAt {
  readonly started: number;
  readonly ended: number;
  /** Number of the newest slot that it was proven in; undefined before the first. */
  readonly slot: number | undefined;
  readonly verdict: string;
}

/** Proofs that may wait. More are not made: what is lost then is loud, and nothing that was signed. */
export const MAX_WAITING = 10_000;

export class Spool {
  readonly #db: Database.Database;

  constructor(db: Database.Database) {
    this.#db = db;
  }

  /** The newest link of a chain, whether logged or not. */
  link(kid: string, subject: string): Link | undefined {
    const row = this.#db
      .prepare('SELECT seq, id, ended FROM chain WHERE kid = ? AND subject = ?')
      .get(kid, subject);
    if (!isRow(row)) return undefined;
    return { seq: number(row, 'seq'), id: entryId(text(row, 'id')), ended: number(row, 'ended') };
  }

  /**
   * Stores a proof as the link after `last`, durably. False, and nothing is done, when another process took that
   * place meanwhile. Refuses `store-failed` when too many wait.
   */
  append(proof: Signed, last: Link | undefined): boolean {
    return this.#db
      .transaction(() => {
        if (this.link(proof.kid, proof.subject)?.id !== last?.id) return false;
        if (this.waitingCount() >= MAX_WAITING) throw full();
        this.#insert(proof);
        return true;
      })
      .immediate();
  }

  #insert(proof: Signed): void {
    const { kid, subject, seq, id, commitment, statement, started, ended, nextDue, observed } = proof;
    this.#db
      .prepare(
        `INSERT INTO proof (kid, subject, seq, id, commitment, statement, ended, next_due, observed)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(kid, subject, seq, id, commitment, statement, ended, nextDue, observed);
    this.#setLink(kid, subject, { seq, id, ended });
    const keep = this.#db.prepare('INSERT OR IGNORE INTO kept VALUES (?, ?, ?)');
    for (const [digest, { mediaType, data }] of proof.kept) keep.run(digest, mediaType, data);
    const prove = this.#db.prepare(
      `INSERT INTO proven VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET started = excluded.started,
        ended = excluded.ended, slot = coalesce(excluded.slot, slot), verdict = excluded.verdict`,
    );
    for (const { claim, slot, verdict } of proof.results)
      prove.run(kid, commitment, claim, started, ended, slot?.number ?? null, verdict);
  }

  #setLink(kid: string, subject: string, { seq, id, ended }: Link): void {
    this.#db.prepare('INSERT OR REPLACE INTO chain VALUES (?, ?, ?, ?, ?)').run(kid, subject, seq, id, ended);
  }

  /** What waits for delivery, oldest first. */
  waiting(): readonly Waiting[] {
    return rowsOf(
      this.#db.prepare('SELECT * FROM proof WHERE idx IS NULL AND dropped = 0 ORDER BY n').all(),
    ).map(waitingOf);
  }

  /** One of those, as it is now. */
  waitingAt(n: number): Waiting | undefined {
    const row = this.#db.prepare('SELECT * FROM proof WHERE n = ? AND idx IS NULL AND dropped = 0').get(n);
    return isRow(row) ? waitingOf(row) : undefined;
  }

  waitingCount(): number {
    const row = this.#db.prepare('SELECT count(*) AS n FROM proof WHERE idx IS NULL AND dropped = 0').get();
    return isRow(row) ? number(row, 'n') : 0;
  }

  /** The log has it: its index, and the verified receipt. */
  delivered(n: number, index: number, receipt: Uint8Array): void {
    this.#db
      .prepare('UPDATE proof SET idx = ?, receipt = ?, refused = NULL WHERE n = ?')
      .run(index, receipt, n);
  }

  /**
   * The log has a waiting proof by another id than it was stored with; what of the chain waits behind it is replaced by
   * `next`, in order, which continue from that id. False, and nothing is done, when other proofs wait by now.
   */
  relink(
    { n, kid, subject }: Waiting,
    logged: Spelled,
    next: readonly (Spelled & { readonly n: number })[],
  ): boolean {
    return this.#db
      .transaction(() => {
        const behind = this.waiting().filter(
          (each) => each.n > n && each.kid === kid && each.subject === subject,
        );
        if (behind.length !== next.length || behind.some((each, i) => each.n !== next[i]?.n)) return false;
        const put = this.#db.prepare('UPDATE proof SET id = ?, statement = ? WHERE n = ?');
        put.run(logged.id, logged.statement, n);
        for (const each of next) put.run(each.id, each.statement, each.n);
        const { id } = next.at(-1) ?? logged;
        this.#db.prepare('UPDATE chain SET id = ? WHERE kid = ? AND subject = ?').run(id, kid, subject);
        return true;
      })
      .immediate();
  }

  /** The log would not take it; it stays, and is sent again. */
  refused(n: number, why: string): void {
    this.#db.prepare('UPDATE proof SET refused = ? WHERE n = ?').run(why, n);
  }

  /** Whether a proof of ours has this entry id. */
  has(id: EntryId): boolean {
    return this.#db.prepare('SELECT 1 FROM proof WHERE id = ?').get(id) !== undefined;
  }

  /**
   * Goes on after a link that is not ours: proofs of the chain that wait are set aside (they stay in the file), since
   * the log can never take them.
   */
  adopt(kid: string, subject: string, link: Link): number {
    return this.#db
      .transaction(() => {
        const { changes } = this.#db
          .prepare(
            'UPDATE proof SET dropped = 1 WHERE kid = ? AND subject = ? AND idx IS NULL AND dropped = 0',
          )
          .run(kid, subject);
        this.#db
          .prepare('UPDATE proof SET dropped = 1 WHERE kid = ? AND subject = ? AND seq > ? AND dropped = 0')
          .run(kid, subject, link.seq);
        this.#setLink(kid, subject, link);
        return changes;
      })
      .immediate();
  }

  /** When each claim of a commitment was last proven with this key. */
  proven(kid: string, commitment: string): ReadonlyMap<string, ProvenAt> {
    const rows = this.#db
      .prepare('SELECT * FROM proven WHERE kid = ? AND commitment = ?')
      .all(kid, commitment);
    return new Map(
      rowsOf(rows).map((row) => [
        text(row, 'claim'),
        {
          started: number(row, 'started'),
          ended: number(row, 'ended'),
          slot: row['slot'] === null ? undefined : number(row, 'slot'),
          verdict: text(row, 'verdict'),
        },
      ]),
    );
  }

  /** What opens the observations of a proof; undefined for one that is not here. */
  observed(id: EntryId): { readonly statement: Uint8Array; readonly observed: Uint8Array } | undefined {
    const row = this.#db.prepare('SELECT statement, observed FROM proof WHERE id = ?').get(id);
    return isRow(row) ? { statement: blob(row, 'statement'), observed: blob(row, 'observed') } : undefined;
  }

  /** Evidence by its digest, hex. */
  kept(digest: string): Attachment | undefined {
    const row = this.#db.prepare('SELECT media, data FROM kept WHERE digest = ?').get(digest);
    return isRow(row) ? { mediaType: text(row, 'media'), data: blob(row, 'data') } : undefined;
  }
}

function waitingOf(row: Columns): Waiting {
  return {
    n: number(row, 'n'),
    kid: text(row, 'kid'),
    subject: text(row, 'subject'),
    seq: number(row, 'seq'),
    id: entryId(text(row, 'id')),
    statement: blob(row, 'statement'),
    ended: number(row, 'ended'),
  };
}

function full(): Error {
  return refuse(
    'store-failed',
    `${MAX_WAITING} proofs wait for the log; nothing more is proven until it takes them`,
  );
}
