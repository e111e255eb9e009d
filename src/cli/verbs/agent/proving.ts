/** `tallystick agent run` and `agent plan`: when it proves what, and what that costs. */
import type { Verb, VerbOption } from '../../frame/verb.ts';
import { AGENT } from './settings.ts';

const RUN_OPTIONS = [
  {
    flags: '--subject <name>',
    help: 'subject to prove: exact or a pattern; repeat for several (default: the subjects in targets.yaml)',
    many: true,
  },
  {
    flags: '--target <target>',
    help: 'enrol a target while it runs: exact, or a pattern with * and **; repeat for several',
    many: true,
  },
  { flags: '--vantage <text>', help: 'where this agent probes from, such as a network or region' },
  {
    flags: '--confine',
    help: "restart under Node's permission model, with no more permissions than agent profile prints",
  },
] as const satisfies readonly VerbOption[];

export const runVerb: Verb<typeof RUN_OPTIONS> = {
  name: 'run',
  standard: true,
  summary: 'prove every claim when it is due, until stopped',
  details:
    'Proves the subjects that targets.yaml in the agent directory, or --subject, names. Each claim is proven once in ' +
    'each slot of its cadence, at a time that a seed and the log decide, and at once after `tallystick deploy mark`. If ' +
    'nothing is due, the agent logs a heartbeat. While the log cannot be reached, proofs are stored; they are sent ' +
    'later, in order. When targets.yaml changes, and on SIGHUP, the agent reads it again. ' +
    'A probe that compares with the declared leaves reads leaves.json of `commit` from openings/ENTRY in the agent directory, or from ' +
    'the folder of proofs.',
  ...AGENT,
  options: RUN_OPTIONS,
  examples: [
    'tallystick agent --confine',
    "tallystick agent --subject 'prod/**' --log https://log.example.com --vkey log.vkey --cpu-budget 5",
  ],
  run: async (context, _operands, flags) => {
    const { runAgent } = await import('./run.ts');
    return runAgent(context, {
      subjects: flags.texts('subject'),
      targets: flags.texts('target'),
      vantage: flags.text('vantage'),
      confine: flags.on('confine'),
    });
  },
};

const PLAN_OPTIONS = [
  {
    flags: '--subject <name>',
    help: 'exact or a pattern; repeat for several (default: the subjects in targets.yaml)',
    many: true,
  },
  {
    flags: '--length <s>',
    help: 'length of a violation in whole seconds (default: a tenth of, and the whole, cadence)',
  },
] as const satisfies readonly VerbOption[];

export const planVerb: Verb<typeof PLAN_OPTIONS> = {
  name: 'plan',
  summary: 'print cadence, cost and chance of detection of each claim',
  details:
    'Cost is measured on the runs so far; claims that one run answers share it. Detection is the probability that a ' +
    'violation of the given length is seen, because a proof may fall anywhere in its slot.',
  ...AGENT,
  options: PLAN_OPTIONS,
  json: true,
  examples: ['tallystick agent plan --subject db/payments', 'tallystick agent plan --length 600 --json'],
  run: async (context, _operands, flags) => {
    const { runPlan } = await import('./plan.ts');
    return runPlan(context, { subjects: flags.texts('subject'), length: flags.text('length') });
  },
};
