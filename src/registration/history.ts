/**
 * The registration policies of a log in order: which one was in force at each index, and therefore who was allowed to
 * log what there (spec/statements.md §7).
 */
import { answerable, delegationOf, type Speaker } from './delegated.ts';
import type { EntryId } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { assertOnce } from '../statement/once.ts';
import type { ParsedStatement } from '../statement/parse.ts';
import type { Policy } from '../statement/policy.ts';
import { admit, assertSigned, NO_FACTS } from './admit.ts';
import type { InForce, Rules } from './rules.ts';

/** An entry that may be a registration policy and is proven to be in the log. */
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
   * Replays policy entries in log order, beginning with entry 0. Refuses `proof-failed` if entry 0 is not among them,
   * and for an entry that is no policy or occurs twice, and what `assertSigned` and `admit` refuse.
   */
  static of(origin: string, entries: readonly PolicyEntry[], verify?: VerifySignature): PolicyHistory {
    if (entries[0]?.index !== 0)
      throw refuse(
        'proof-failed',
        'entry 0 is not among the registration policies, and a log begins with one; do not rely on the search',
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

  /** The rules under which the entry at an index was admitted. */
  rulesAt(index: number): Rules {
    return { origin: this.#origin, inForce: this.#steps.findLast((each) => each.index < index) };
  }

  /** The policy under which the entry at an index was admitted; for entry 0, its own. */
  before(index: number): Policy {
    return this.#must(this.rulesAt(Math.max(1, index)).inForce).policy;
  }

  /** Every policy with its entry, oldest first. */
  get steps(): readonly InForce[] {
    return this.#steps;
  }

  /** The policy that a reader of the first `size` entries knows as the newest; undefined for an empty log. */
  asOf(size: number): Policy | undefined {
    return this.rulesAt(size).inForce?.policy;
  }

  /** The rules under which the next entry will be decided. */
  get rules(): Rules {
    return { origin: this.#origin, inForce: this.newest };
  }

  get newest(): InForce {
    return this.#must(this.#steps.at(-1));
  }

  get inForce(): Policy {
    return this.newest.policy;
  }

  /** Index from which on statements of a key do not count; undefined for a key that is not revoked. */
  revokedSince(kid: string): number | undefined {
    return this.inForce.revoked.get(kid)?.since;
  }

  /** The policies among the first `size` entries: what a reader of those alone knew. RangeError for size 0. */
  until(size: number): PolicyHistory {
    if (size < 1) throw new RangeError('no policy is before entry 0');
    return new PolicyHistory(
      this.#origin,
      this.#steps.filter(({ index }) => index < size),
    );
  }

  /** The name of a key in the policy at an index; the beginning of its thumbprint if the policy gives it no name. */
  nameOf(kid: string, index: number): string {
    const enrolled = this.before(index).keys.get(kid)?.enrolled;
    return enrolled?.name ?? `key ${kid.slice(0, 16)}…`;
  }

  /** Who said something at an index: the key's name, or the node to which a named key delegated. */
  speakerOf(said: Speaker, index: number): string {
    const name = this.nameOf(answerable(said), index);
    const delegation = delegationOf(said);
    return delegation === undefined ? name : `node ${delegation.node}, by ${name}`;
  }

  #must(step: InForce | undefined): InForce {
    if (step === undefined) throw new RangeError('a history of policies has a first one');
    return step;
  }
}
