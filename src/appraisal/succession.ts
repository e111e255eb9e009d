/**
 * Which commitment of a subject is in force: a fold over its commitments, withdrawals and approvals, in the order of the
 * log (spec/status.md, "The commitment that counts"). What is kept does not grow with the subject, so that a monitor
 * stores it and goes on; readers and agents fold the entries they have with the same code.
 *
 * The log keeps that each commitment statement names the one before it in `supersedes`. So a declaration that takes
 * effect has reached, and ends, everything before it.
 */

/** A commitment statement, as far as its place in the order goes. */
export interface Step {
  /** Entry id, hex. */
  readonly id: string;
  /** Thumbprint of its author's key. */
  readonly author: string;
  /** Approvals that it asks for itself; 0 of a withdrawal. */
  readonly asks: number;
  /** Entry id of what it takes back; undefined for a declaration. */
  readonly withdraws?: string | undefined;
  /** Its author's key was revoked from an entry that is not after it: it has its place, and no effect. */
  readonly revoked?: boolean;
}

/** The newest commitment statement. */
export interface Newest<S extends Step> {
  readonly step: S;
  /** Approvals that it needs to take effect. */
  readonly needed: number;
  /** Keys that approved it. */
  readonly by: readonly string[];
  readonly isEffective: boolean;
}

/** What an entry changed: nothing; an approval counts; or the newest statement takes effect. */
export type Effect = 'none' | 'counted' | 'effective';

export class Succession<S extends Step> {
  #inForce: S | undefined;
  #newest: Newest<S> | undefined;

  constructor(inForce?: S, newest?: Newest<S>) {
    this.#inForce = inForce;
    this.#newest = newest;
  }

  /** The declaration that counts. */
  get inForce(): S | undefined {
    return this.#inForce;
  }

  /** The last commitment statement, whether it counts or not: approvals are taken of it alone. */
  get newest(): Newest<S> | undefined {
    return this.#newest;
  }

  /** The newest statement, where it still lacks approvals. */
  get pending(): Newest<S> | undefined {
    const newest = this.#newest;
    return newest === undefined || newest.isEffective || newest.step.revoked === true ? undefined : newest;
  }

  /** A commitment statement was logged. */
  commit(step: S): Effect {
    this.#newest = { step, needed: this.#neededBy(step), by: [], isEffective: false };
    return this.#settle('none');
  }

  /** An approval was logged. One of another statement than the newest counts nothing, nor a second one by a key, nor the author's. */
  approve(id: string, kid: string): Effect {
    const newest = this.#newest;
    if (newest?.step.id !== id || newest.step.author === kid || newest.by.includes(kid)) return 'none';
    this.#newest = { ...newest, by: [...newest.by, kid] };
    return this.#settle('counted');
  }

  /**
   * The larger of its own number and that of the commitment in force, never of a pending one: else one author could lock
   * a subject. Who takes back what is not in force takes nothing from anybody, and needs none.
   */
  #neededBy({ asks, withdraws }: S): number {
    const inForce = this.#inForce;
    if (withdraws !== undefined && withdraws !== inForce?.id) return 0;
    return Math.max(asks, inForce?.asks ?? 0);
  }

  /** A withdrawal ends what it takes back and nothing else; what was ended before stays ended. */
  #settle(otherwise: Effect): Effect {
    const newest = this.pending;
    if (newest === undefined || newest.by.length < newest.needed) return otherwise;
    this.#newest = { ...newest, isEffective: true };
    const { step } = newest;
    if (step.withdraws === undefined) this.#inForce = step;
    else if (step.withdraws === this.#inForce?.id) this.#inForce = undefined;
    return 'effective';
  }
}
