/** `tallystick agent consent` and `agent listen`: for the owner of a target of net@1, who has no agent. */
import type { Verb, VerbOption } from '../../frame/verb.ts';

const CONSENT_OPTIONS = [
  {
    flags: '--target <target>',
    help: 'a door, host:port in full; repeat for several, and for controls',
    many: true,
  },
  { flags: '--subject <name>', help: 'for which subject: exact or a pattern' },
  { flags: '--by <name>', help: 'whose word it is: a name for the key, such as db-team.example' },
  { flags: '--pairs <n>', help: 'most pairs a minute with one host, 1 to 60 (default: 6)' },
  { flags: '--valid <time>', help: 'how long from now, such as 90d (default: 90d)' },
] as const satisfies readonly VerbOption[];

export const consentVerb: Verb<typeof CONSENT_OPTIONS> = {
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
    const { runConsent } = await import('./consent.ts');
    return runConsent(context, {
      targets: flags.texts('target'),
      subject: flags.text('subject'),
      name: flags.text('by'),
      pairs: flags.text('pairs'),
      valid: flags.text('valid'),
    });
  },
};

const LISTEN_OPTIONS = [
  { flags: '--at <address>', help: 'where it is asked, host:port; sources must be allowed to reach it' },
  { flags: '--port <n>', help: 'a port to watch on that host; repeat for several', many: true },
  { flags: '--by <name>', help: 'a name for the key, such as canary.example' },
] as const satisfies readonly VerbOption[];

export const listenVerb: Verb<typeof LISTEN_OPTIONS> = {
  name: 'listen',
  summary: 'listen at a target of net@1, and sign what arrives, until stopped',
  details:
    'Watches ports on which nothing else listens, such as those of a canary. Whoever asks at --at with the nonce of a run gets a ' +
    'signed answer: which ports are open, and what came under that nonce. Claims name the key that it prints (params.listener); ' +
    'with it a reset shows that nothing reached the port, and the class is E2. The key (--key) is Ed25519, and not the key of an agent.',
  settings: ['key', 'logLevel'],
  options: LISTEN_OPTIONS,
  examples: [
    'tallystick agent listen --at 10.0.0.5:4000 --port 5432 --port 22 --by canary.example --key listener.pem',
  ],
  run: async (context, _operands, flags) => {
    const { runListen } = await import('./listen.ts');
    return runListen(context, { at: flags.text('at'), ports: flags.texts('port'), name: flags.text('by') });
  },
};
