/** `tallystick backup`: a consistent copy of the log, taken while it runs, with a manifest. */
import { resolve } from 'node:path';
import { EXIT } from '../exit.ts';
import { backUp } from '../../service/backup.ts';
import type { Context } from '../frame/context.ts';
import type { Verb } from '../frame/verb.ts';

export const backupVerb: Verb = {
  name: 'backup',
  summary: 'copy a log, also while it runs',
  details:
    'Writes a consistent copy of the store, the configuration and a manifest with the tree head to a new directory. ' +
    'It contains no private keys: back them up separately. It does not contain the signed-head guard, because restoring ' +
    'an older guard would let the log sign a second history.',
  operands: [['<dir>', 'directory to make']],
  settings: ['dataDir'],
  json: true,
  examples: [
    'tallystick backup /var/backups/log-$(date +%F)',
    'tallystick restore /var/backups/log-2026-11-22 --data-dir ./restored',
  ],
  run: backup,
};

async function backup(context: Context, operands: readonly string[]): Promise<number> {
  const { config, output, world } = context;
  const [named = ''] = operands;
  const progress = output.progress('pages', 0);
  const manifest = await backUp(config.dataDir, resolve(world.cwd, named), (done) => progress.at(done));
  progress.end();
  output.result('backup', { ...manifest, schema: undefined, dir: named });
  output.print(`${named}: ${manifest.size} entries of ${manifest.origin}, root ${manifest.root}`);
  return EXIT.ok;
}
