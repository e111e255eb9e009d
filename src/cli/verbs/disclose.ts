/** `tallystick disclose`: shows chosen leaves of a declaration, and nothing of the others. */
import { join, relative, resolve } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import { disclose, showPath, type OpenedLeaves } from '../../declare/leafopening.ts';
import { showValue } from '../../statement/leaf-text.ts';
import { ownedFolder, writeDisclosure } from '../../declare/node/disclosure-folder.ts';
import { readOwned } from '../../declare/node/owned.ts';
import type { Output } from '../frame/output.ts';
import { slugOf } from '../../declare/node/proofs.ts';
import { proofsFolderOf } from '../frame/state.ts';
import { defineVerb } from '../frame/verb.ts';

export const discloseVerb = defineVerb({
  name: 'disclose',
  summary: 'show chosen leaves of a committed declaration to somebody',
  details:
    'Makes a directory to hand over: the statement and its proofs, and the leaves at and below the paths you name, each ' +
    'with its way to the root that was logged. `tallystick verify` checks it with the log’s key alone. Salts and values ' +
    'of all other leaves stay with you; sensitive ones are keyed digests even there.',
  operands: [
    ['<subject>', 'subject of the commitment, or its proof directory'],
    ['[paths...]', 'leaves to show, as `commit --list` prints them'],
  ],
  settings: ['proofsDir'],
  options: [
    { flags: '--out <dir>', help: 'where to put it (default: tallystick-disclosure/<subject>)' },
    { flags: '--all', help: 'show every leaf: nothing but sensitive values stays with you' },
    { flags: '--list', help: 'print all leaves, show nothing to anybody' },
  ],
  json: true,
  examples: [
    'tallystick disclose prod/web --list',
    "tallystick disclose prod/web '/apps~1v1/Deployment/prod/web/spec/replicas' --out for-the-auditor",
    'tallystick verify for-the-auditor --vkey log.vkey',
  ],
  run: async (context, operands, flags) => {
    const { output, world } = context;
    const [subject = '', ...paths] = operands;
    const { folder, file } = ownedFolder(subject, proofsFolderOf(context), resolve(world.cwd, subject));
    const owned = await readOwned(file);
    if (flags.on('list')) return tell(output, owned, owned.leaves, null);
    const all = flags.on('all');
    if (paths.length > 0 === all)
      throw refuse(
        'usage',
        'name the leaves to show, or say --all: tallystick disclose <subject> --list prints them',
      );
    const disclosure = disclose(owned, all ? owned.leaves.map(({ path }) => path) : paths);
    const out = resolve(world.cwd, flags.text('out') ?? join('tallystick-disclosure', slugOf(owned.subject)));
    await writeDisclosure(folder, out, disclosure);
    const shown = relative(world.cwd, out);
    output.note(`hand over ${shown}/; it is checked with: tallystick verify ${shown}`);
    return tell(output, owned, disclosure.openings, out);
  },
});

/** `folder`: where the leaves are shown; null where they are only listed. */
function tell(
  output: Output,
  { subject, leaves: all }: OpenedLeaves,
  leaves: readonly { readonly path: string; readonly value: Parameters<typeof showValue>[0] }[],
  folder: string | null,
): number {
  for (const { path, value } of leaves) output.print(`${showPath(path)}  ${showValue(value)}`);
  const shown = leaves.map(({ path, value }) => ({ path, value: showValue(value) }));
  output.result('disclose', { subject, folder, leaves: shown, of: all.length });
  return EXIT.ok;
}
