/** `tallystick agent`: proves claims continuously, at times that it cannot choose. */
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

// Reading the log costs as much as a proof. Every half minute is often enough for a deployment's deadline.
const DEFAULTS = { poll: '30' };

/** What the sub-verbs have in common. */
const AGENT = { home: 'agentDir', defaults: DEFAULTS, settings: SETTINGS } as const;

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

const runVerb: Verb<typeof RUN_OPTIONS> = {
  name: 'run',
  standard: true,
  summary: 'prove every claim when it is due, until stopped',
  details:
    'Proves the subjects that targets.yaml in the agent directory, or --subject, names. Each claim is proven once in ' +
    'each slot of its cadence, at a time that a seed and the log decide, and at once after `tallystick deploy mark`. If ' +
    'nothing is due, the agent logs a heartbeat. While the log cannot be reached, proofs are stored; they are sent ' +
    'later, in order. On SIGHUP the agent reads targets.yaml again.',
  ...AGENT,
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
  summary: 'print cadence, cost and chance of detection of each claim',
  details:
    'Cost is measured on the runs so far; claims that one run answers share it. Detection is the probability that a ' +
    'violation of the given length is seen, because a proof may fall anywhere in its slot.',
  ...AGENT,
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
  { flags: '--confine', help: 'the profile of an agent that agent run --confine starts' },
  { flags: '--claims', help: 'a claims file for the commitment to this profile' },
  { flags: '--net', help: 'what net@1 sends, and where, for the people who watch the network' },
  {
    flags: '--kubernetes <path>',
    help: 'the Roles that kubernetes@1 needs for these manifests, reading alone; files and folders, repeat for several',
    many: true,
  },
  {
    flags: '--pods',
    help: 'with --kubernetes: also pods and what makes them, for claims about pods and images',
  },
  { flags: '--rights', help: "with --kubernetes: also roles, and reviews of other users' rights" },
  {
    flags: '--account <namespace/name>',
    help: 'with --kubernetes: the service account of the agent (default: tallystick/agent)',
  },
] as const satisfies readonly VerbOption[];

const profileVerb: Verb<typeof PROFILE_OPTIONS> = {
  name: 'profile',
  summary: "print the agent's own permission profile, and how to confine it",
  details:
    'Every proof contains the SHA-256 of this JSON (agent.profileDigest). Commit to it, and readers see when an agent ' +
    'has other permissions.',
  ...AGENT,
  options: PROFILE_OPTIONS,
  json: true,
  examples: [
    'tallystick agent profile --confine > profile.json',
    'tallystick agent profile --confine --claims > profile-claims.yaml',
    'tallystick agent profile --unit --log https://log.example.com > tallystick-agent.service',
    'tallystick agent profile --net',
    'tallystick agent profile --kubernetes manifests/ | kubectl apply -f -',
  ],
  run: async (context, _operands, flags) => {
    const manifests = flags.texts('kubernetes');
    if (manifests.length > 0) {
      const { runRole } = await import('./agent/role.ts');
      const account = flags.text('account') ?? 'tallystick/agent';
      return runRole(context, { manifests, account, pods: flags.on('pods'), rights: flags.on('rights') });
    }
    const { runProfile } = await import('./agent/profile.ts');
    return runProfile(context, {
      flags: flags.on('flags'),
      claims: flags.on('claims'),
      unit: flags.on('unit'),
      confine: flags.on('confine'),
      net: flags.on('net'),
      settings: SETTINGS,
    });
  },
};

const OPEN_OPTIONS = [
  { flags: '--subject <name>', help: 'whose chain, where the agent has several' },
  { flags: '--all', help: 'every leaf of the observations, not only those that a result rests on' },
  { flags: '--out <dir>', help: 'write a proof directory to hand over' },
] as const satisfies readonly VerbOption[];

const openVerb: Verb<typeof OPEN_OPTIONS> = {
  name: 'open',
  summary: 'show observations that a proof rests on to somebody',
  details:
    'The log has only the root of what an agent observed. This opens the leaves that a claim, or every claim, rests on, and ' +
    'checks them against that root. With --out the proof is fetched from the log and written with the leaves: whoever gets ' +
    'the directory checks it with `tallystick verify`. Salts and values of other leaves stay here.',
  operands: [
    ['<proof>', 'its number in the chain (seq), or its entry id'],
    ['[claim]', 'only what this claim rests on'],
  ],
  home: 'agentDir',
  settings: SETTINGS,
  options: OPEN_OPTIONS,
  json: true,
  examples: [
    'tallystick agent open 17 tls12-refused --subject web/shop',
    'tallystick agent open 17 --subject web/shop --out for-the-auditor',
  ],
  run: async (context, [proof = '', claim], flags) => {
    const { runOpen } = await import('./agent/open.ts');
    const [subject, out] = [flags.text('subject'), flags.text('out')];
    return runOpen(context, { proof, claim, subject, out, all: flags.on('all') });
  },
};

const RETAIN_OPTIONS = [
  { flags: '--observations <age>', help: 'destroy observations that are older, such as 400d' },
  { flags: '--hold', help: 'destroy nothing from now on' },
  {
    flags: '--subject <name>',
    help: 'of this subject; repeat for several (default: all that it proved)',
    many: true,
  },
  { flags: '--after <time>', help: 'how long after the announcement it begins (default: 7d)' },
  { flags: '--reason <text>', help: 'why, for whoever reads the log' },
] as const satisfies readonly VerbOption[];

const retainVerb: Verb<typeof RETAIN_OPTIONS> = {
  name: 'retain',
  summary: 'say how long observations can be opened; without a rule, for ever',
  details:
    'A rule is logged in a notice before anything is destroyed. The running agent then destroys, once an hour, the salts and ' +
    'values of old observations; proofs, receipts and chains stay. `agent open` answers with the entry of the rule. ' +
    'Without --observations or --hold, the rules in force are printed.',
  home: 'agentDir',
  settings: SETTINGS,
  options: RETAIN_OPTIONS,
  json: true,
  examples: [
    "tallystick agent retain --observations 400d --reason 'audits end after a year'",
    "tallystick agent retain --hold --subject web/shop --reason 'litigation'",
    'tallystick agent retain',
  ],
  run: async (context, _operands, flags) => {
    const { runRetain } = await import('./agent/retain.ts');
    return runRetain(context, {
      subjects: flags.texts('subject'),
      observations: flags.text('observations'),
      hold: flags.on('hold'),
      after: flags.text('after'),
      reason: flags.text('reason'),
    });
  },
};

const CONSENT_OPTIONS = [
  {
    flags: '--target <target>',
    help: 'a door, host:port in full; repeat for several, and for controls',
    many: true,
  },
  { flags: '--subject <name>', help: 'for which subject: exact or a pattern' },
  { flags: '--by <name>', help: 'whose word it is: a name for the key, such as db-team.example' },
  { flags: '--pairs <n>', help: 'most tries a minute against one host, 1 to 60 (default: 6)' },
  { flags: '--valid <time>', help: 'how long from now, such as 90d (default: 90d)' },
] as const satisfies readonly VerbOption[];

const consentVerb: Verb<typeof CONSENT_OPTIONS> = {
  name: 'consent',
  summary: 'consent, as the owner of targets, to be probed by net@1',
  details:
    'Prints a note that your key signed. Whoever runs the agent names it with your key in a rule of targets.yaml: net@1 contacts ' +
    'only what both of you enrolled. The key (--key) is Ed25519, and not the key of an agent.',
  settings: ['key'],
  options: CONSENT_OPTIONS,
  json: true,
  examples: [
    "tallystick agent consent --target db.example:5432 --target db.example:443 --subject 'prod/**' --by db-team.example --key db-team.pem > db.consent",
  ],
  run: async (context, _operands, flags) => {
    const { runConsent } = await import('./agent/consent.ts');
    return runConsent(context, {
      targets: flags.texts('target'),
      subject: flags.text('subject'),
      name: flags.text('by'),
      pairs: flags.text('pairs'),
      valid: flags.text('valid'),
    });
  },
};

const keyVerb: Verb = {
  name: 'key',
  summary: "print the agent's public key, and make the key if there is none",
  details: 'A COSE_Key in base64, as `policy enrol` and `agent delegate` take it.',
  ...AGENT,
  json: true,
  examples: ['tallystick agent key > ip-10-0-0-7.pub'],
  run: async (context) => {
    const { runKey } = await import('./agent/key.ts');
    return runKey(context);
  },
};

const DELEGATE_OPTIONS = [
  {
    flags: '--subject <pattern>',
    help: "what a node may prove; {node} stands for its name, and ends it: 'prod/cluster/nodes/{node}'; repeat for several",
    many: true,
  },
  { flags: '--node <name>', help: "name of the node (default: the file's name)" },
  { flags: '--for <time>', help: 'how long, such as 12h or 31d, which is the most (default: 7d)' },
  { flags: '--renew <time>', help: 'leave out nodes whose delegation lasts longer than this' },
  {
    flags: '--apart',
    help: 'say that the API of the cluster neither starts these agents nor holds their keys (systemd, not a DaemonSet)',
  },
  { flags: '--out <path>', help: 'file, or for a folder of keys a folder, to write (default: here)' },
] as const satisfies readonly VerbOption[];

const delegateVerb: Verb<typeof DELEGATE_OPTIONS> = {
  name: 'delegate',
  summary: 'let keys of nodes prove for a while, without enrolling each of them',
  details:
    'Signs, with a key that is enrolled in the role delegator (--key), a file for each node that its agent sends along with ' +
    'its proofs. A folder has a public key NODE.pub for each node. Run it again before the time is over, with --renew. ' +
    'Revoking the delegator ends all of them, and `policy revoke KID` ends one.',
  settings: [...READER_SETTINGS, 'key'],
  operands: [['<keys>', 'a public key of a node, or a folder with a file NODE.pub for each node']],
  options: DELEGATE_OPTIONS,
  json: true,
  examples: [
    "tallystick agent delegate ip-10-0-0-7.pub --subject 'prod/eu1/nodes/{node}' --apart --key cluster.pem --out delegation.cose",
    "tallystick agent delegate nodes/ --subject 'prod/eu1/nodes/{node}' --for 7d --renew 3d --key cluster.pem --out delegations",
  ],
  run: async (context, [keys = ''], flags) => {
    const { runDelegate } = await import('./agent/delegate.ts');
    return runDelegate(context, {
      keys,
      node: flags.text('node'),
      subjects: flags.texts('subject'),
      lasting: flags.text('for'),
      renew: flags.text('renew'),
      apart: flags.on('apart'),
      out: flags.text('out'),
    });
  },
};

const LISTEN_OPTIONS = [
  { flags: '--at <address>', help: 'where it is asked, host:port; sources must be allowed to reach it' },
  { flags: '--port <n>', help: 'a port to watch on that host; repeat for several', many: true },
  { flags: '--by <name>', help: 'a name for the key, such as canary.example' },
] as const satisfies readonly VerbOption[];

const listenVerb: Verb<typeof LISTEN_OPTIONS> = {
  name: 'listen',
  summary: 'listen at a target of net@1, and sign what arrives, until stopped',
  details:
    'Watches ports on which nothing else listens, such as those of a canary. Whoever asks at --at with the nonce of a run gets a ' +
    'signed answer: which ports are open, and what came under that nonce. Claims name the key that it prints (params.listener); ' +
    'with it a reset is no longer a doubt, and the class is E2. The key (--key) is Ed25519, and not the key of an agent.',
  settings: ['key', 'logLevel'],
  options: LISTEN_OPTIONS,
  examples: [
    'tallystick agent listen --at 10.0.0.5:4000 --port 5432 --port 22 --by canary.example --key listener.pem',
  ],
  run: async (context, _operands, flags) => {
    const { runListen } = await import('./agent/listen.ts');
    return runListen(context, { at: flags.text('at'), ports: flags.texts('port'), name: flags.text('by') });
  },
};

export const agentVerb: Verb = {
  name: 'agent',
  summary: 'prove claims continuously, at times the agent cannot choose',
  examples: [
    "tallystick agent --subject 'prod/**' --confine",
    'tallystick agent plan --subject db/payments',
    'tallystick agent profile --confine > profile.json',
  ],
  verbs: [
    runVerb,
    planVerb,
    profileVerb,
    consentVerb,
    listenVerb,
    openVerb,
    retainVerb,
    keyVerb,
    delegateVerb,
  ],
};
