/**
 * What both ends allow at a target within a run: a rule of whoever runs the agent, and the consent of whoever owns the target. A run
 * may touch other targets than its own, as the control of a pair and the doors of a matrix: the rules of these bound it as well.
 */
import { refuse } from '../bytes/refusal.ts';
import { printable } from '../bytes/printable.ts';
import { bothAllow } from '../probe/net/pace.ts';
import type { AgentStore } from './agent-store.ts';
import { consentFor, type Consent } from './consent.ts';
import { ruleFor, type Rule } from './enrolment.ts';

/** What a consent is asked for with: rules, and the runs of the last hour. `now`: milliseconds. */
export interface ConsentDeps {
  readonly rules: readonly Rule[];
  readonly store: AgentStore;
  readonly now: () => number;
}

/** The run. `target`: its own, whose runs are counted when it ends. */
export interface Within {
  readonly subject: string;
  readonly probe: string;
  readonly target: string;
}

/**
 * Undefined if one of both ends does not allow it. Refuses `unavailable` if the rule of another target than that of the run allows no
 * more runs in this hour; else that one is counted.
 */
export function consentWithin(
  { rules, store, now }: ConsentDeps,
  { subject, probe, target: own }: Within,
  target: string,
): Consent | undefined {
  const at = Math.floor(now() / 1000);
  const allowing = rules.filter((rule) => ruleFor([rule], subject, probe, target) !== undefined);
  const consents = allowing.flatMap((rule) => rule.consents.map((each) => bounded(each, rule)));
  const consent = consentFor(consents, { probe, target, subject, now: at });
  const most = allowing[0]?.maxPerHour;
  if (consent === undefined || target === own || most === undefined) return consent;
  if (store.runsInHour(target, at) >= most)
    throw refuse(
      'unavailable',
      `the owner allows ${most} runs an hour against ${printable(target)}, and they are used up; nothing was sent`,
    );
  // Not under the name of the probe: this costs what the whole run costs.
  store.ran(`${probe} within a run`, target, at, { cpuUs: 0, wallUs: 0, bytes: 0 });
  return consent;
}

/** The consent with the number that the rule allows, too. */
function bounded(consent: Consent, { options }: Rule): Consent {
  return { ...consent, pairsPerMinute: bothAllow(options.get('pairsPerMinute'), consent.pairsPerMinute) };
}
