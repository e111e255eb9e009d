/** `tallystick disclose`: writes chosen leaves of a declaration to hand over, and nothing about the others. */
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
  summary: 'disclose chosen leaves of a commitment to somebody',
  details:
    'Makes a directory to hand over: the statement, its proofs, and the leaves at and below the paths that you name, each ' +
    'with its inclusion proof to the logged root. `tallystick verify` checks it with the log’s key alone. The directory ' +
    'has no salts and values of other leaves, and only keyed digests of sensitive values.',
  operands: [
    ['<subject>', 'subject of the commitment, or its proof directory'],
    ['[paths...]', 'leaves to show, as `commit --list` prints them'],
  ],
  settings: ['proofsDir'],
  options: [
    { flags: '--out <dir>', help: 'where to put it (default: tallystick-disclosure/<subject>)' },
    { flags: '--all', help: 'disclose every leaf; of sensitive ones, only the keyed digests' },
    { flags: '--list', help: 'print all leaves and write nothing' },
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
        'name the leaves to disclose, or pass --all: tallystick disclose <subject> --list prints them',
      );
    const disclosure = disclose(owned, all ? owned.leaves.map(({ path }) => path) : paths);
    const out = resolve(world.cwd, flags.text('out') ?? join('tallystick-disclosure', slugOf(owned.subject)));
    await writeDisclosure(folder, out, disclosure);
    const shown = relative(world.cwd, out);
    output.note(`hand over ${shown}/; its reader checks it with: tallystick verify ${shown}`);
    return tell(output, owned, disclosure.openings, out);
  },
});

/** `folder`: the directory that was written; null with --list. */
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
