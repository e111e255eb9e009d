/** `tallystick agent enrol`: the owner of a target lets the agent look at it. */
import type { Verb, VerbOption } from '../../frame/verb.ts';

const ENROL_OPTIONS = [
  {
    flags: '--secret <name=file>',
    help: 'a secret of the probe, by the file that holds it, of mode 0600; repeat for several',
    many: true,
  },
] as const satisfies readonly VerbOption[];

export const enrolVerb: Verb<typeof ENROL_OPTIONS> = {
  name: 'enrol',
  summary: 'let the agent contact a target, as its owner',
  details:
    'Adds a rule to targets.yaml in the agent directory, which is made if there is none; what is written there stays as it is. ' +
    'A target that is enrolled already changes nothing. An agent that runs reads the file again within a second, and proves ' +
    'what was enrolled.',
  home: 'agentDir',
  settings: ['agentDir'],
  operands: [
    ['<subject>', 'for which subject: exact, or a pattern with * and **'],
    ['<probe>', 'with which probe, such as tls@1'],
    ['<target>', 'the target as the commitment names it, or a pattern'],
  ],
  options: ENROL_OPTIONS,
  json: true,
  examples: [
    'tallystick agent enrol web/shop tls@1 shop.example:443',
    'tallystick agent enrol db/payments postgres@1 db.example:5432 --secret dsn=db.dsn',
  ],
  run: async (context, [subject = '', probe = '', target = ''], flags) => {
    const { runEnrol } = await import('./enrol.ts');
    return runEnrol(context, { subject, probe, target, secrets: flags.texts('secret') });
  },
};
