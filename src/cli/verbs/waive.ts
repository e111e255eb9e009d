/** `tallystick waive`: somebody answers for claims not being proven. */
import { SEE_OPTIONS } from './subject/asked.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';

const OPTIONS = [
  { flags: '--owner <name>', help: 'who answers for it' },
  { flags: '--reason <text>', help: 'why' },
  { flags: '--until <date>', help: 'such as 2027-01-31 (UTC), 7d, or now; a year at most' },
  ...SEE_OPTIONS,
] as const satisfies readonly VerbOption[];

export const waiveVerb: Verb<typeof OPTIONS> = {
  name: 'waive',
  summary: 'answer for claims that are not proven, until a date',
  details:
    'The verdict is WAIVED until then, which is no pass: whoever looks sees who, why and until when. Signed in the role ' +
    "approver (--key, else keys/approver.pem in the data directory), never by the commitment's author. A later waiver " +
    'replaces an earlier one; --until now ends it.',
  operands: [
    ['<subject>', 'what was committed to'],
    ['<claims...>', 'ids of its claims'],
  ],
  settings: [...READER_SETTINGS, 'key'],
  options: OPTIONS,
  json: true,
  examples: [
    "tallystick waive db/payments tls12-refused --owner Alice --reason 'the old terminal' --until 7d",
    "tallystick waive db/payments tls12-refused --owner Alice --reason 'terminal replaced' --until now",
  ],
  run: async (context, operands, flags) =>
    (await import('./subject/waive.ts')).waive(context, operands, flags),
};
