/** `tallystick registry`: what is declared in a log, what changed, who said so. */
import { SEE_OPTIONS } from './subject/asked.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';

const LEAVES: VerbOption = {
  flags: '--leaves <file>',
  help: "an owner's leaves.json or opening.json, as commit left it; repeat for several (the subject's proof directory is looked in)",
  many: true,
};

const LIST_OPTIONS = [
  { flags: '--environment <name>', help: 'only those of this environment' },
  {
    flags: '--subject <pattern>',
    help: "only subjects of this name, with stars as the policy's patterns have them",
  },
  ...SEE_OPTIONS,
] as const satisfies readonly VerbOption[];

const listVerb: Verb<typeof LIST_OPTIONS> = {
  name: 'list',
  summary: 'list subjects: environment, tier, who declared what, where it stands',
  standard: true,
  settings: READER_SETTINGS,
  options: LIST_OPTIONS,
  json: true,
  examples: ['tallystick registry list', 'tallystick registry list --environment production --json'],
  run: async (context, operands, flags) =>
    (await import('./subject/registry.ts')).list(context, operands, flags),
};

const showVerb: Verb<typeof SEE_OPTIONS> = {
  name: 'show',
  summary: 'show everything a commitment says, and the commitments before it',
  operands: [['<subject>', 'what was committed to']],
  settings: READER_SETTINGS,
  options: SEE_OPTIONS,
  json: true,
  examples: ['tallystick registry show db/payments'],
  run: async (context, operands, flags) =>
    (await import('./subject/registry.ts')).show(context, operands, flags),
};

const DIFF_OPTIONS = [LEAVES, ...SEE_OPTIONS] as const satisfies readonly VerbOption[];

const diffVerb: Verb<typeof DIFF_OPTIONS> = {
  name: 'diff',
  summary: 'compare two commitments about a subject',
  details:
    'Without entries, the newest and the one it replaces, approved or not. Claims and source facts are public; leaves ' +
    'are compared when what commit left to the owner (leaves.json, or opening.json of files) is at hand of both, each shown to lead to the root that was committed to.',
  operands: [
    ['<subject>', 'what was committed to'],
    ['[before]', 'index or entry id'],
    ['[after]', 'index or entry id'],
  ],
  settings: [...READER_SETTINGS, 'proofsDir'],
  options: DIFF_OPTIONS,
  json: true,
  examples: [
    'tallystick registry diff db/payments',
    'tallystick registry diff db/payments 12 40 --leaves old/leaves.json',
  ],
  run: async (context, operands, flags) =>
    (await import('./subject/registry.ts')).diff(context, operands, flags),
};

const BLAME_OPTIONS = [LEAVES, ...SEE_OPTIONS] as const satisfies readonly VerbOption[];

const blameVerb: Verb<typeof BLAME_OPTIONS> = {
  name: 'blame',
  summary: 'find the commitment that brought a claim, a fact or a leaf as it is now',
  operands: [
    ['<subject>', 'what was committed to'],
    ['<name>', 'id of a claim, a fact as registry show names it, or the path of a leaf'],
  ],
  settings: [...READER_SETTINGS, 'proofsDir'],
  options: BLAME_OPTIONS,
  json: true,
  examples: [
    'tallystick registry blame db/payments tls12-refused',
    'tallystick registry blame db/payments tier',
  ],
  run: async (context, operands, flags) =>
    (await import('./subject/registry.ts')).blame(context, operands, flags),
};

export const registryVerb: Verb = {
  name: 'registry',
  summary: 'what is declared: list, show, diff, blame',
  details:
    'Without a sub-verb it lists. Everything shown is verified to be in the log. To replace a declaration, commit again ' +
    '(the new one supersedes the old); to take it back, withdraw.',
  examples: [
    'tallystick registry',
    'tallystick registry show db/payments',
    'tallystick registry diff db/payments',
    'tallystick registry blame db/payments tls12-refused',
  ],
  verbs: [listVerb, showVerb, diffVerb, blameVerb],
};
