/** `tallystick wait`: after a deployment, until it is proven. */
import { waitUntilProven } from '../../client/wait.ts';
import { durationOf } from '../frame/flagtext.ts';
import { readingOf, SEE_OPTIONS } from '../frame/reading.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { defineVerb } from '../frame/verb.ts';
import { hindranceText, tellGate } from '../views/gate.ts';

export const waitVerb = defineVerb({
  name: 'wait',
  summary: 'wait until the claims of subjects are proven by a new look at them, for CI',
  details:
    'A proof counts that was made after the newest deployment that is marked (see deploy mark), or from now on when ' +
    'none is. A log that is away is asked again while there is time. Exits 0 when every claim is PROVEN or waived, 3 at ' +
    'once when a new proof says VIOLATED or CONTRADICTED, 5 when time is up.',
  operands: [['<subjects...>', 'what was committed to']],
  settings: READER_SETTINGS,
  options: [
    { flags: '--within <time>', help: 'how long to wait, such as 90s or 5m (default: 5m)' },
    {
      flags: '--from <moment>',
      help: 'proofs made since then count: deployment (default) or now',
      choices: ['deployment', 'now'],
    },
    ...SEE_OPTIONS,
  ],
  json: true,
  examples: [
    'tallystick wait db/payments --within 5m',
    'tallystick wait db/payments web/shop --from now --json',
  ],
  run: async (context, subjects, flags) => {
    const { output, world } = context;
    const within = durationOf(flags.text('within') ?? '5m', '--within');
    let told = '';
    const { snapshot, statuses, hindrances, waited } = await waitUntilProven(
      await readingOf(context, flags),
      {
        subjects,
        within,
        fromNow: flags.text('from') === 'now',
        now: world.now,
        sleep: world.sleep,
        onWaiting: (found) => {
          const text = found.map(hindranceText).join('; ');
          if (text !== told) output.note(`waiting: ${text}`);
          told = text;
        },
      },
    );
    return tellGate(output, 'wait', snapshot, statuses, hindrances, waited);
  },
});
