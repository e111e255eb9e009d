/** `tallystick commit`: declares configuration in a log, and keeps what proves it. */
import { printable } from '../../bytes/printable.ts';
import { join, relative, resolve } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { EXIT } from '../exit.ts';
import type { ProvenEntry } from '../../client/view.ts';
import { approversFor, tooFew } from '../../appraisal/approvers.ts';
import { formatHex } from '../../bytes/text.ts';
import { keyThumbprint } from '../../cose/key.ts';
import { loadSigner } from '../../keys/load.ts';
import type { Signer } from '../../sign/signer.ts';
import type { Policy } from '../../statement/policy.ts';
import { onceLoggedHere } from '../acknowledged.ts';
import type { Declared } from '../../declare/node/declarefiles.ts';
import { keepEarlier } from '../commit/earlier.ts';
import { STDIN } from '../../declare/node/files.ts';
import { showPath, showValue } from '../../declare/leafopening.ts';
import { identify, identifyAgain, pinLines, PINNING } from '../commit/identify.ts';
import { prepare, type Prepared } from '../commit/publish.ts';
import { issuerOf } from '../../registration/issuer.ts';
import type { Pinned } from '../commit/pin.ts';
import { assertKept, isOvertaken, MOST_RACES } from '../commit/race.ts';
import { repinSubject } from '../commit/repin.ts';
import { SOURCES } from '../../declare/sources/registry.ts';
import { declareAsked, DECLARING, leavesAsked } from '../commit/wish.ts';
import type { Context } from '../context.ts';
import { tryFolder } from '../../platform/files.ts';
import { proofsOf } from '../findevidence.ts';
import { ownInput } from '../owninput.ts';
import { PROOF_FILES, proofsFolderOf, saveProofs, slugOf } from '../proofs.ts';
import type { LoggedStatement } from '../../client/log-statement.ts';
import { clientOf } from '../client.ts';
import type { Flags, Verb } from '../verb.ts';
import { WAIT_OPTION, waiting } from '../wait.ts';

export const commitVerb: Verb = {
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
  settings: [
    'log',
    'url',
    'host',
    'port',
    'key',
    'vkey',
    'logOrigin',
    'policy',
    'dataDir',
    'stateDir',
    'peer',
    'proofsDir',
  ],
  options: [
    ...DECLARING,
    ...PINNING,
    {
      flags: '--issuer <text>',
      help: "who signs (default: the policy's name for the key, else its thumbprint)",
    },
    WAIT_OPTION,
  ],
  json: true,
  examples: [
    'tallystick commit package-lock.json',
    'tallystick commit postgresql.conf pg_hba.conf --subject db/payments --environment production',
    'terraform show -json plan | tallystick commit terraform --subject tf/network --key ssh-agent:',
    'tallystick commit kubernetes web.yaml --subject prod/web --claims claims.yaml --pin',
    'tallystick commit --repin --subject prod/web',
  ],
  run: commit,
};

/** The log knows a statement that it has. */
const AGAIN = 'The same command again saves its proof, and logs nothing more';

async function commit(context: Context, operands: readonly string[], flags: Flags): Promise<number> {
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
  const asked = again === undefined ? await declareAsked(context, operands, flags) : undefined;
  const subject = asked?.subject ?? again ?? '';
  const whom = waiting(context, flags);
  const session = await clientOf(context, whom);
  const view = await session.view();
  const policy = await session.policy(view);
  const newest = (): Promise<ProvenEntry | undefined> =>
    session.newest(view, { subject, kind: 'commitment' });
  const first = await newest();
  const folder = join(proofsFolderOf(context), slugOf(subject));
  const known = { whom, newest: first, policy };
  const { declared, pinned, mayReplace } =
    asked === undefined
      ? await identifyAgain(context, subject, folder, flags, known)
      : await identify(context, asked, flags, known);
  const issuer = flags.text('issuer') ?? issuerOf(policy, signer.publicKey);
  const { origin } = view.opened.checkpoint;
  const few = policy && fewApprovers(policy, declared, signer);
  if (few !== undefined) output.warn(few);
  // What is logged is not taken back: where its proof cannot be kept, nothing is.
  await tryFolder(folder);
  const owned = await ownInput(async () => declared.owned(folder));
  const submit = async (before: ProvenEntry | undefined): Promise<Submitted> => {
    const prepared = await prepare({ ...declared, log: origin }, before, signer, issuer, mayReplace);
    return { prepared, logged: await session.logStatement(prepared.statement, { goOn: AGAIN }) };
  };
  const { prepared, logged } = await givingWay(declared, first, newest, submit);
  const files = await onceLoggedHere(logged.id, AGAIN, async () => {
    await keepEarlier(folder, logged.id);
    return saveProofs(folder, logged.evidence, owned);
  });
  report(context, { declared, pinned, prepared, logged, folder, files });
  output.note(`check it offline: tallystick verify ${await nameOf(operands, files, folder, context)}`);
  return EXIT.ok;
}

/** What it asks for itself; `status` says it of what is in force. */
function fewApprovers(
  policy: Policy,
  { subject, declaration }: Declared,
  { publicKey }: Signer,
): string | undefined {
  const kid = formatHex(keyThumbprint(publicKey));
  return tooFew(declaration.approvals ?? 0, approversFor(policy, subject, kid));
}

interface Submitted {
  readonly prepared: Prepared;
  readonly logged: LoggedStatement;
}

/** Submits after the newest commitment of the subject; again, when another came first that says nothing which this one drops. */
async function givingWay(
  { subject, declaration }: Declared,
  first: ProvenEntry | undefined,
  newest: () => Promise<ProvenEntry | undefined>,
  submit: (before: ProvenEntry | undefined) => Promise<Submitted>,
): Promise<Submitted> {
  let before = first;
  for (let races = 0; ; races++) {
    try {
      return await submit(before);
    } catch (error) {
      const now = isOvertaken(error) && races < MOST_RACES ? await newest() : undefined;
      if (now === undefined || now.index === before?.index) throw error;
      assertKept(subject, declaration, now);
      before = now;
    }
  }
}

/** What would be committed to, leaf by leaf. What looks like a secret is not printed: it would not be committed to. */
async function list(context: Context, operands: readonly string[], flags: Flags): Promise<number> {
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

/** What happened, as far as a report tells it. */
interface Done {
  readonly declared: Declared;
  readonly pinned: readonly Pinned[];
  readonly prepared: Prepared;
  readonly logged: LoggedStatement;
  readonly folder: string;
  readonly files: readonly string[];
}

function report({ output, world }: Context, done: Done): void {
  const { declared, pinned, prepared, logged, folder, files } = done;
  const { id, index, location } = logged;
  const count = declared.leaves;
  // Somebody may have posted it first, in the other spelling of its signature.
  const again = prepared.repeats || logged.already;
  const lines = [
    output.paint('green', again ? 'already logged' : 'logged'),
    `entry     ${id}`,
    `index     ${index}`,
    `subject   ${declared.subject} (${count} ${count === 1 ? 'leaf' : 'leaves'})`,
    ...(prepared.supersedes === undefined ? [] : [`replaces  ${prepared.supersedes}`]),
    `location  ${location}`,
    `saved in  ${relative(world.cwd, folder)}/`,
    ...files.map((name) => `          ${name}`),
    ...pinLines(pinned),
  ];
  output.print(lines.join('\n'));
  output.result('commit', {
    entry: id,
    index,
    subject: declared.subject,
    leaves: count,
    already_logged: again,
    supersedes: prepared.supersedes ?? null,
    location,
    folder,
    files,
    pinned: pinned.map(({ at, text, ends }) => ({ at, identity: text, ends: ends ?? null })),
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
