/**
 * How many statements are accepted in a window: of an address, of a key, and of a key about one subject. Each statement
 * of a batch counts. Statements over the limit are refused before any signature is checked.
 *
 * The key that a header names is not verified at that point. So the counts of a key grow only by statements that were
 * *logged*: their signature was checked, and they were new. A stranger who names somebody else's key, or submits what
 * that key once signed, uses up only the rate of their own address. And one key never uses up another's rate about a
 * subject.
 */
import { headerMemo } from '../cose/header-memo.ts';
import { decodeStatement } from '../cose/statement.ts';
import { formatHex } from '../bytes/text.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { Outcome } from '../log/ports.ts';

/** Statements a window; 0: no limit. */
export interface StatementRates {
  readonly address: number;
  readonly key: number;
  readonly subject: number;
}

/** Names that are counted at once. Beyond, all counts start anew: a client with so many names can evade rates anyway. */
const MOST_NAMES = 100_000;

/** Counts by name in windows of fixed length. */
class Counter {
  readonly #most: number;
  readonly #counts = new Map<string, number>();
  #over = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Whether the count has reached the limit. It may exceed it: a batch is taken whole if anything was left. */
  isOver(name: string): boolean {
    return this.#most > 0 && (this.#counts.get(name) ?? 0) >= this.#most;
  }

  /** Whether any name has reached the limit; if none has, statements need not be read for their names. */
  get isAnyOver(): boolean {
    return this.#over > 0;
  }

  add(name: string, count: number): void {
    if (this.#most === 0) return;
    if (this.#counts.size >= MOST_NAMES && !this.#counts.has(name)) this.clear();
    const before = this.#counts.get(name) ?? 0;
    this.#counts.set(name, before + count);
    if (before < this.#most && before + count >= this.#most) this.#over++;
  }

  clear(): void {
    this.#counts.clear();
    this.#over = 0;
  }
}

interface Signed {
  readonly kid: string;
  readonly subject: string;
}

export class Rates {
  readonly #rates: StatementRates;
  readonly #windowMs: number;
  readonly #now: () => number;
  readonly #addresses: Counter;
  readonly #keys: Counter;
  readonly #subjects: Counter;
  readonly #readHeaders = headerMemo();
  readonly #isOff: boolean;
  #began = -Infinity;

  /** `now`: milliseconds. */
  constructor(rates: StatementRates, windowMs: number, now: () => number) {
    this.#rates = rates;
    this.#isOff = rates.address === 0 && rates.key === 0 && rates.subject === 0;
    this.#windowMs = windowMs;
    this.#now = now;
    this.#addresses = new Counter(rates.address);
    this.#keys = new Counter(rates.key);
    this.#subjects = new Counter(rates.subject);
  }

  /**
   * Counts statements for their address, before anything of them is checked. Refuses all of them as `rate-limited` if the
   * address, or a key that one of them names, has reached its limit; `retryAfter` says when the window ends.
   */
  take(address: string, statements: readonly Uint8Array[]): void {
    if (this.#isOff) return;
    this.#turn();
    if (this.#addresses.isOver(address)) throw this.#refusal('from one address', this.#rates.address);
    if (this.#keys.isAnyOver || this.#subjects.isAnyOver)
      for (const statement of statements) {
        const signed = this.#read(statement);
        if (signed === undefined) continue;
        if (this.#keys.isOver(signed.kid)) throw this.#refusal('of one key', this.#rates.key);
        if (this.#subjects.isOver(pairOf(signed)))
          throw this.#refusal('of one key about one subject', this.#rates.subject);
      }
    this.#addresses.add(address, statements.length);
  }

  /** Counts the statements that were new in the log for their keys. */
  logged(statements: readonly Uint8Array[], outcomes: readonly Outcome[]): void {
    if (this.#rates.key === 0 && this.#rates.subject === 0) return;
    this.#turn();
    for (const [i, outcome] of outcomes.entries()) {
      const statement = statements[i];
      if (statement === undefined || outcome.kind !== 'logged' || outcome.duplicate) continue;
      const signed = this.#read(statement);
      if (signed === undefined) continue;
      this.#keys.add(signed.kid, 1);
      this.#subjects.add(pairOf(signed), 1);
    }
  }

  /** Whole seconds until the window ends. */
  get retryAfter(): number {
    return Math.max(1, Math.ceil((this.#began + this.#windowMs - this.#now()) / 1_000));
  }

  #turn(): void {
    const now = this.#now();
    // A clock that was set back begins a new window too.
    if (now >= this.#began && now < this.#began + this.#windowMs) return;
    this.#began = now;
    for (const each of [this.#addresses, this.#keys, this.#subjects]) each.clear();
  }

  /** Undefined if it is no statement; the log refuses it later and says why. */
  #read(statement: Uint8Array): Signed | undefined {
    try {
      const { kid, subject } = decodeStatement(statement, undefined, this.#readHeaders);
      return { kid: formatHex(kid), subject };
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }

  #refusal(what: string, most: number): Refusal {
    return refuse(
      'rate-limited',
      `Only ${most} statements ${what} are taken in ${this.#windowMs / 1_000} seconds; nothing was logged.`,
    );
  }
}

function pairOf({ kid, subject }: Signed): string {
  return `${kid} ${subject}`;
}
