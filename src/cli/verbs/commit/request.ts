/** What a command line asks to be declared, as `commit` takes it: files whole, or a source read into leaves. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { printable } from '../../../bytes/printable.ts';
import { refuse } from '../../../bytes/refusal.ts';
import type { Pinning } from '../../../commit/pin.ts';
import { certificatesIn } from '../../../commit/pinchoice.ts';
import { requestOf, type CommitRequest } from '../../../commit/request.ts';
import { decodeUtf8 } from '../../../bytes/text.ts';
import { parseClaims } from '../../../declare/claims.ts';
import { decodeSource } from '../../../declare/encoding.ts';
import type { Exclusion } from '../../../declare/leaf.ts';
import { assertSubject } from '../../../statement/parse.ts';
import { TIERS } from '../../../statement/vocabulary.ts';
import type { Context } from '../../frame/context.ts';
import { readNamedFile } from '../../../platform/files.ts';
import { stateDirOf, proofsFolderOf } from '../../frame/state.ts';
import { asUsage } from '../../../bytes/within.ts';
import { didYouMean } from '../../../bytes/suggest.ts';
import type { FlagsOf, VerbOption } from '../../frame/verb.ts';
import type { Declared } from '../../../declare/node/declared.ts';
import { declareFiles, listFiles } from '../../../declare/node/declarefiles.ts';
import { declareSource, readNamedSource } from '../../../declare/node/declaresource.ts';
import { loadSaltSecret, saltingBy } from '../../../declare/node/salts.ts';
import type { ReadSource } from '../../../declare/read.ts';
import { SOURCES } from '../../../declare/sources/registry.ts';

/** The flags that say what is declared. */
export const DECLARING = [
  {
    flags: '--subject <text>',
    help: 'what is configured; needed for several files and standard input',
  },
  { flags: '--environment <name>', help: 'such as production (default: default)' },
  {
    flags: '--tier <name>',
    help: 'how closely it is watched: cadence, budget (default: background)',
    choices: TIERS,
  },
  { flags: '--claims <file>', help: 'YAML: what is to be proven of the running subject (spec/claims.md)' },
  {
    flags: '--other-probe <name>',
    help: 'a probe of the claims that this program does not have and an agent does; repeat for several',
    many: true,
  },
  {
    flags: '--drop-claims',
    help: 'claim nothing any more: without it, a commitment with claims is not replaced by one that has none',
  },
  {
    flags: '--approvals <n>',
    help: 'approvals by others before the commitment counts (default: none, and 0 where there were some)',
  },
  {
    flags: '--sensitive <path>',
    help: 'a leaf, or all below it, that is never to be shown; repeat for several',
    many: true,
  },
  {
    flags: '--not-secret <path>',
    help: 'a leaf that looks like a secret and is none; repeat for several',
    many: true,
  },
  {
    flags: '--ignore <path=reason>',
    help: 'kubernetes: leave this path of every object out, which the commitment says; repeat for several',
    many: true,
  },
  {
    flags: '--recursive',
    help: 'kubernetes: of a folder, the manifests in all folders below it too, as `kubectl -R` takes them',
  },
  { flags: '--literal', help: 'env: take each value as it stands, as docker and kubectl read such files' },
  { flags: '--list', help: 'print the leaves of the files or the source, log nothing' },
  {
    flags: '--salt-file <file>',
    help: 'secret that salts derive from, made when absent (default: in the state directory)',
  },
] as const satisfies readonly VerbOption[];

/** The flags that name who must sign. */
export const PINNING = [
  {
    flags: '--pin',
    help: 'look once at each locator that has no identity, and name its CA or key: who must sign there',
  },
  {
    flags: '--repin',
    help: 'commit the newest again with the identity that its locators show now; claims stay as they are',
  },
  { flags: '--ca <file>', help: 'PEM of CAs to know besides those of the system, with --pin and --repin' },
] as const satisfies readonly VerbOption[];

type Declaring = FlagsOf<typeof DECLARING>;
type Pinned = FlagsOf<typeof PINNING>;

/** What operands and flags ask to be committed. Refuses `usage` for what the readers refuse. */
export async function requestAsked(
  context: Context,
  operands: readonly string[],
  flags: Declaring,
): Promise<CommitRequest> {
  const file = flags.text('claims');
  if (flags.on('dropClaims') && file !== undefined)
    throw refuse(
      'usage',
      '--claims says what is claimed, and --drop-claims that nothing is; give one of them',
    );
  const declared = await asUsage(async () => (await namedAsked(context, operands, flags)).declare());
  for (const each of declared.leftOut) context.output.warn(each);
  const read = async (): Promise<CommitRequest> => {
    const options = {
      environment: flags.text('environment'),
      tier: TIERS.find((each) => each === flags.text('tier')),
      approvals: approvalsOf(flags),
      dropClaims: flags.on('dropClaims'),
      otherProbes: flags.texts('otherProbe'),
    };
    if (file === undefined) return requestOf(declared, undefined, options);
    const text = decodeSource(await readNamedFile(resolve(context.world.cwd, file)));
    return requestOf(declared, parseClaims(text, options.tier), options);
  };
  return asUsage(read, file && printable(file));
}

/** The leaves of a source, or of files, for `--list`. Refuses as `requestAsked`. */
export function leavesAsked(
  context: Context,
  operands: readonly string[],
  flags: Declaring,
): Promise<ReadSource> {
  return asUsage(async () => (await namedAsked(context, operands, flags)).list());
}

/** A source where the first operand is a kind of source, else files: a file of such a name is `./json`. */
async function namedAsked(
  context: Context,
  operands: readonly string[],
  flags: Declaring,
): Promise<{ readonly declare: () => Promise<Declared>; readonly list: () => Promise<ReadSource> }> {
  const { config, world } = context;
  const [first, ...others] = operands;
  assertNoTypo(first, others, world.cwd);
  const [subject, salts] = [flags.text('subject'), flags.text('saltFile')];
  if (subject !== undefined) assertSubject(subject, '--subject');
  const saltSecret = await loadSaltSecret(
    salts === undefined ? join(stateDirOf(context), 'salt.key') : resolve(world.cwd, salts),
  );
  const common = { cwd: world.cwd, stdin: process.stdin, subject };
  const source = SOURCES.find(({ kind }) => kind === first);
  if (source === undefined) {
    const named = first === 'files' && others.length > 0 ? others : operands;
    const omit = new Map([
      [proofsFolderOf(context), 'proofs of commitments'],
      [config.dataDir, "a log's own data"],
    ]);
    const files = { ...common, operands: named, omit, saltSecret };
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
  const what = { ...common, operands: others, recursive: flags.on('recursive'), reading };
  return { declare: () => declareSource(what), list: () => readNamedSource(what) };
}

/** `kubernets web.yaml` would be two files, of which one is not there. */
function assertNoTypo(first: string | undefined, others: readonly string[], cwd: string): void {
  if (first === undefined || others.length === 0 || existsSync(resolve(cwd, first))) return;
  const kinds = ['files', ...SOURCES.map(({ kind }) => kind)];
  const meant = kinds.includes(first) ? '' : didYouMean(first, kinds);
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

function approvalsOf(flags: Declaring): number | undefined {
  const text = flags.text('approvals');
  if (text === undefined || /^(?:[0-9]|1[0-6])$/.test(text))
    return text === undefined ? undefined : Number(text);
  throw refuse('usage', `--approvals is from 0 to 16; got ${text}`);
}

/** The subject of --repin. Refuses `usage` beside anything that declares. */
export function repinSubject(operands: readonly string[], flags: Declaring & Pinned): string {
  const subject = flags.text('subject');
  const said = (['claims', 'environment', 'tier', 'approvals'] as const).some(
    (name) => flags.text(name) !== undefined,
  );
  const more = (['otherProbe', 'sensitive', 'notSecret', 'ignore'] as const).some(
    (name) => flags.texts(name).length > 0,
  );
  const switched = flags.on('pin') || flags.on('dropClaims') || flags.on('literal') || flags.on('list');
  if (subject !== undefined && subject !== '' && operands.length === 0 && !said && !more && !switched)
    return subject;
  throw refuse(
    'usage',
    '--repin changes the identity of the targets alone: give --subject, no files and nothing else that declares',
  );
}

/** What looking at targets needs. Refuses `usage` for a file of CAs that has none. */
export async function pinningOf({ world }: Context, flags: Pinned): Promise<Pinning> {
  const file = flags.text('ca');
  const known =
    file === undefined ? [] : certificatesIn(decodeUtf8(await readNamedFile(resolve(world.cwd, file))));
  if (file !== undefined && known.length === 0)
    throw refuse('usage', `${printable(file)} has no certificate; --ca takes CAs in PEM`);
  return { now: world.now, known };
}
