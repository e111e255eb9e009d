/** `tallystick agent plan`: what an agent would do. */
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import type { Declared } from '../../../appraisal/history.ts';
import { inForceOf } from '../../../appraisal/versions.ts';
import type { AgentStore } from '../../../agent/agent-store.ts';
import { recall } from '../../../agent/history.ts';
import { planOf, runsOf, type Plan } from '../../../agent/planner.ts';
import { groupClaims } from '../../../probe/groups.ts';
import { PACES } from '../../../declare/tiers.ts';
import type { Context } from '../../frame/context.ts';
import type { JsonValue, Output } from '../../frame/output.ts';
import { eachSubject, learnSubjects, someOf, wantedOf } from '../../../agent/subjects.ts';
import { failedAsJson, warnOf, worstOf } from './each.ts';
import { openAgentOf } from './setup.ts';

const PATIENCE_MS = 5_000;

export async function runPlan(
  context: Context,
  asked: { readonly subjects: readonly string[]; readonly length: string | undefined },
): Promise<number> {
  const { output } = context;
  const length = lengthOf(asked.length);
  const probeDeps = { rules: [], vantage: undefined, onBug: () => undefined, patienceMs: PATIENCE_MS };
  const open = await openAgentOf(context, { ...probeDeps, signal: new AbortController().signal });
  try {
    const wanted = wantedOf(open, asked.subjects, 'plan');
    const { agent, log } = open;
    await log.head();
    const policy = await log.policy();
    const plans: JsonValue[] = [];
    const found = someOf(await learnSubjects(open, wanted, policy), wanted);
    const planned = (subject: string): void => {
      const declared = inForceOf(recall(agent.store, subject, policy), subject);
      plans.push(...planSubject(output, agent.store, subject, declared, length));
    };
    const failed = await eachSubject(found.subjects, planned, found.failed);
    warnOf(output, failed, 'plan');
    output.result('agent-plan', { claims: plans, failed: failedAsJson(failed) });
    return worstOf([], failed);
  } finally {
    open.close();
  }
}

/** Prints the plan of each claim. */
function planSubject(
  output: Output,
  store: AgentStore,
  subject: string,
  { declaration }: Declared,
  length: number | undefined,
): readonly JsonValue[] {
  const { tier } = declaration;
  const pace = `by default every ${PACES[tier].cadence} s, ${PACES[tier].deadline} s after a deployment`;
  output.print(`${output.paint('bold', subject)}  tier ${tier} (${pace})`);
  const looks = groupClaims(declaration.claims, declaration);
  const runs = runsOf(looks);
  return declaration.claims.map((claim) => {
    const look = looks.find(({ claims }) => claims.includes(claim));
    const lengths =
      length === undefined ? [Math.max(1, Math.floor(claim.cadence / 10)), claim.cadence] : [length];
    const cost = store.costs(claim.probe, look?.target ?? '');
    const plan = planOf(claim, { of: runs.get(claim.id) ?? claim.id, cost }, lengths);
    output.print(linesOf(plan, look?.target));
    return { subject, target: look?.target ?? null, ...asJson(plan) };
  });
}

/** Seconds as --length gives them. Refuses `usage`. */
function lengthOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw refuse('usage', `--length is a whole number of seconds, 1 or more; got ${printable(text, 80)}`);
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
