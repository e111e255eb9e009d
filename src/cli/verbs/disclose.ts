/** `tallystick disclose`: writes chosen leaves of a declaration to hand over, and nothing about the others. */
import { join, relative, resolve } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import { disclose, showPath, type OpenedLeaves } from '../../declare/leafopening.ts';
import { existsSync } from 'node:fs';
import { readNamedFile } from '../../platform/files.ts';
import { isWithdrawal } from '../../statement/commitment.ts';
import { declaredValues, showValue } from '../../statement/leaf-text.ts';
import { parseStatement } from '../../statement/parse.ts';
import { ownedFolder, writeDisclosure } from '../../declare/node/disclosure-folder.ts';
import { readOwned } from '../../declare/node/owned.ts';
import type { Output } from '../frame/output.ts';
import { PROOF_FILES, slugOf } from '../../declare/node/proofs.ts';
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
    const readers = await readersIn(folder);
    if (flags.on('list')) return tell(output, { owned, readers }, owned.leaves, null);
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
    return tell(output, { owned, readers }, disclosure.openings, out);
  },
});

/** Which claims of the commitment in a proof directory read a leaf, by path: such a leaf is public already. */
async function readersIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const statement = join(folder, PROOF_FILES.statement);
  const parsed = existsSync(statement) ? parseStatement(await readNamedFile(statement)) : undefined;
  if (parsed?.kind !== 'commitment' || isWithdrawal(parsed.commitment)) return new Map();
  const read = declaredValues(parsed.commitment.claims);
  return new Map(read.map(({ path, readers }) => [path, readers.join('; ')]));
}

interface Shown {
  readonly owned: OpenedLeaves;
  readonly readers: ReadonlyMap<string, string>;
}

/** `folder`: the directory that was written; null with --list. */
function tell(
  output: Output,
  { owned: { subject, leaves: all }, readers }: Shown,
  leaves: readonly { readonly path: string; readonly value: Parameters<typeof showValue>[0] }[],
  folder: string | null,
): number {
  const shown = leaves.map(({ path, value }) => ({
    path,
    value: showValue(value),
    read_by: readers.get(path) ?? null,
  }));
  for (const { path, value, read_by: by } of shown)
    output.print(`${showPath(path)}  ${value}${by === null ? '' : `  (public: ${by})`}`);
  output.result('disclose', { subject, folder, leaves: shown, of: all.length });
  return EXIT.ok;
}
