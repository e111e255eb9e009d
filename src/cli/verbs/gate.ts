/** `tallystick gate`: lets a pipeline go on only if claims are proven. */
import { gate } from '../../appraisal/gate.ts';
import { statusesOf } from '../../client/statuses.ts';
import { EVIDENCE_CLASSES } from '../../statement/vocabulary.ts';
import { durationOf } from '../frame/flagtext.ts';
import { SEE_OPTIONS, snapshotOf } from '../frame/reading.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import { defineVerb } from '../frame/verb.ts';
import { tellGate } from '../views/gate.ts';

export const gateVerb = defineVerb({
  name: 'gate',
  summary: 'pass only if the claims of subjects are proven now, for CI',
  details:
    'Reads the log once. fresh: every claim is PROVEN or waived; proven: waivers do not count. A subject without claims ' +
    'never passes. Exits 0 if it passes, 3 if a claim is VIOLATED, CONTRADICTED or REVOKED, 5 if a claim is STALE or ' +
    'UNKNOWN, or its proof is too old or of too low a class.',
  operands: [['<subjects...>', 'subjects of commitments']],
  settings: READER_SETTINGS,
  options: [
    { flags: '--require <what>', help: 'fresh (default) or proven', choices: ['fresh', 'proven'] },
    { flags: '--min-evidence <class>', help: 'lowest evidence class that passes', choices: EVIDENCE_CLASSES },
    { flags: '--max-age <time>', help: 'oldest proof that passes, such as 10m' },
    ...SEE_OPTIONS,
  ],
  json: true,
  examples: [
    'tallystick gate db/payments --require fresh',
    'tallystick gate db/payments web/shop --require proven --min-evidence E3 --max-age 10m',
  ],
  run: async (context, subjects, flags) => {
    const maxAge = flags.text('maxAge');
    const rules = {
      strict: flags.text('require') === 'proven',
      minEvidence: EVIDENCE_CLASSES.find((each) => each === flags.text('minEvidence')),
      maxAge: maxAge === undefined ? undefined : durationOf(maxAge, '--max-age'),
    };
    const look = await snapshotOf(context, flags);
    const statuses = await statusesOf(look, subjects);
    const hindrances = statuses.flatMap((each) => gate(each, rules));
    return tellGate(context.output, 'gate', look, statuses, hindrances);
  },
});
