/**
 * The permission profile of an agent: who it is to the system, and what it may read, write and start. Its digest is in
 * every proof, so that an agent that was given more is seen; committed as a declaration, it can be proven like any other.
 */
import { dirname, isAbsolute, resolve } from 'node:path';
import type { Rule } from '../../agent/enrolment.ts';
import { sha256 } from '../../agent/hash.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import type { Digest } from '../../bytes/brand.ts';
import { nameOf } from '../../claim/judge.ts';
import { isList, isMap, type Value, type ValueMap } from '../../claim/value.ts';
import type { Context } from '../context.ts';
import { stateDirOf } from '../heads.ts';
import { proofsFolderOf } from '../proofs.ts';
import { isThere, trustedByDefault, type AgentHome } from './setup.ts';

export interface Profile {
  /** JSON, keys in order, without white space. */
  readonly text: string;
  /** SHA-256 of that text. */
  readonly digest: Digest;
  /** The same for expressions. */
  readonly value: ValueMap;
}

/** What this process may do. */
export function profileOf(home: Pick<AgentHome, 'dir' | 'keyName' | 'rules'>): Profile {
  const confined = isConfined();
  const value: ValueMap = {
    profile: 'tallystick-agent/1',
    node: process.version,
    uid: process.getuid?.() ?? null,
    gid: process.getgid?.() ?? null,
    confined,
    flags: permissionFlags(),
    may: confined ? may() : null,
    directory: home.dir,
    key: home.keyName,
    targets: home.rules.map(({ subject, probe, written, maxPerHour, secrets }) => ({
      subject,
      probe,
      targets: written,
      maxPerHour: maxPerHour ?? null,
      secrets: [...secrets.keys()].toSorted(),
    })),
  };
  const text = canonical(value);
  return { text, digest: sha256(encodeUtf8(text)), value };
}

/** Whether Node's permission model is on. */
export function isConfined(): boolean {
  return process.permission !== undefined;
}

/** Probes that start programs. */
const STARTERS: ReadonlySet<string> = new Set(['exec', 'terraform', '*']);

/** Probes that read files of their targets. */
const READERS: ReadonlySet<string> = new Set(['files', 'terraform', 'iam', '*']);

/** Files and folders that rules let probes read: their absolute targets, patterns up to the first star. */
function pathsToProve(rules: readonly Rule[]): readonly string[] {
  const paths = rules
    .filter(({ probe }) => READERS.has(nameOf(probe)))
    .flatMap(({ written }) => written)
    .map((target) => (target.includes('*') ? (target.split('*', 1)[0] ?? '').replace(/[^/]*$/, '') : target))
    .filter((target) => isAbsolute(target));
  // Node takes what is not there for a file; it may come as a folder.
  return [...new Set(paths)].flatMap((path) => (isThere(path) ? [path] : [path, `${path}/*`]));
}

/** The flags that confine an agent to what it needs. `program`: the folder of this program. */
export function confinement(
  context: Context,
  { dir, keyName, rules }: Pick<AgentHome, 'dir' | 'keyName' | 'rules'>,
  program: string,
): readonly string[] {
  const { config, world } = context;
  const secrets = rules.flatMap(({ secrets: files }) => [...files.values()]);
  const trust = [config.policy ?? trustedByDefault(config) ?? [], ...config.vkey].flat();
  const files = [keyName, ...secrets, ...trust].map((path) => resolve(world.cwd, path));
  const state = stateDirOf(context);
  const reads = [
    program,
    dir,
    state,
    proofsFolderOf(context),
    ...files.filter((path) => isThere(path)),
    ...pathsToProve(rules),
  ];
  const starts = rules.some(({ probe }) => STARTERS.has(nameOf(probe)));
  return [
    '--permission',
    ...[...new Set(reads)].map((path) => `--allow-fs-read=${resolve(path)}`),
    ...[dir, state].map((path) => `--allow-fs-write=${resolve(path)}`),
    '--allow-net',
    // The database is native code.
    '--allow-addons',
    ...(starts ? ['--allow-child-process'] : []),
  ];
}

function permissionFlags(): readonly string[] {
  return process.execArgv.filter((flag) => /^--(?:permission|allow-)/.test(flag)).toSorted();
}

/** What the system answers, not what was asked for. */
function may(): ValueMap {
  return {
    readAnything: has('fs.read', '/'),
    writeAnything: has('fs.write', '/'),
    writeProgram: has('fs.write', dirname(process.execPath)),
    startProcesses: has('child'),
    startThreads: has('worker'),
    nativeCode: has('addon'),
  };
}

function has(scope: string, path?: string): boolean {
  return process.permission?.has(scope, path) ?? true;
}

/** JSON with the members of each object in the order of their names. */
function canonical(value: Value): string {
  if (isList(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isMap(value)) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(',')}}`;
}
