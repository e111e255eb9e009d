/** `tallystick agent plan`: what an agent would do. */
import { EXIT, refuse } from '../../bytes/refusal.ts';
import { parseDecimal } from '../../bytes/text.ts';
import { recall } from '../../agent/history.ts';
import { planOf, runsOf, type Plan } from '../../agent/planner.ts';
import { looksFor } from '../../agent/runs.ts';
import { PACES } from '../../declare/tiers.ts';
import type { Context } from '../context.ts';
import type { JsonValue } from '../output.ts';
import { openAgent } from './open.ts';
import { learnSubjects } from './subjects.ts';

const PATIENCE_MS = 5_000;

export async function runPlan(
  context: Context,
  asked: { readonly subjects: readonly string[]; readonly length: string | undefined },
): Promise<number> {
  const { output } = context;
  const looking = { rules: [], vantage: undefined, onBug: () => undefined, patienceMs: PATIENCE_MS };
  const open = await openAgent(context, { ...looking, signal: new AbortController().signal });
  try {
    const wanted = asked.subjects.length > 0 ? asked.subjects : open.home.subjects;
    if (wanted.length === 0) throw refuse('usage', 'say which subject with --subject');
    const { agent, log } = open;
    await log.head();
    const policy = await log.policy();
    const plans: JsonValue[] = [];
    for (const subject of await learnSubjects(open, wanted, policy)) {
      const declared = recall(agent.ledger, subject, policy).inForce;
      if (declared === undefined) throw refuse('not-found', `no commitment to ${subject} is in force`);
      const { tier } = declared.declaration;
      const pace = `by default every ${PACES[tier].cadence} s, ${PACES[tier].deadline} s after a deployment`;
      output.print(`${output.paint('bold', subject)}  tier ${tier} (${pace})`);
      const looks = looksFor(declared.declaration.claims, declared.declaration);
      const runs = runsOf(looks);
      for (const claim of declared.declaration.claims) {
        const look = looks.find(({ claims }) => claims.includes(claim));
        const lengths =
          asked.length === undefined
            ? [Math.max(1, Math.floor(claim.cadence / 10)), claim.cadence]
            : [parseDecimal(asked.length)];
        const cost = agent.ledger.costs(claim.probe, look?.target ?? '');
        const plan = planOf(claim, { of: runs.get(claim.id) ?? claim.id, cost }, lengths);
        output.print(linesOf(plan, look?.target));
        plans.push({ subject, target: look?.target ?? null, ...asJson(plan) });
      }
    }
    output.result('agent-plan', { claims: plans });
    return EXIT.ok;
  } finally {
    open.close();
  }
}

function linesOf(plan: Plan, target: string | undefined): string {
  const unknown =
    plan.sameRun === undefined
      ? 'cost unknown: not run yet'
      : `no cost of its own: the run of ${plan.sameRun} answers it too`;
  const cost =
    plan.cost === undefined
      ? unknown
      : `${(plan.cost.cpuUs / 1000).toFixed(1)} ms CPU, ${(plan.cost.wallUs / 1000).toFixed(0)} ms, ${plan.cost.bytes} bytes a run ` +
        `(${plan.cost.runs} ${plan.cost.runs === 1 ? 'run' : 'runs'}): ${((plan.coreParts ?? 0) / 10_000).toFixed(4)} % of a core`;
  const seen = plan.detection.map(
    ({ length, probability }) => `${(100 * probability).toFixed(1)} % of violations of ${length} s`,
  );
  return [
    `  ${plan.claim}  ${plan.probe} ${target ?? '(no target)'}`,
    `    every ${plan.cadence} s at the latest: one proof in each slot of ${plan.slot} s, ${plan.proofsPerDay.toFixed(0)} a day`,
    ...(plan.deadline === undefined ? [] : [`    within ${plan.deadline} s of a deployment`]),
    `    ${cost}`,
    `    sees ${seen.join(', ')}`,
  ].join('\n');
}

function asJson(plan: Plan) {
  const { claim, probe, cadence, deadline, slot, proofsPerDay, sameRun, cost, coreParts, detection } = plan;
  return {
    claim,
    probe,
    cadence,
    deadline: deadline ?? null,
    slot,
    proofs_per_day: proofsPerDay,
    same_run: sameRun ?? null,
    runs: cost?.runs ?? 0,
    cpu_us: cost?.cpuUs ?? null,
    wall_us: cost?.wallUs ?? null,
    bytes: cost?.bytes ?? null,
    core_ppm: coreParts ?? null,
    detection: detection.map((each) => ({ ...each })),
  };
}
