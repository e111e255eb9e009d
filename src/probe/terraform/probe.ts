/**
 * The probe `terraform@1` compares the state that Terraform wrote with the plan that was committed to (profile
 * `terraform@1`). An attribute that the plan did not know yet may have any value. Sensitive attributes are compared by their
 * keyed digest; without the key they count as excluded.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { printable } from '../../bytes/printable.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import type { Observed } from '../../claim/observed.ts';
import type { ValueMap } from '../../claim/value.ts';
import type { Exclusion } from '../../declare/leaf.ts';
import { decodeSource } from '../../declare/encoding.ts';
import { DEPOSED, isFault, NOT_NAMED, TAINTED } from '../../declare/sources/terraform/left-out.ts';
import { declareTerraform } from '../../declare/sources/terraform/terraform.ts';
import { PLAIN_ENV, runProgram } from '../child.ts';
import { declaredLeaves, saltKey } from '../declared.ts';
import { ParsedParameters } from '../parsed-parameters.ts';
import { cutLists, membersOf } from '../members.ts';
import type { Probe, ProbeTask } from '../probe.ts';
import { assertForm } from '../target-form.ts';
import { lacksRead } from '../unreadable.ts';
import { compare, MAX_SHOWN } from './compare.ts';
import { READS_STATE, SHOW_MS, TERRAFORM } from './describe.ts';

const MAX_BYTES = 64 * 1024 ** 2;

export const terraformProbe: Probe = {
  ...TERRAFORM,
  run,
};

async function run(task: ProbeTask): Promise<Observed> {
  const declared = declaredLeaves('terraform@1', task);
  const { bytes, modified } = await readState(task);
  const state = parse(bytes);
  const key = saltKey('terraform@1', await task.secret('salt'));
  const compared = compare(declared, new Map(state.leaves.map((leaf) => [leaf.path, leaf])), key);
  const { counts } = compared;
  const beside = besideOf(state.excluded);
  const lists = {
    ...compared.lists,
    undeclared: [...beside.deposed, ...compared.lists.undeclared].slice(0, MAX_SHOWN),
    tainted: beside.tainted,
    notCompared: beside.notCompared,
  };
  const gaps = gapsOf(compared.unread, beside);
  const { population, told } = membersOf('declared attributes', compared.looked, compared.unread);
  const value: ValueMap = {
    terraform: versionOf(state.source.toolVersion),
    ...(modified !== undefined && { ageSeconds: Math.max(0, Math.floor((task.now() - modified) / 1000)) }),
    declared: declared.size,
    ...counts,
    ...lists,
    ...(told !== undefined && { looked: told }),
    ...(gaps.length === 0 && { whole: true }),
  };
  const looked = counts.same + counts.changed + counts.absent + counts.later;
  return {
    value,
    grades: [{ path: '', evidence: 'E0' }],
    attachments: [],
    contradictions: [],
    population,
    compared: { declared: declared.size, compared: looked, excluded: counts.sensitive },
    undeclared: lists.undeclared,
    withheld: [
      ...gaps.map((reason) => ({ path: '/whole', reason })),
      ...(beside.isCut ? [{ path: '/undeclared', reason: MANY, only: 'members' as const }] : []),
      ...cutLists(lists, MAX_SHOWN),
    ],
    bytes: bytes.length,
  };
}

type Beside = Readonly<Record<'deposed' | 'tainted' | 'notCompared', readonly string[]>> & {
  /** Whether there are more deposed or tainted objects than are listed. */
  readonly isCut: boolean;
};

/** Parts of a state besides attributes of managed resources. Deposed objects still run, although nobody planned them. */
function besideOf(excluded: readonly Exclusion[]): Beside {
  const named = (why: string): readonly string[] =>
    excluded
      .filter(({ reason }) => reason === why)
      .slice(0, MAX_SHOWN)
      .map(({ path }) => printable(path, 512));
  return {
    deposed: named(DEPOSED),
    tainted: named(TAINTED).map((path) => path.replace(/ tainted$/, '')),
    isCut: excluded.at(-1)?.path === NOT_NAMED && excluded.slice(-2).some(isFault),
    notCompared: excluded.slice(0, MAX_SHOWN).map(({ path, reason }) => printable(`${path}: ${reason}`, 512)),
  };
}

const MANY = 'more resources are deposed or tainted than are listed';

/** Reasons why it cannot be shown that everything is as planned. */
function gapsOf(unread: number, { tainted, isCut }: Beside): readonly string[] {
  return [
    ...(isCut ? [MANY] : []),
    ...(unread > 0 ? [`${unread} sensitive attributes cannot be compared without the secret "salt"`] : []),
    ...(tainted.length > 0
      ? [
          `${tainted.length} resources are tainted: their apply failed, and Terraform will replace them (${tainted[0] ?? ''})`,
        ]
      : []),
  ];
}

interface Read {
  readonly bytes: Uint8Array;
  /** When the file was written, POSIX milliseconds; undefined if `terraform show` was run. */
  readonly modified: number | undefined;
}

async function readState({ target, params, signal, spent }: ProbeTask): Promise<Read> {
  assertForm(TERRAFORM.name, TERRAFORM.target, target);
  if (!new ParsedParameters('terraform@1', params).flag('run', false)) return readStateFile(target, signal);
  const { code, output } = await runProgram({
    argv: ['terraform', 'show', '-json', '-no-color'],
    cwd: target,
    env: { ...PLAIN_ENV, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', TF_INPUT: '0' },
    timeoutMs: SHOW_MS,
    maxBytes: MAX_BYTES,
    signal,
    spent,
  });
  if (code !== 0)
    throw refuse(
      'unavailable',
      `\`terraform show -json\` ended with ${code ?? 'a signal'} in ${printable(target)}`,
    );
  return { bytes: output, modified: undefined };
}

async function readStateFile(path: string, signal: AbortSignal): Promise<Read> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const hint = lacksRead(READS_STATE, path, error);
    throw refuse('unavailable', `${printable(path)} is not there, or this agent may not read it${hint}`);
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile())
      throw refuse(
        'config-invalid',
        `${printable(path)} is no file. To have \`terraform show -json\` run in a folder, its owner writes options: { run: true } in targets.yaml`,
      );
    if (stats.size > MAX_BYTES) throw refuse('too-large', `the state has more than ${MAX_BYTES} bytes`);
    signal.throwIfAborted();
    const bytes = new Uint8Array(stats.size);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return { bytes: bytes.subarray(0, bytesRead), modified: stats.mtimeMs };
  } finally {
    await file.close();
  }
}

function versionOf(text: string | undefined): string {
  return text !== undefined &&
    /^[0-9]{1,4}(?:\.[0-9]{1,4}){1,3}(?:-(?:alpha|beta|rc|dev)[0-9]{0,8})?$/.test(text)
    ? text
    : '';
}

/** Reads a state. Refuses `config-invalid` for a plan, `too-large`, and `unavailable` for anything else that is no state. */
function parse(bytes: Uint8Array): ReturnType<typeof declareTerraform> {
  try {
    const state = declareTerraform(decodeSource(bytes));
    if (state.source.kind === 'terraform-state') return state;
    throw refuse(
      'config-invalid',
      'the target is a plan, not a state; write the state with `terraform show -json` after the apply',
    );
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === 'config-invalid' || error.code === 'too-large')
      throw error;
    // The reader's message may quote the file, so only its place is repeated.
    const [place] = /^line [0-9]+, column [0-9]+/.exec(error.message) ?? [];
    const where = place === undefined ? error.code : `${error.code} at ${place}`;
    throw refuse(
      'unavailable',
      `the target is no state that can be read (${where}). A state is UTF-8, as \`terraform show -json\` writes it; it is empty ` +
        'if nothing was applied, or everything was destroyed',
      { cause: error },
    );
  }
}
