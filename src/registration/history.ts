/**
 * The registration policies of a log, one after another: which one was in force at each index, and so who could
 * say what there (spec/statements.md §7).
 */
import type { EntryId } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { assertOnce } from '../statement/once.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import { admit, assertSigned, NO_FACTS } from './admit.ts';
import type { InForce, Rules } from './rules.ts';

/** An entry that may be a registration policy, shown to be in the log. */
export interface PolicyEntry {
  readonly index: number;
  readonly id: EntryId;
  readonly parsed: ParsedStatement;
}

export class PolicyHistory {
  readonly #origin: string;
  readonly #steps: readonly InForce[];

  private constructor(origin: string, steps: readonly InForce[]) {
    this.#origin = origin;
    this.#steps = steps;
  }

  /**
   * Replays policy entries in the order of the log, entry 0 first. Refuses `not-found` when entry 0 is not among
   * them, `proof-failed` for an entry that is no policy or is there twice, and what `assertSigned` and `admit` refuse.
   */
  static of(origin: string, entries: readonly PolicyEntry[], verify?: VerifySignature): PolicyHistory {
    if (entries[0]?.index !== 0)
      throw refuse(
        'not-found',
        'the log does not begin with a registration policy: nobody could say anything',
      );
    assertOnce(entries);
    const steps: InForce[] = [];
    for (const { index, id, parsed } of entries) {
      const rules = { origin, inForce: steps.at(-1) };
      if (parsed.kind !== 'policy')
        throw refuse('proof-failed', `entry ${index} is no registration policy; do not rely on the search`);
      assertSigned(rules, parsed, verify);
      const { policy } = admit(rules, parsed, NO_FACTS, undefined);
      if (policy === undefined) throw new Error('a policy was admitted and does not apply');
      steps.push({ policy, index, id, entry: parsed.entry });
    }
    return new PolicyHistory(origin, steps);
  }

  /** What an entry was admitted by. */
  rulesAt(index: number): Rules {
    return { origin: this.#origin, inForce: this.#steps.findLast((each) => each.index < index) };
  }

  /** The policy that an entry was admitted under; of entry 0, its own. */
  before(index: number): Policy {
    return this.#must(this.rulesAt(Math.max(1, index)).inForce).policy;
  }

  /** The rules that the next entry is judged by. */
  get rules(): Rules {
    return { origin: this.#origin, inForce: this.newest };
  }

  get newest(): InForce {
    return this.#must(this.#steps.at(-1));
  }

  get inForce(): Policy {
    return this.newest.policy;
  }

  /** Index from which on a key is not to be believed. */
  revokedSince(kid: string): number | undefined {
    return this.inForce.revoked.get(kid)?.since;
  }

  /** What people call a key; its thumbprint's beginning where the policy does not name it. */
  nameOf(kid: string, index: number): string {
    const enrolled = this.before(index).keys.get(kid)?.enrolled;
    return enrolled?.name ?? `key ${kid.slice(0, 16)}…`;
  }

  #must(step: InForce | undefined): InForce {
    if (step === undefined) throw new RangeError('a history of policies has a first one');
    return step;
  }
}
