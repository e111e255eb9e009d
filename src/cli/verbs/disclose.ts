/** `tallystick disclose`: shows chosen leaves of a declaration, and nothing of the others. */
import { copyFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import { disclose, formatDisclosure, showPath, type OpenedLeaves } from '../../declare/leafopening.ts';
import { showValue } from '../../statement/leaf-text.ts';
import { OWNED_FILES, ownedFilesIn, readOwned } from '../../declare/node/owned.ts';
import type { Context } from '../context.ts';
import { makeFolder, replaceFile } from '../../platform/files.ts';
import { PROOF_FILES, slugOf } from '../../declare/node/proofs.ts';
import { proofsFolderOf } from '../state.ts';
import type { FlagsOf, Verb, VerbOption } from '../verb.ts';

const OPTIONS = [
  { flags: '--out <dir>', help: 'where to put it (default: tallystick-disclosure/<subject>)' },
  { flags: '--all', help: 'show every leaf: nothing but sensitive values stays with you' },
  { flags: '--list', help: 'print all leaves, show nothing to anybody' },
] as const satisfies readonly VerbOption[];

type Own = FlagsOf<typeof OPTIONS>;

export const discloseVerb: Verb<typeof OPTIONS> = {
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
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick disclose prod/web --list',
    "tallystick disclose prod/web '/apps~1v1/Deployment/prod/web/spec/replicas' --out for-the-auditor",
    'tallystick verify for-the-auditor --vkey log.vkey',
  ],
  run,
};

async function run(context: Context, operands: readonly string[], flags: Own): Promise<number> {
  const { output, world } = context;
  const [subject = '', ...paths] = operands;
  const [from, file] = ownedOf(context, subject);
  const owned = await readOwned(file);
  if (flags.on('list')) return list(context, owned);
  const all = flags.on('all');
  if (paths.length > 0 === all)
    throw refuse(
      'usage',
      'name the leaves to show, or say --all: tallystick disclose <subject> --list prints them',
    );
  const disclosure = disclose(owned, all ? owned.leaves.map(({ path }) => path) : paths);
  const out = resolve(world.cwd, flags.text('out') ?? join('tallystick-disclosure', slugOf(owned.subject)));
  await makeFolder(out);
  const kept: readonly string[] = [...OWNED_FILES, PROOF_FILES.disclosure];
  const names = Object.values(PROOF_FILES).filter(
    (name) => !kept.includes(name) && existsSync(join(from, name)),
  );
  // The statement last: a directory with a statement is complete.
  await replaceFile(join(out, PROOF_FILES.disclosure), formatDisclosure(disclosure));
  for (const name of names.toSorted(
    (a, b) => Number(a === PROOF_FILES.statement) - Number(b === PROOF_FILES.statement),
  ))
    await copyFile(join(from, name), join(out, name));
  for (const { path, value } of disclosure.openings) output.print(`${showPath(path)}  ${showValue(value)}`);
  const shown = relative(world.cwd, out);
  output.note(`hand over ${shown}/; it is checked with: tallystick verify ${shown}`);
  output.result('disclose', {
    subject: owned.subject,
    folder: out,
    leaves: disclosure.openings.map(({ path, value }) => ({ path, value: showValue(value) })),
    of: owned.leaves.length,
  });
  return EXIT.ok;
}

function list({ output }: Context, { subject, leaves }: OpenedLeaves): number {
  for (const { path, value } of leaves) output.print(`${showPath(path)}  ${showValue(value)}`);
  output.result('disclose', {
    subject,
    folder: null,
    leaves: leaves.map(({ path, value }) => ({ path, value: showValue(value) })),
    of: leaves.length,
  });
  return EXIT.ok;
}

/** A subject's proof directory, and what its owner has there. Refuses `not-found` where nothing was committed. */
function ownedOf(context: Context, subject: string): readonly [folder: string, file: string] {
  const named = resolve(context.world.cwd, subject);
  const folders = [join(proofsFolderOf(context), slugOf(subject)), named];
  for (const folder of folders) {
    const [file] = ownedFilesIn(folder);
    if (file !== undefined) return [folder, file];
  }
  throw refuse(
    'not-found',
    `nothing was committed as ${subject} from here: \`tallystick commit\` leaves opening.json or leaves.json for its owner`,
  );
}
