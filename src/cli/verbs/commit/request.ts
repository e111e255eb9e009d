/** Reads the operands and flags of `commit` into a request: files as whole leaves, or a source split into leaves. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import type { Pinning } from '../../../commit/pin.ts';
import { certificatesIn } from '../../../commit/pinchoice.ts';
import { requestOf, type CommitRequest } from '../../../commit/request.ts';
import { decodeUtf8 } from '../../../bytes/text.ts';
import { checkClaims } from '../../../declare/checkclaims.ts';
import { parseClaims } from '../../../declare/claims.ts';
import { leafTree } from '../../../declare/leafopening.ts';
import { declaredValues } from '../../../statement/leaf-text.ts';
import type { ListedSource } from '../../views/commit.ts';
import { decodeSource } from '../../../declare/encoding.ts';
import type { Exclusion } from '../../../declare/leaf.ts';
import { assertSubject } from '../../../statement/parse.ts';
import { TIERS } from '../../../statement/vocabulary.ts';
import type { Context } from '../../frame/context.ts';
import { wholeOf } from '../../frame/flagtext.ts';
import { readNamedFile } from '../../../platform/files.ts';
import { stateDirOf, proofsFolderOf } from '../../frame/state.ts';
import { asUsage } from '../../../bytes/within.ts';
import { didYouMean } from '../../../bytes/suggest.ts';
import type { FlagsOf, VerbOption } from '../../frame/verb.ts';
import type { DeclaredTree } from '../../../declare/node/declared.ts';
import { assertHelm, gatherHelm, HELM, isHelmAsked } from './helm.ts';
import type { ShowProgress } from '../../../declare/node/files.ts';
import { declareFiles, listFiles } from '../../../declare/node/declarefiles.ts';
import { declareSource, readNamedSource } from '../../../declare/node/declaresource.ts';
import { loadSaltSecret, saltingBy } from '../../../declare/node/salts.ts';
import type { Added, ReadSource } from '../../../declare/read.ts';
import { readSecretFile } from '../../../keys/file.ts';
import { KINDS, SOURCES } from '../../../declare/sources/registry.ts';
import { imageAsked, IMAGE_FLAGS } from './image.ts';
import { installedObjects, RENDERING } from '../../../declare/sources/helm/helm.ts';
import { manifestObjects } from '../../../declare/sources/kubernetes/kubernetes.ts';

/** The flags that describe the declaration. */
export const DECLARING = [
  {
    flags: '--subject <text>',
    help: 'name of what is configured; needed for several files and standard input',
  },
  { flags: '--environment <name>', help: 'such as production (default: default)' },
  {
    flags: '--tier <name>',
    help: 'default cadence and deadline of its claims (default: background)',
    choices: TIERS,
  },
  { flags: '--claims <file>', help: 'YAML file of claims about the running subject (spec/claims.md)' },
  {
    flags: '--other-probe <name>',
    help: 'a probe that the claims name and only the agent has; repeat for several',
    many: true,
  },
  {
    flags: '--drop-claims',
    help: 'drop all claims: without it, a commitment with claims is not replaced by one without',
  },
  {
    flags: '--approvals <n>',
    help: 'approvals by others before the commitment counts (default: none; to drop earlier ones, give 0)',
  },
  {
    flags: '--sensitive <path>',
    help: 'never disclose this leaf, or any leaf below this path; repeat for several',
    many: true,
  },
  {
    flags: '--not-secret <path>',
    help: 'a leaf that looks like a secret but is none; repeat for several',
    many: true,
  },
  {
    flags: '--ignore <path=reason>',
    help: 'kubernetes, helm: leave out this path of every object, for a reason that the commitment names; repeat for several',
    many: true,
  },
  {
    flags: '--recursive',
    help: 'kubernetes: read the manifests in all folders below, too, like `kubectl -R`',
  },
  {
    flags: '--defaults',
    help: 'kubernetes, helm: also commit what the API server adds, by a dry run that stores nothing and needs its write verbs',
  },
  {
    flags: '--kubeconfig <file>',
    help: 'with --defaults: a kubeconfig of mode 0600 that holds a token or a certificate, and the CA',
  },
  ...IMAGE_FLAGS,
  ...HELM,
  { flags: '--literal', help: 'env: take each value literally, like docker and kubectl' },
  { flags: '--list', help: 'print the leaves of the files or the source, log nothing' },
  {
    flags: '--salt-file <file>',
    help: 'secret that salts derive from, made if missing (default: in the state directory)',
  },
] as const satisfies readonly VerbOption[];

/** The flags that name who must sign. */
export const PINNING = [
  {
    flags: '--pin',
    help: 'connect once to each locator without an identity, and name its CA or key as the one that must sign',
  },
  {
    flags: '--repin',
    help: 'commit the newest declaration again, with the identities that its locators show now',
  },
  { flags: '--ca <file>', help: 'PEM file of CAs to trust besides the system ones, with --pin and --repin' },
] as const satisfies readonly VerbOption[];

type Declaring = FlagsOf<typeof DECLARING>;
type Pinned = FlagsOf<typeof PINNING>;

/** The request of operands and flags. Refuses `usage` for what the readers refuse. */
export async function requestAsked(
  context: Context,
  operands: readonly string[],
  flags: Declaring,
): Promise<CommitRequest> {
  const file = flags.text('claims');
  if (flags.on('dropClaims') && file !== undefined)
    throw refuse('usage', 'give either --claims or --drop-claims: the commitment has claims or it has none');
  const declared = await asUsage(async () => (await namedAsked(context, operands, flags)).declare());
  for (const each of declared.leftOut) context.output.warn(each);
  const read = async (): Promise<CommitRequest> => {
    const options = {
      environment: flags.text('environment'),
      tier: TIERS.find((each) => each === flags.text('tier')),
      approvals: wholeOf(flags.text('approvals'), '--approvals', 0, 16),
      dropClaims: flags.on('dropClaims'),
      otherProbes: flags.texts('otherProbe'),
    };
    if (file === undefined) return requestOf(declared, undefined, options);
    const text = decodeSource(await readNamedFile(resolve(context.world.cwd, file)));
    return requestOf(declared, parseClaims(text, { tier: options.tier, tree: declared.tree }), options);
  };
  return asUsage(read, file && printable(file));
}

/** The leaves of a source, or of files, for `--list`, and those that claims read. Refuses as `requestAsked`. */
export function leavesAsked(
  context: Context,
  operands: readonly string[],
  flags: Declaring,
): Promise<ListedSource> {
  const file = flags.text('claims');
  return asUsage(async () => {
    const read = await (await namedAsked(context, operands, flags)).list();
    if (file === undefined) return { ...read, read: [] };
    const text = decodeSource(await readNamedFile(resolve(context.world.cwd, file)));
    const claimed = parseClaims(text, { tree: leafTree(read) });
    checkClaims(claimed, flags.texts('otherProbe'));
    return { ...read, read: declaredValues(claimed.claims) };
  });
}

const progressOf =
  ({ output }: Context): ShowProgress =>
  (label, total) =>
    output.progress(label, total);

/** A source if the first operand is a kind of source, else files. A file named `json` is given as `./json`. */
async function namedAsked(
  context: Context,
  operands: readonly string[],
  flags: Declaring,
): Promise<{ readonly declare: () => Promise<DeclaredTree>; readonly list: () => Promise<ReadSource> }> {
  const { config, world } = context;
  const [first, ...others] = operands;
  assertNoTypo(first, others, world.cwd);
  const [subject, salts] = [flags.text('subject'), flags.text('saltFile')];
  if (subject !== undefined) assertSubject(subject, '--subject');
  const saltSecret = await loadSaltSecret(
    salts === undefined ? join(stateDirOf(context), 'salt.key') : resolve(world.cwd, salts),
  );
  const common = { cwd: world.cwd, stdin: process.stdin, subject };
  const image = first === 'oci' ? await imageAsked(context, others, flags) : undefined;
  const source = image ?? SOURCES.find(({ kind }) => kind === first);
  assertHelm(source?.kind, flags);
  if (source === undefined) {
    const named = first === 'files' && others.length > 0 ? others : operands;
    const omit = new Map([
      [proofsFolderOf(context), 'proofs of commitments'],
      [config.dataDir, "a log's own data"],
    ]);
    const files = { ...common, operands: named, omit, saltSecret, progress: progressOf(context) };
    return { declare: () => declareFiles(files), list: () => listFiles(files) };
  }
  const reading = {
    source,
    literal: flags.on('literal'),
    ignore: flags.texts('ignore').map(exclusionOf),
    sensitive: new Set(flags.texts('sensitive')),
    notSecret: new Set(flags.texts('notSecret')),
    salting: saltingBy(saltSecret),
  };
  const gather =
    source.kind === 'helm'
      ? gatherHelm(context, others, flags)
      : // An image is read already.
        image && (async () => ({ texts: [], whole: [] }));
  const addTo = defaultsAsked(context, source.kind, flags);
  const what = {
    ...common,
    operands: others,
    recursive: flags.on('recursive'),
    reading,
    ...(gather !== undefined && { gather }),
    ...(addTo !== undefined && { addTo }),
  };
  return { declare: () => declareSource(what), list: () => readNamedSource(what) };
}

/** What --defaults finds; undefined without it. Refuses `usage` where it has no meaning. */
function defaultsAsked(
  { output, world }: Context,
  kind: string,
  flags: Declaring,
): ((texts: readonly string[]) => Promise<Added>) | undefined {
  const file = flags.text('kubeconfig');
  if (!flags.on('defaults') && file === undefined) return undefined;
  if (!['kubernetes', 'helm'].includes(kind) || !flags.on('defaults') || file === undefined)
    throw refuse(
      'usage',
      '--defaults is for `commit kubernetes` and `commit helm`, with --kubeconfig: it asks an API server',
    );
  return async (texts) => {
    const { serverDefaults } = await import('../../../commit/server-defaults.ts');
    const isHelm = kind === 'helm';
    const objects = isHelm ? installedObjects(texts[RENDERING] ?? '') : manifestObjects(texts);
    const namespace = (isHelm ? flags.text('namespace') : undefined) ?? 'default';
    const config = decodeUtf8(await readSecretFile(resolve(world.cwd, file)));
    const ignore = flags.texts('ignore').map(exclusionOf);
    const signal = AbortSignal.timeout(DEFAULTS_MS);
    const { leaves, version, leftOut, doubtful } = await serverDefaults(objects, config, {
      ignore,
      namespace,
      signal,
    });
    for (const each of [...leftOut, ...doubtful]) output.warn(each);
    output.note(`${leaves.length} defaults of the API server ${version}`);
    return { leaves, source: { tool: 'kube-apiserver', toolVersion: version } };
  };
}

/** Milliseconds for the dry runs of all objects. */
const DEFAULTS_MS = 600_000;

/** Refuses `not-found` for a mistyped kind (`kubernets web.yaml`), which would be taken for a file. */
function assertNoTypo(first: string | undefined, others: readonly string[], cwd: string): void {
  if (first === undefined || others.length === 0 || existsSync(resolve(cwd, first))) return;
  const meant = KINDS.includes(first) ? '' : didYouMean(first, KINDS);
  if (meant !== '') throw refuse('not-found', `there is no file ${printable(first)}${meant}`);
}

function exclusionOf(text: string): Exclusion {
  const [, path = '', reason = ''] = /^(\/[^=]*)=(.+)$/.exec(text) ?? [];
  if (path === '')
    throw refuse(
      'usage',
      `--ignore takes a path and a reason, such as /spec/replicas=scaled by the HPA; got ${text}`,
    );
  return { path, reason };
}

/** The subject of --repin. Refuses `usage` if operands or other flags declare anything. */
export function repinSubject(operands: readonly string[], flags: Declaring & Pinned): string {
  const subject = flags.text('subject');
  const said = (['claims', 'environment', 'tier', 'approvals', 'kubeconfig'] as const).some(
    (name) => flags.text(name) !== undefined,
  );
  const more =
    (['otherProbe', 'sensitive', 'notSecret', 'ignore'] as const).some(
      (name) => flags.texts(name).length > 0,
    ) || isHelmAsked(flags);
  const switched =
    flags.on('pin') ||
    flags.on('dropClaims') ||
    flags.on('literal') ||
    flags.on('list') ||
    flags.on('defaults');
  if (subject !== undefined && subject !== '' && operands.length === 0 && !said && !more && !switched)
    return subject;
  throw refuse(
    'usage',
    '--repin changes the identities of the targets alone: give --subject, but no files and no flag that declares',
  );
}

/** The clock and known CAs for --pin and --repin. Refuses `usage` if the file of --ca has no certificate. */
export async function pinningOf({ world }: Context, flags: Pinned): Promise<Pinning> {
  const file = flags.text('ca');
  const known =
    file === undefined ? [] : certificatesIn(decodeUtf8(await readNamedFile(resolve(world.cwd, file))));
  if (file !== undefined && known.length === 0)
    throw refuse('usage', `${printable(file)} has no certificate; --ca takes CAs in PEM`);
  return { now: world.now, known };
}
