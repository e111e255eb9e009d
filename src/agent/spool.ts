/**
 * Stores proofs from when they are signed until they are logged. One transaction stores a proof and takes its place in
 * the chain, before the proof is sent. A crash at any moment therefore loses no proof, uses no number twice and leaves
 * no gap. Two processes may use one spool: a place is taken by compare-and-swap.
 */
import type Database from 'better-sqlite3';
import { entryId, type EntryId } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import type { Attachment } from '../claim/observed.ts';
import type { Result } from '../statement/proof.ts';
import { isRow, rowsOf, type Columns } from '../platform/rows.ts';
import { blob, number, numberOrNull, text } from './rows.ts';

/** The newest link of a chain. `ended`: end of the proof's window, POSIX seconds. */
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
  /** Attachments that the entry names by digest, by that digest in hex. */
  readonly kept: ReadonlyMap<string, Attachment>;
}

/** A stored proof that is not known to be logged. */
export interface Waiting {
  readonly n: number;
  readonly kid: string;
  readonly subject: string;
  readonly seq: number;
  readonly id: EntryId;
  readonly statement: Uint8Array;
  readonly ended: number;
}

/** A stored proof, with what opens its observations. */
export interface Stored extends Omit<Waiting, 'n'> {
  /** Where it is in the log; undefined if it is not known to be logged. */
  readonly index: number | undefined;
  /** What opens its observations (observed.ts); empty if they were pruned. */
  readonly observed: Uint8Array;
  /** Index of the rule of retention by which the observations were pruned; undefined if they were not. */
  readonly pruned: number | undefined;
}

/** The bytes of a proof, and their entry id. */
export interface Spelled {
  readonly id: EntryId;
  readonly statement: Uint8Array;
}

/** The times of a claim's last proof. */
export interface ProvenAt {
  readonly started: number;
  readonly ended: number;
  /** Number of the newest slot in which it was proven; undefined before the first. */
  readonly slot: number | undefined;
  readonly verdict: string;
}

/**
 * Most unsent proofs. When full, no new proof is made, so claims go STALE, which monitors report; signed proofs are
 * never dropped.
 */
export const MAX_WAITING = 10_000;

export class Spool {
  readonly #db: Database.Database;

  constructor(db: Database.Database) {
    this.#db = db;
  }

  /** The newest link of a chain, logged or not. */
  link(kid: string, subject: string): Link | undefined {
    const row = this.#db
      .prepare('SELECT seq, id, ended FROM chain WHERE kid = ? AND subject = ?')
      .get(kid, subject);
    if (!isRow(row)) return undefined;
    return { seq: number(row, 'seq'), id: entryId(text(row, 'id')), ended: number(row, 'ended') };
  }

  /**
   * Stores a proof as the link after `last`, durably. Returns false and changes nothing if another process took that
   * place. Refuses `store-failed` if too many proofs wait.
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

  /** The proofs that wait for delivery, oldest first. */
  waiting(): readonly Waiting[] {
    return rowsOf(
      this.#db.prepare('SELECT * FROM proof WHERE idx IS NULL AND dropped = 0 ORDER BY n').all(),
    ).map(waitingOf);
  }

  /** The waiting proof of number `n`, as it is now; undefined if it does not wait any more. */
  waitingAt(n: number): Waiting | undefined {
    const row = this.#db.prepare('SELECT * FROM proof WHERE n = ? AND idx IS NULL AND dropped = 0').get(n);
    return isRow(row) ? waitingOf(row) : undefined;
  }

  waitingCount(): number {
    const row = this.#db.prepare('SELECT count(*) AS n FROM proof WHERE idx IS NULL AND dropped = 0').get();
    return isRow(row) ? number(row, 'n') : 0;
  }

  /** Records that the log has the proof: its index, and the verified receipt. */
  delivered(n: number, index: number, receipt: Uint8Array): void {
    this.#db
      .prepare('UPDATE proof SET idx = ?, receipt = ?, refused = NULL WHERE n = ?')
      .run(index, receipt, n);
  }

  /**
   * Records that the log has a waiting proof under another id than it was stored with, and replaces the proofs of the
   * chain that wait behind it by `next`, in order, which continue from that id. Returns false and changes nothing if
   * other proofs wait by now.
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

  /** Records why the log refused a proof. It stays, and is sent again. */
  refused(n: number, why: string): void {
    this.#db.prepare('UPDATE proof SET refused = ? WHERE n = ?').run(why, n);
  }

  /** Whether this spool made the proof with this entry id. */
  has(id: EntryId): boolean {
    return this.#db.prepare('SELECT 1 FROM proof WHERE id = ?').get(id) !== undefined;
  }

  /**
   * Continues a chain after a link that was not made here. Proofs of the chain that wait are marked as dropped, since
   * the log can never take them; they stay in the file.
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

  /** When each claim of a commitment was last proven with this key, by claim id. */
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

  /** A proof by its entry id; undefined if it is not here. */
  storedById(id: string): Stored | undefined {
    const row = this.#db.prepare('SELECT * FROM proof WHERE id = ? AND dropped = 0').get(id);
    return isRow(row) ? storedOf(row) : undefined;
  }

  /** The proofs with a number in their chain: of one subject, or of all. */
  storedBySeq(seq: number, subject: string | undefined): readonly Stored[] {
    return rowsOf(
      this.#db
        .prepare(
          'SELECT * FROM proof WHERE seq = ? AND dropped = 0 AND subject = coalesce(?, subject) ORDER BY n',
        )
        .all(seq, subject ?? null),
    ).map(storedOf);
  }

  /** The subjects that it has proofs of. */
  subjects(): readonly string[] {
    return rowsOf(this.#db.prepare('SELECT DISTINCT subject FROM chain ORDER BY subject').all()).map((row) =>
      text(row, 'subject'),
    );
  }

  /** An attachment by its digest, hex. */
  kept(digest: string): Attachment | undefined {
    const row = this.#db.prepare('SELECT media, data FROM kept WHERE digest = ?').get(digest);
    return isRow(row) ? { mediaType: text(row, 'media'), data: blob(row, 'data') } : undefined;
  }
}

function storedOf(row: Columns): Stored {
  return {
    ...waitingOf(row),
    index: numberOrNull(row, 'idx'),
    observed: blob(row, 'observed'),
    pruned: numberOrNull(row, 'pruned'),
  };
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
