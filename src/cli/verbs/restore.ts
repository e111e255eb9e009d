/** `tallystick restore`: puts a backup in place, after it was checked entry by entry. */
import { existsSync } from 'node:fs';
import { EXIT } from '../exit.ts';
import { restoreFrom } from '../../service/restore.ts';
import type { Context } from '../frame/context.ts';
import type { Progress } from '../frame/output.ts';
import type { Verb } from '../frame/verb.ts';

export const restoreVerb: Verb = {
  name: 'restore',
  summary: 'put a backup in place, after checking every entry',
  details:
    'Checks the copy against its manifest and from its entry bytes before anything is written, and refuses one that ' +
    'is behind the highest head this log ever signed: going on from it would show two histories.',
  operands: [['<dir>', 'directory that `tallystick backup` made']],
  settings: ['dataDir', 'guardDir'],
  json: true,
  examples: ['tallystick restore /var/backups/log-2026-11-22 --data-dir ./tallystick-data'],
  run: restore,
};

async function restore(context: Context, operands: readonly string[]): Promise<number> {
  const [source = ''] = operands;
  const { config, output } = context;
  let progress: Progress | undefined;
  const { layout, origin, head, guarded } = await restoreFrom(source, config, (done, of) => {
    progress ??= output.progress('entries', of);
    progress.at(done);
  });
  progress?.end();
  output.result('restore', {
    origin,
    size: head.size,
    root: head.root.toHex(),
    dataDir: config.dataDir,
    guard: guarded ? 'checked' : 'made',
  });
  output.print(`${config.dataDir}: restored ${head.size} entries of ${origin}, every one checked`);
  if (!guarded)
    output.warn(
      `there was no guard in ${layout.guardDir}: the new one believes this backup. If a head above ${head.size} entries was ` +
        'ever signed, the log would show two histories: read "A lost guard" in spec/operations.md before you start it',
    );
  for (const key of [layout.ed25519, layout.mldsa44, layout.receipt]) {
    if (!existsSync(key)) output.warn(`the key ${key} is not there: put it back before you start the log`);
  }
  return EXIT.ok;
}
