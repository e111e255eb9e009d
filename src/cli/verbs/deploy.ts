/** `tallystick deploy mark`: says in the log that what was committed to is being put in place. */
import { SEE_OPTIONS } from './subject/asked.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';
import { WAIT_OPTION } from '../frame/wait.ts';

const OPTIONS = [
  { flags: '--subject <name>', help: 'what was deployed' },
  { flags: '--version <text>', help: 'what was deployed, in your words: a release, an image tag' },
  { flags: '--artifact <hex>', help: 'SHA-256 of what was deployed' },
  { flags: '--reason <text>', help: 'why, for people' },
  WAIT_OPTION,
  ...SEE_OPTIONS,
] as const satisfies readonly VerbOption[];

const markVerb: Verb<typeof OPTIONS> = {
  name: 'mark',
  summary: 'log that the commitment in force is being deployed now',
  details:
    "Starts the deadlines of the commitment's claims: each wants a proof that began after this, or it is STALE. An " +
    'agent that runs sees it and proves at once. A commitment that lacks approvals is not in force, and not marked. ' +
    'Signed in the role author (--key, else keys/author.pem in the data directory).',
  settings: [...READER_SETTINGS, 'key'],
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick deploy mark --subject db/payments --version 2.4.1',
    'tallystick deploy mark --subject tf/network && tallystick prove --subject tf/network',
  ],
  run: async (context, operands, flags) =>
    (await import('./subject/deploy.ts')).mark(context, operands, flags),
};

export const deployVerb: Verb = {
  name: 'deploy',
  summary: 'say that something is being deployed: the deadlines of its claims start',
  examples: ['tallystick deploy mark --subject db/payments --version 2.4.1'],
  verbs: [markVerb],
};
