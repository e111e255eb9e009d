/** `tallystick withdraw`: takes a commitment back. */
import { SEE_OPTIONS } from './subject/asked.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';

const OPTIONS = [
  { flags: '--reason <text>', help: 'why, for people' },
  { flags: '--ticket <text>', help: 'such as CHG-1' },
  ...SEE_OPTIONS,
] as const satisfies readonly VerbOption[];

export const withdrawVerb: Verb<typeof OPTIONS> = {
  name: 'withdraw',
  summary: 'take the commitment about a subject back',
  details:
    'Nothing is declared about the subject afterwards. What approvers said yes to stays in force until as many approve its ' +
    'withdrawal. To declare something else instead, commit again: each commitment supersedes the one before. Signed in the role author (--key, else keys/author.pem in the data directory).',
  operands: [['<subject>', 'what was committed to']],
  settings: [...READER_SETTINGS, 'key'],
  options: OPTIONS,
  json: true,
  examples: ["tallystick withdraw db/payments --reason 'moved to db/billing' --ticket CHG-7"],
  run: async (context, operands, flags) =>
    (await import('./subject/withdraw.ts')).withdraw(context, operands, flags),
};
