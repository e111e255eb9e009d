/** `tallystick agent plan`: the cadence, cost and chance of detection of each claim. */
import { knownOnce } from '../../../agent/once.ts';
import { openAgent } from '../../../agent/open.ts';
import { plansOf } from '../../../agent/planner.ts';
import { wantedOf } from '../../../agent/subjects.ts';
import { PACES } from '../../../declare/tiers.ts';
import type { Context } from '../../frame/context.ts';
import { wholeOf } from '../../frame/flagtext.ts';
import { failedAsJson, warnOf, worstOf } from './failed.ts';
import { agentOptions } from './options.ts';

const PATIENCE_MS = 5_000;

export async function runPlan(
  context: Context,
  asked: { readonly subjects: readonly string[]; readonly length: string | undefined },
): Promise<number> {
  const { output } = context;
  const length = wholeOf(asked.length, '--length', 1, 999_999_999);
  const opened = await openAgent({
    ...agentOptions(context),
    onBug: () => undefined,
    patienceMs: PATIENCE_MS,
  });
  try {
    const { store } = opened.agent;
    const { known, failed } = await knownOnce(opened, {
      wanted: wantedOf(opened, asked.subjects, 'plan'),
      claims: [],
    });
    const plans = known.flatMap(({ subject, declared: { declaration } }) => {
      const { cadence, deadline } = PACES[declaration.tier];
      const pace = `by default every ${cadence} s, ${deadline} s after a deployment`;
      output.print(`${output.paint('bold', subject)}  tier ${declaration.tier} (${pace})`);
      return plansOf(declaration, (probe, target) => store.costs(probe, target), length).map((plan) => {
        output.print(linesOf(plan));
        return { subject, target: plan.target ?? null, ...asJson(plan) };
      });
    });
    warnOf(output, failed, 'plan');
    output.result('agent-plan', { claims: plans, failed: failedAsJson(failed) });
    return worstOf([], failed);
  } finally {
    opened.close();
  }
}

type Planned = ReturnType<typeof plansOf>[number];

function linesOf(plan: Planned): string {
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
    `  ${plan.claim}  ${plan.probe} ${plan.target ?? '(no target)'}`,
    `    every ${plan.cadence} s at the latest: one proof in each slot of ${plan.slot} s, ${plan.proofsPerDay.toFixed(0)} a day`,
    ...(plan.deadline === undefined ? [] : [`    within ${plan.deadline} s of a deployment`]),
    `    ${cost}`,
    `    sees ${seen.join(', ')}`,
  ].join('\n');
}

function asJson(plan: Planned) {
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
