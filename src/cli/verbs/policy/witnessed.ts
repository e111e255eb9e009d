/** `tallystick policy witnessed`: enrols the key with which the log logs its own witnessed heads. */
import { existsSync } from 'node:fs';
import { generateKey, loadKeyFile } from '../../../keys/load.ts';
import { enrolNotary } from '../../../registration/edits.ts';
import { layoutOf } from '../../../service/layout.ts';
import { defineVerb } from '../../frame/verb.ts';
import { change, CHANGES, DRY_RUN, WRITES } from './change.ts';

export const witnessedVerb = defineVerb({
  name: 'witnessed',
  summary: "enrol the log's own key for witnessed heads, which bound entries in time",
  details:
    `${CHANGES} The key is keys/notary.pem in the data directory; made if it is missing. It may log only notices about the log ` +
    'itself. `init` makes and enrols it for a new log. A running log uses it without a restart.',
  settings: WRITES,
  options: [DRY_RUN],
  json: true,
  examples: ['tallystick policy witnessed', 'tallystick policy witnessed --dry-run'],
  run: async (context, _, flags) => {
    const { notary } = layoutOf(context.config);
    if (!existsSync(notary)) {
      await generateKey(notary, 'ed25519');
      context.output.note(`made ${notary}`);
    }
    const key = (await loadKeyFile(notary)).publicKey;
    return change(context, {
      name: 'witnessed',
      dryRun: flags.on('dryRun'),
      edit: (document) => enrolNotary(document, key),
      already: 'the key of the log is enrolled for witnessed heads',
    });
  },
});
