/** `tallystick wait`: waits until a deployment is proven. */
import { waitUntilProven } from '../../client/wait.ts';
import { durationOf } from '../frame/flagtext.ts';
import { readingOf, SEE_OPTIONS } from '../frame/reading.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { defineVerb } from '../frame/verb.ts';
import { shellWord } from '../../bytes/shellword.ts';
import { hindranceText, tellGate } from '../views/gate.ts';

export const waitVerb = defineVerb({
  name: 'wait',
  summary: 'wait until new proofs show that the claims of subjects hold, for CI',
  details:
    'Proofs count that were made after the newest marked deployment (see deploy mark); without one, only proofs that begin after this ' +
    'command does: mark the deployment before, or ask `gate` where claims stand now. If the log cannot be reached, it is asked again until the time is up. Exits 0 if every claim is PROVEN or ' +
    'waived, 3 at once if a new proof shows VIOLATED or CONTRADICTED, 5 if the time is up.',
  operands: [['<subjects...>', 'subjects of commitments']],
  settings: READER_SETTINGS,
  options: [
    { flags: '--within <time>', help: 'how long to wait, such as 90s or 5m (default: 5m)' },
    {
      flags: '--from <moment>',
      help: 'which proofs count: those made since the deployment (default) or from now on',
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
    const { snapshot, statuses, hindrances, waited, unmarked } = await waitUntilProven(
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
    if (hindrances.some(({ kind }) => kind === 'unseen'))
      for (const each of unmarked.map((subject) => shellWord(subject)))
        output.note(
          `no deployment of ${each} is marked, so only proofs that began after this command count. For those since a deployment, mark ` +
            `it first: tallystick deploy mark --subject ${each}\nwhere the claims stand now: tallystick gate ${each}`,
        );
    return tellGate(output, 'wait', snapshot, statuses, hindrances, waited);
  },
});
