/** `tallystick commit`: declares configuration in a log, and keeps what proves it. */
import { join, relative, resolve } from 'node:path';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { commit, commitRepinned, type Committed } from '../../commit/commit.ts';
import type { Pinned, Pinning } from '../../commit/pin.ts';
import type { CommitRemark } from '../../commit/request.ts';
import { showPath } from '../../declare/leafopening.ts';
import { showValue } from '../../statement/leaf-text.ts';
import { STDIN } from '../../declare/node/files.ts';
import { PROOF_FILES, slugOf } from '../../declare/node/proofs.ts';
import { SOURCES } from '../../declare/sources/registry.ts';
import { loadSigner } from '../../keys/load.ts';
import { clientOf } from '../frame/client.ts';
import { EXIT } from '../exit.ts';
import { DECLARING, leavesAsked, PINNING, pinningOf, repinSubject, requestAsked } from './commit/request.ts';
import type { Context } from '../frame/context.ts';
import { proofsOf } from '../../commit/findevidence.ts';
import { proofsFolderOf } from '../frame/state.ts';
import { READER_SETTINGS } from '../frame/settings.ts';
import type { FlagsOf, Verb, VerbOption } from '../frame/verb.ts';
import { WAIT_OPTION, waiting } from '../frame/wait.ts';

const OPTIONS = [
  ...DECLARING,
  ...PINNING,
  {
    flags: '--issuer <text>',
    help: "who signs (default: the policy's name for the key, else its thumbprint)",
  },
  WAIT_OPTION,
] as const satisfies readonly VerbOption[];

type Own = FlagsOf<typeof OPTIONS>;

export const commitVerb: Verb<typeof OPTIONS> = {
  name: 'commit',
  summary: 'declare configuration in a log, and keep the proof',
  details:
    'Logs one signed commitment; only a salted root is made public, never names, sizes or contents. Files and ' +
    'directories become a leaf for each file. After a kind, a source is read into its parts instead, from a file or ' +
    'standard input: terraform (show -json of a plan or state), kubernetes (manifests), json, yaml, env. Leaves can be ' +
    'shown one by one later (disclose), sensitive ones never. The subject is the path of the one file, unless --subject says ' +
    'otherwise. The commitment supersedes the newest one of its subject; committing the same again changes nothing. ' +
    'Claims and approvals of the one before are not lost by accident: give them again, or say --drop-claims, --approvals 0. ' +
    'What a target signs (class E3) counts only by the identity that the commitment names: --pin looks once and names it; ' +
    'it stays with later commitments, and --repin changes it alone. ' +
    'The proof goes to tallystick-proofs/<subject>/; opening.json or leaves.json there is for you alone. What it ' +
    'replaces is kept below earlier/ there.',
  operands: [
    [
      '[kind|files...]',
      `files and directories, - for standard input; or one of ${['files', ...SOURCES.map(({ kind }) => kind)].join(', ')}, and what to read`,
    ],
  ],
  settings: [...READER_SETTINGS, 'key', 'proofsDir'],
  options: OPTIONS,
  json: true,
  examples: [
    'tallystick commit package-lock.json',
    'tallystick commit postgresql.conf pg_hba.conf --subject db/payments --environment production',
    'terraform show -json plan | tallystick commit terraform --subject tf/network --key ssh-agent:',
    'tallystick commit kubernetes web.yaml --subject prod/web --claims claims.yaml --pin',
    'tallystick commit --repin --subject prod/web',
  ],
  run,
};

async function run(context: Context, operands: readonly string[], flags: Own): Promise<number> {
  const { config, output } = context;
  if (flags.on('list')) return list(context, operands, flags);
  if (config.key === undefined) throw refuse('usage', 'say who signs with --key: a key file, or ssh-agent:');
  const signer = await loadSigner(config.key);
  const again = flags.on('repin') ? repinSubject(operands, flags) : undefined;
  if (again === undefined && operands.length === 0)
    throw refuse(
      'usage',
      'name what to declare: files, or a kind and its source; or say --repin; see --help',
    );
  const request = again === undefined ? await requestAsked(context, operands, flags) : undefined;
  const client = await clientOf(context, waiting(context, flags));
  const folder = join(proofsFolderOf(context), slugOf(request?.subject ?? again ?? ''));
  const options = {
    signer,
    issuer: flags.text('issuer'),
    folder,
    onRemark: ({ level, text }: CommitRemark) =>
      level === 'warning' ? output.warn(text) : output.note(text),
  };
  const pinning = async (): Promise<Pinning> => pinningOf(context, flags);
  const committed =
    request === undefined
      ? await commitRepinned(client, again ?? '', { ...options, pinning: await pinning() })
      : await commit(client, request, { ...options, ...(flags.on('pin') && { pinning: await pinning() }) });
  report(context, committed, folder);
  output.note(
    `check it offline: tallystick verify ${await nameOf(operands, committed.files, folder, context)}`,
  );
  return EXIT.ok;
}

/** What would be committed to, leaf by leaf. What looks like a secret is not printed: it would not be committed to. */
async function list(context: Context, operands: readonly string[], flags: Own): Promise<number> {
  const { output } = context;
  const { profile, leaves, excluded, unmarked } = await leavesAsked(context, operands, flags);
  const named = unmarked.filter(({ inName }) => inName === true);
  const secrets = new Map(
    unmarked.flatMap(({ path, why, inName }) => (inName === true ? [] : [[path, why] as const])),
  );
  const shown = ({ path, value }: (typeof leaves)[number]): string =>
    secrets.has(path) ? `(a secret? it looks like ${secrets.get(path)})` : showValue(value);
  for (const leaf of leaves) output.print(`${showPath(leaf.path)}  ${shown(leaf)}`);
  for (const { path, reason } of excluded)
    output.note(`left out: ${showPath(path)} (${printable(reason, 512)})`);
  output.result('leaves', {
    profile,
    leaves: leaves.map((leaf) => ({
      path: leaf.path,
      value: shown(leaf),
      sensitive: leaf.sensitive,
      looks_like: secrets.get(leaf.path) ?? null,
    })),
    excluded: excluded.map(({ path, reason }) => ({ path, reason })),
  });
  if (unmarked.length === 0) return EXIT.ok;
  for (const { path, why } of named)
    output.warn(
      `the name of a member of ${showPath(path)} looks like ${printable(why)}; nothing hides names`,
    );
  output.warn(
    `${unmarked.length} of ${leaves.length} leaves look like secrets: for each say --sensitive PATH, or --not-secret PATH`,
  );
  return EXIT.usage;
}

function report({ output, world }: Context, committed: Committed, folder: string): void {
  const { subject, leaves, logged, already, supersedes, pinned, files } = committed;
  const lines = [
    output.paint('green', already ? 'already logged' : 'logged'),
    `entry     ${logged.id}`,
    `index     ${logged.index}`,
    `subject   ${subject} (${leaves} ${leaves === 1 ? 'leaf' : 'leaves'})`,
    ...(supersedes === undefined ? [] : [`replaces  ${supersedes}`]),
    `location  ${logged.location}`,
    `saved in  ${relative(world.cwd, folder)}/`,
    ...files.map((name) => `          ${name}`),
    ...pinLines(pinned),
  ];
  output.print(lines.join('\n'));
  output.result('commit', {
    entry: logged.id,
    index: logged.index,
    subject,
    leaves,
    already_logged: already,
    supersedes: supersedes ?? null,
    location: logged.location,
    folder,
    files,
    pinned: pinned.map(({ at, text, ends }) => ({ at, identity: text, ends: ends ?? null })),
  });
}

/** For people. */
function pinLines(pinned: readonly Pinned[]): readonly string[] {
  return pinned.flatMap(({ at, text, ends, note }) => {
    const until = ends === undefined ? '' : `, until ${new Date(ends * 1000).toISOString().slice(0, 10)}`;
    return [
      `pinned    ${printable(at, 200)}: ${printable(text, 300)}${until}`,
      ...(note === undefined ? [] : [`          ${printable(note, 300)}`]),
    ];
  });
}

/** The shortest name by which verify finds this proof again, and no other. */
async function nameOf(
  operands: readonly string[],
  files: readonly string[],
  folder: string,
  context: Context,
): Promise<string> {
  const { cwd } = context.world;
  const [only] = operands;
  const whole = operands.length === 1 && only !== undefined && only !== STDIN;
  if (!whole || !files.includes(PROOF_FILES.opening)) return relative(cwd, folder);
  const proofs = await proofsOf(resolve(cwd, only), proofsFolderOf(context));
  return proofs.length === 1 ? only : relative(cwd, folder);
}
