/** `tallystick restore`: checks a backup entry by entry, then puts it in place. */
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
    'Checks the copy against its manifest, and recomputes it from its entry bytes, before it writes anything. It refuses ' +
    'a copy that ends before the highest head that this log ever signed: the log would continue it with a second history.',
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
      `there was no guard in ${layout.guardDir}: the new one takes this backup for the newest state. If the log ever signed ` +
        `a head above ${head.size} entries, it would show two histories: read "A lost guard" in spec/operations.md before you ` +
        'start it',
    );
  for (const key of [layout.ed25519, layout.mldsa44, layout.receipt]) {
    if (!existsSync(key)) output.warn(`the key ${key} is missing: put it back before you start the log`);
  }
  return EXIT.ok;
}
