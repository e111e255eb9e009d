/** `tallystick agent open` and `agent retain`: what it observed, and for how long that can be shown. */
import type { Verb, VerbOption } from '../../frame/verb.ts';
import { SETTINGS } from './settings.ts';

const OPEN_OPTIONS = [
  { flags: '--subject <name>', help: 'whose chain, where the agent has several' },
  { flags: '--all', help: 'every leaf of the observations, not only those that a result rests on' },
  { flags: '--out <dir>', help: 'write a proof directory to hand over' },
] as const satisfies readonly VerbOption[];

export const openVerb: Verb<typeof OPEN_OPTIONS> = {
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
    const { runOpen } = await import('./open.ts');
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

export const retainVerb: Verb<typeof RETAIN_OPTIONS> = {
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
    const { runRetain } = await import('./retain.ts');
    return runRetain(context, {
      subjects: flags.texts('subject'),
      observations: flags.text('observations'),
      hold: flags.on('hold'),
      after: flags.text('after'),
      reason: flags.text('reason'),
    });
  },
};
