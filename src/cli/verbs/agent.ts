/** `tallystick agent`: proves again and again, at times that nobody chose. */
import type { SettingName } from '../frame/settings.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';

const SETTINGS: readonly SettingName[] = [
  'agentDir',
  ...READER_SETTINGS,
  'key',
  'name',
  'proofsDir',
  'poll',
  'cpuBudget',
  'heartbeat',
  'logLevel',
];

// A look costs as much as a proof; half a minute is soon enough for a deployment's five.
const DEFAULTS = { poll: '30' };

const RUN_OPTIONS = [
  {
    flags: '--subject <name>',
    help: 'what to look after: exact or a pattern; repeat for several (default: the subjects in targets.yaml)',
    many: true,
  },
  {
    flags: '--target <target>',
    help: 'enrol a target while it runs: exact, or a pattern with * and **; repeat for several',
    many: true,
  },
  { flags: '--vantage <text>', help: 'where this agent looks from, such as a network or region' },
  {
    flags: '--confine',
    help: "start again under Node's permission model, with no more than agent profile says",
  },
] as const satisfies readonly VerbOption[];

const runVerb: Verb<typeof RUN_OPTIONS> = {
  name: 'run',
  standard: true,
  summary: 'prove what is due until it is stopped',
  details:
    'Looks after the subjects that targets.yaml in the agent directory, or --subject, names. Each claim is proven once ' +
    'in each slot of its cadence, at a time that a seed and the log decide; at once after `tallystick deploy mark`; and ' +
    'when nothing is due a heartbeat is logged. A log that is away gets everything later, in order. SIGHUP reads ' +
    'targets.yaml again.',
  home: 'agentDir',
  defaults: DEFAULTS,
  settings: SETTINGS,
  options: RUN_OPTIONS,
  examples: [
    'tallystick agent --confine',
    "tallystick agent --subject 'prod/**' --log https://log.example.com --vkey log.vkey --cpu-budget 5",
  ],
  run: async (context, _operands, flags) => {
    const { runAgent } = await import('./agent/run.ts');
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

const planVerb: Verb<typeof PLAN_OPTIONS> = {
  name: 'plan',
  summary: 'print cadence, cost and what would be noticed, claim by claim',
  details:
    'Costs are what runs have cost so far; claims that one run answers have it once. Detection: how likely a violation of a given length is seen, when proofs fall ' +
    'anywhere in their slots.',
  home: 'agentDir',
  defaults: DEFAULTS,
  settings: SETTINGS,
  options: PLAN_OPTIONS,
  json: true,
  examples: ['tallystick agent plan --subject db/payments', 'tallystick agent plan --length 600 --json'],
  run: async (context, _operands, flags) => {
    const { runPlan } = await import('./agent/plan.ts');
    return runPlan(context, { subjects: flags.texts('subject'), length: flags.text('length') });
  },
};

const PROFILE_OPTIONS = [
  { flags: '--flags', help: "the flags of Node's permission model that this agent needs, one a line" },
  {
    flags: '--unit',
    help: 'a systemd unit that runs this agent with these settings, hardened and confined',
  },
  { flags: '--confine', help: 'of the agent as agent run --confine starts it' },
  { flags: '--claims', help: 'a claims file for the commitment to this profile' },
] as const satisfies readonly VerbOption[];

const profileVerb: Verb<typeof PROFILE_OPTIONS> = {
  name: 'profile',
  summary: "print the agent's own permission profile, and how to confine it",
  details:
    'The SHA-256 of this JSON is in every proof (agent.profileDigest). Commit it, so that an agent with other ' +
    'permissions is seen.',
  home: 'agentDir',
  defaults: DEFAULTS,
  settings: SETTINGS,
  options: PROFILE_OPTIONS,
  json: true,
  examples: [
    'tallystick agent profile --confine > profile.json',
    'tallystick agent profile --confine --claims > profile-claims.yaml',
    'tallystick agent profile --unit --log https://log.example.com > tallystick-agent.service',
  ],
  run: async (context, _operands, flags) => {
    const { runProfile } = await import('./agent/profile.ts');
    return runProfile(context, {
      flags: flags.on('flags'),
      claims: flags.on('claims'),
      unit: flags.on('unit'),
      confine: flags.on('confine'),
      settings: SETTINGS,
    });
  },
};

export const agentVerb: Verb = {
  name: 'agent',
  summary: 'prove again and again, at times nobody chose; offline too',
  examples: [
    "tallystick agent --subject 'prod/**' --confine",
    'tallystick agent plan --subject db/payments',
    'tallystick agent profile --confine > profile.json',
  ],
  verbs: [runVerb, planVerb, profileVerb],
};
