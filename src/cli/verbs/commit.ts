/** `tallystick commit`: declares files in a log, and keeps what proves it. */
import { join, relative, resolve, sep } from 'node:path';
import { EXIT, refuse } from '../../bytes/refusal.ts';
import { submitStatement, type Registration } from '../../client/scrapi.ts';
import { loadSigner } from '../../keys/load.ts';
import type { Signer } from '../../sign/signer.ts';
import { TIERS, type Tier } from '../../statement/vocabulary.ts';
import { declare, type Declared } from '../commit/declare.ts';
import { STDIN } from '../commit/files.ts';
import { formatOpening } from '../commit/opening.ts';
import { issuerOf, prepare, type Prepared } from '../commit/publish.ts';
import { loadSaltSecret } from '../commit/salts.ts';
import type { Context } from '../context.ts';
import { stateDirOf } from '../heads.ts';
import { proofsFolderOf, saveProofs, slugOf } from '../proofs.ts';
import { Session, type Collected } from '../session.ts';
import type { Flags, Verb } from '../verb.ts';
import { WAIT_OPTION, waiting } from '../wait.ts';

export const commitVerb: Verb = {
  name: 'commit',
  summary: 'declare files in a log, and keep the proof',
  details:
    'Logs one signed commitment to all the files named; only a salted root is made public, never names, sizes or ' +
    'contents. The subject is the path of the one file or directory inside its git repository, else its name, unless ' +
    '--subject says otherwise. The commitment supersedes the newest one of its subject; committing the same files ' +
    'again changes nothing. The proof goes to tallystick-proofs/<subject>/; opening.json there is for you alone.',
  operands: [['<files...>', 'files and directories; - for standard input']],
  settings: [
    'log',
    'url',
    'host',
    'port',
    'key',
    'vkey',
    'policy',
    'dataDir',
    'stateDir',
    'peer',
    'proofsDir',
  ],
  options: [
    {
      flags: '--subject <text>',
      help: 'what the files configure; needed for several files and standard input',
    },
    { flags: '--environment <name>', help: 'such as production (default: default)' },
    { flags: '--tier <name>', help: 'how closely it is to be watched (default: background)', choices: TIERS },
    {
      flags: '--issuer <text>',
      help: "who signs (default: the policy's name for the key, else its thumbprint)",
    },
    {
      flags: '--salt-file <file>',
      help: 'secret that salts derive from, made when absent (default: in the state directory)',
    },
    WAIT_OPTION,
  ],
  json: true,
  examples: [
    'tallystick commit package-lock.json',
    'tallystick commit postgresql.conf pg_hba.conf --subject db/payments --environment production',
    'terraform show -json plan | tallystick commit - --subject tf/network --key ssh-agent:',
  ],
  run: commit,
};

async function commit(context: Context, operands: readonly string[], flags: Flags): Promise<number> {
  const { config, output } = context;
  if (config.key === undefined) throw refuse('usage', 'say who signs with --key: a key file, or ssh-agent:');
  const signer = await loadSigner(config.key);
  const declared = await declareAll(context, operands, flags);
  const session = await Session.open(context, waiting(flags));
  const prepared = await prepareAfterNewest(session, declared, signer, flags.text('issuer'));
  const registration = await submitStatement(session.transport, session.log, prepared.statement);
  const collected = await session.collect(registration.id, registration.receipt);
  session.assertVerified(collected.evidence);
  const folder = join(proofsFolderOf(context), slugOf(declared.subject));
  const base = relative(folder, declared.base).split(sep).join('/') || '.';
  const files = await saveProofs(folder, collected.evidence, formatOpening({ ...declared, base }));
  report(context, { declared, prepared, registration, collected, folder, files });
  output.note(`check it offline: tallystick verify ${nameOf(operands, folder, context)}`);
  return EXIT.ok;
}

async function declareAll(context: Context, operands: readonly string[], flags: Flags): Promise<Declared> {
  const { config, world } = context;
  const saltFile = flags.text('saltFile');
  return declare({
    operands,
    cwd: world.cwd,
    omit: new Map([
      [proofsFolderOf(context), 'proofs of commitments'],
      [config.dataDir, "a log's own data"],
    ]),
    stdin: process.stdin,
    saltSecret: await loadSaltSecret(
      saltFile === undefined ? join(stateDirOf(context), 'salt.key') : resolve(world.cwd, saltFile),
    ),
    subject: flags.text('subject'),
    environment: flags.text('environment') ?? 'default',
    tier: tierOf(flags.text('tier')),
  });
}

function tierOf(text: string | undefined): Tier {
  return TIERS.find((tier) => tier === text) ?? 'background';
}

async function prepareAfterNewest(
  session: Session,
  declared: Declared,
  signer: Signer,
  issuer: string | undefined,
): Promise<Prepared> {
  const view = await session.view();
  const policy = await session.policy(view);
  const newest = await session.newest(view, { subject: declared.subject, kind: 'commitment' });
  return prepare(declared, newest, signer, issuer ?? issuerOf(policy, signer.publicKey));
}

/** What happened, as far as a report tells it. */
interface Done {
  readonly declared: Declared;
  readonly prepared: Prepared;
  readonly registration: Registration;
  readonly collected: Collected;
  readonly folder: string;
  readonly files: readonly string[];
}

function report({ output, world }: Context, done: Done): void {
  const { declared, prepared, registration, collected, folder, files } = done;
  const { index } = collected.entry;
  const count = declared.facts.length;
  const lines = [
    output.paint('green', prepared.repeats ? 'already logged' : 'logged'),
    `entry     ${registration.id}`,
    `index     ${index}`,
    `subject   ${declared.subject} (${count} ${count === 1 ? 'leaf' : 'leaves'})`,
    ...(prepared.supersedes === undefined ? [] : [`replaces  ${prepared.supersedes}`]),
    `location  ${registration.location}`,
    `saved in  ${relative(world.cwd, folder)}/`,
    ...files.map((name) => `          ${name}`),
  ];
  output.print(lines.join('\n'));
  output.result('commit', {
    entry: registration.id,
    index,
    subject: declared.subject,
    leaves: count,
    already_logged: prepared.repeats,
    supersedes: prepared.supersedes ?? null,
    location: registration.location,
    folder,
    files,
  });
}

/** The shortest name by which verify finds the proof again. */
function nameOf(operands: readonly string[], folder: string, { world }: Context): string {
  const [only] = operands;
  return operands.length === 1 && only !== undefined && only !== STDIN ? only : relative(world.cwd, folder);
}
