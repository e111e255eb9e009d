/** `tallystick policy witnessed`: enrols the key with which the log logs its own witnessed heads. */
import { existsSync } from 'node:fs';
import { generateKey, loadKeyFile } from '../../../keys/load.ts';
import { enrolNotary } from '../../../registration/edits.ts';
import { layoutOf } from '../../../service/layout.ts';
import type { Context } from '../../frame/context.ts';
import type { FlagsOf, Verb, VerbOption } from '../../frame/verb.ts';
import { change, CHANGES, DRY_RUN, WRITES } from './change.ts';

const OPTIONS = [DRY_RUN] as const satisfies readonly VerbOption[];

export const witnessedVerb: Verb<typeof OPTIONS> = {
  name: 'witnessed',
  summary: "enrol the log's own key for witnessed heads, which bound entries in time",
  details:
    `${CHANGES} The key is keys/notary.pem in the data directory; made if it is missing. It may log only notices about the log ` +
    'itself. `init` makes and enrols it for a new log. A running log uses it without a restart.',
  settings: WRITES,
  options: OPTIONS,
  json: true,
  examples: ['tallystick policy witnessed', 'tallystick policy witnessed --dry-run'],
  run: witnessed,
};

async function witnessed(
  context: Context,
  _: readonly string[],
  flags: FlagsOf<typeof OPTIONS>,
): Promise<number> {
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
}
