/**
 * Destroys stored observations of an agent by rules. Without a rule nothing is destroyed. A rule is announced in the log first, in
 * a notice `retention` (spec/statements.md §6). So a later reader knows why an observation cannot be opened, and could have
 * objected before. Proofs, receipts and chains are never destroyed.
 */
import type Database from 'better-sqlite3';
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import type { LogPort } from '../client/log-port.ts';
import { encodeNotice } from '../statement/payload.ts';
import { parseStatement } from '../statement/parse.ts';
import { signOwn } from '../statement/sign.ts';
import { isRow, rowsOf, type Columns } from '../platform/rows.ts';
import type { SigningIdentity } from './draft.ts';
import { number, numberOrNull, text } from './rows.ts';

/** The rule in force for a subject. Times: POSIX seconds. */
export interface RetentionRule {
  readonly subject: string;
  /** Where the notice is in the log. */
  readonly index: number;
  /** Observations older than this many seconds are destroyed; undefined for a hold: nothing is. */
  readonly age: number | undefined;
  /** Nothing is destroyed under this rule before this time. */
  readonly from: number;
}

/** A rule that is to be announced. */
export interface NewRule extends Pick<RetentionRule, 'age' | 'from'> {
  readonly subjects: readonly string[];
  readonly reason: string;
}

/** Seconds between two rounds of a running agent. */
export const PRUNE_EVERY = 3_600;

/** The rules of an agent, and what they destroy. */
export class Retention {
  readonly #db: Database.Database;
  #nextRound = 0;

  constructor(db: Database.Database) {
    this.#db = db;
    // What is destroyed is overwritten in the file, and not only marked as free.
    db.pragma('secure_delete = ON');
  }

  rules(): readonly RetentionRule[] {
    return rowsOf(this.#db.prepare('SELECT * FROM retention ORDER BY subject').all()).map(ruleOf);
  }

  /** Puts a rule in force, in place of the one before. */
  set({ subject, index, age, from }: RetentionRule): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO retention VALUES (?, ?, ?, ?)')
      .run(subject, index, age ?? null, from);
  }

  /** How many observations of logged proofs the rules allow to destroy at a time. */
  due(now: number): number {
    const count = this.#db.prepare(`SELECT count(*) AS n ${DUE}`);
    return this.rules().reduce((sum, rule) => {
      const row = count.get(...boundsOf(rule, now));
      return sum + (isRow(row) ? number(row, 'n') : 0);
    }, 0);
  }

  /**
   * Destroys what the rules say, at most once an hour, or at once if `force` is set. Resolves to how many. The
   * observations of a proof that is not logged yet stay.
   */
  prune(now: number, force = false): number {
    if (!force && now < this.#nextRound) return 0;
    this.#nextRound = now + PRUNE_EVERY;
    const clear = this.#db.prepare(
      `UPDATE proof SET observed = x'', pruned = ? WHERE n IN (SELECT n ${DUE})`,
    );
    const rules = this.rules().filter(({ age }) => age !== undefined);
    if (rules.length === 0) return 0;
    const pruned = this.#db
      .transaction(() =>
        rules.reduce((sum, rule) => sum + clear.run(rule.index, ...boundsOf(rule, now)).changes, 0),
      )
      .immediate();
    // Until a checkpoint, the write-ahead log still has pages with the destroyed observations.
    if (pruned > 0) this.#db.pragma('wal_checkpoint(TRUNCATE)');
    return pruned;
  }
}

/** Proofs of a subject that are logged, not pruned, and ended before a time. */
const DUE = 'FROM proof WHERE subject = ? AND ended < ? AND idx IS NOT NULL AND pruned IS NULL';

function boundsOf({ subject, age, from }: RetentionRule, now: number): readonly [string, number] {
  return [subject, age === undefined || now < from ? 0 : now - age];
}

function ruleOf(row: Columns): RetentionRule {
  return {
    subject: text(row, 'subject'),
    index: number(row, 'idx'),
    age: numberOrNull(row, 'age'),
    from: number(row, 'starts'),
  };
}

/**
 * Announces a rule for each subject, and puts it in force once the log has it. Refuses what the log refuses; subjects
 * before that one have their rule by then. `onLogged` is told of each.
 */
export async function announceRetention(
  {
    log,
    retention,
    signing,
  }: { readonly log: LogPort; readonly retention: Retention; readonly signing: SigningIdentity },
  { subjects, age, from, reason }: NewRule,
  onLogged: (rule: RetentionRule) => void = () => undefined,
): Promise<void> {
  if (subjects.length === 0)
    throw refuse('not-found', 'this agent has logged no proof, so there is nothing to retain');
  const { origin, size, root } = await log.head();
  for (const subject of subjects) {
    const payload = encodeNotice({
      topic: 'retention',
      checkpoint: { origin, size, root },
      prune: age === undefined ? [] : [{ what: 'observations', age }],
      from,
      reason,
    });
    const { issuer, signer } = signing;
    const statement = await signOwn(
      { kind: 'notice', log: origin, issuer, subject, confirm: true },
      payload,
      signer,
    );
    const { index, entry } = await log.submit(statement);
    assertSame(statement, entry);
    const rule = { subject, index, age, from };
    retention.set(rule);
    onLogged(rule);
  }
}

/** The log may have the notice in the other spelling of its signature: what it says is the same. */
function assertSame(statement: Uint8Array, entry: Uint8Array): void {
  const [ours, logged] = [parseStatement(statement), parseStatement(entry)];
  if (ours.kid === logged.kid && equalBytes(ours.statement.payload, logged.statement.payload)) return;
  throw refuse(
    'proof-failed',
    'the log answered with another entry than the notice; nothing will be destroyed',
  );
}
