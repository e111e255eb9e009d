/** `tallystick wait`: after a deployment, until it is proven. */
import { SEE_OPTIONS } from './subject/asked.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { Verb, VerbOption } from '../frame/verb.ts';

const OPTIONS = [
  { flags: '--within <time>', help: 'how long to wait, such as 90s or 5m (default: 5m)' },
  {
    flags: '--from <moment>',
    help: 'proofs made since then count: deployment (default) or now',
    choices: ['deployment', 'now'],
  },
  ...SEE_OPTIONS,
] as const satisfies readonly VerbOption[];

export const waitVerb: Verb<typeof OPTIONS> = {
  name: 'wait',
  summary: 'wait until the claims of subjects are proven by a new look at them, for CI',
  details:
    'A proof counts that was made after the newest deployment that is marked (see deploy mark), or from now on when ' +
    'none is. A log that is away is asked again while there is time. Exits 0 when every claim is PROVEN or waived, 3 at ' +
    'once when a new proof says VIOLATED or CONTRADICTED, 5 when time is up.',
  operands: [['<subjects...>', 'what was committed to']],
  settings: READER_SETTINGS,
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick wait db/payments --within 5m',
    'tallystick wait db/payments web/shop --from now --json',
  ],
  run: async (context, operands, flags) => (await import('./subject/gate.ts')).wait(context, operands, flags),
};
