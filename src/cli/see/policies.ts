/** The registration policies of a log, one after another: who could say what at each index. */
import { refuse } from '../../bytes/refusal.ts';
import { entryId } from '../../bytes/brand.ts';
import { verifyStatement } from '../../cose/statement.ts';
import type { SubjectEntry } from '../../appraisal/history.ts';
import type { VerifySignature } from '../../sign/algorithm.ts';
import { admit, genesisPolicy, signerKey } from '../../registration/admit.ts';
import type { Policy } from '../../statement/policy.ts';

interface Step {
  readonly index: number;
  readonly policy: Policy;
}

const NO_FACTS = { commitments: { get: () => undefined }, chains: { get: () => undefined } };

export class PolicyLine {
  readonly #steps: readonly Step[];

  private constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /**
   * Policy entries in the order of the log, entry 0 first, each shown to be in the tree. Each must be the word of an
   * admin of the one before. Refuses as `admit` and `verifyStatement` do.
   */
  static of(entries: readonly SubjectEntry[], verify: VerifySignature): PolicyLine {
    const steps: Step[] = [];
    for (const { index, parsed } of entries) {
      const before = steps.at(-1)?.policy;
      if (parsed.kind !== 'policy')
        throw refuse('proof-failed', `entry ${index} is no registration policy; do not rely on the search`);
      const { policy } =
        before === undefined
          ? { policy: genesisPolicy(parsed, undefined) }
          : admit(before, parsed, NO_FACTS, undefined);
      verifyStatement(parsed.statement, signerKey(before ?? parsed.policy, parsed), verify);
      steps.push({ index, policy: policy ?? parsed.policy });
    }
    if (steps[0]?.index !== 0)
      throw refuse(
        'not-found',
        'the log does not begin with a registration policy: nobody could say anything',
      );
    return new PolicyLine(steps);
  }

  /** The policy that an entry was admitted under. */
  before(index: number): Policy {
    const step = this.#steps.findLast((each) => each.index < Math.max(1, index));
    return this.#must(step).policy;
  }

  get inForce(): Policy {
    return this.#must(this.#steps.at(-1)).policy;
  }

  /** Index from which on a key is not to be believed. */
  revokedSince(kid: string): number | undefined {
    return this.inForce.document.revoked?.find((each) => each.kid.toHex() === kid)?.since;
  }

  /** What people call a key; its thumbprint's beginning where the policy does not name it. */
  nameOf(kid: string, index: number): string {
    const enrolled = this.before(index).keys.get(kid)?.enrolled;
    return enrolled?.name ?? `key ${entryId(kid).slice(0, 16)}…`;
  }

  #must(step: Step | undefined): Step {
    if (step === undefined) throw new RangeError('a line of policies has a first one');
    return step;
  }
}
