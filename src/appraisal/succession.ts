/**
 * Which commitment of a subject is in force: a fold over its declarations, withdrawals and approvals in log order
 * (spec/status.md, "The commitment that counts"). The state of the fold does not grow with the subject, so a monitor
 * can store it and continue later; readers and agents run the same fold over the entries that they have.
 *
 * The log admits a commitment statement only if it names the one before it in `supersedes`. A declaration that takes
 * effect therefore ends every earlier one.
 */

/** The parts of a commitment statement that its place in the succession depends on. */
export interface Step {
  /** Entry id, hex. */
  readonly id: string;
  /** Thumbprint of its author's key. */
  readonly author: string;
  /** Approvals that the declaration asks for; 0 for a withdrawal. */
  readonly asks: number;
  /** Entry id of the declaration that it withdraws; undefined for a declaration. */
  readonly withdraws?: string | undefined;
  /**
   * True if its author's key was revoked from this entry or an earlier one on: the statement keeps its place and has no
   * effect.
   */
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

/** What an entry changed: `none`; an approval `counted`; or the newest statement became `effective`. */
export type Effect = 'none' | 'counted' | 'effective';

export class Succession<S extends Step> {
  #inForce: S | undefined;
  #newest: Newest<S> | undefined;

  constructor(inForce?: S, newest?: Newest<S>) {
    this.#inForce = inForce;
    this.#newest = newest;
  }

  /** The declaration in force. */
  get inForce(): S | undefined {
    return this.#inForce;
  }

  /** The newest commitment statement, in force or not. Only approvals of this one count. */
  get newest(): Newest<S> | undefined {
    return this.#newest;
  }

  /** The newest statement, if it still lacks approvals; a statement of a revoked key never gets them. */
  get pending(): Newest<S> | undefined {
    const newest = this.#newest;
    return newest === undefined || newest.isEffective || newest.step.revoked === true ? undefined : newest;
  }

  /** A commitment statement was logged. */
  commit(step: S): Effect {
    this.#newest = { step, needed: this.#neededBy(step), by: [], isEffective: false };
    return this.#settle('none');
  }

  /**
   * An approval was logged. It changes nothing if it approves an older statement, comes from the author's own key, or
   * repeats an approval of the same key.
   */
  approve(id: string, kid: string): Effect {
    const newest = this.#newest;
    if (newest?.step.id !== id || newest.step.author === kid || newest.by.includes(kid)) return 'none';
    this.#newest = { ...newest, by: [...newest.by, kid] };
    return this.#settle('counted');
  }

  /**
   * Approvals that a statement needs: the larger of the number it asks for and the number that the commitment in force
   * asks for. A pending commitment's number does not count; else one author could lock a subject with it. A withdrawal
   * of a commitment that is not in force changes nothing, and needs none.
   */
  #neededBy({ asks, withdraws }: S): number {
    const inForce = this.#inForce;
    if (withdraws !== undefined && withdraws !== inForce?.id) return 0;
    return Math.max(asks, inForce?.asks ?? 0);
  }

  /**
   * Applies the newest statement if it has its approvals. A withdrawal ends only the declaration that it names; an
   * earlier declaration does not return.
   */
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
