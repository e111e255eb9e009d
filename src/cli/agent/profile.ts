/**
 * The permission profile of an agent: who it is to the system, and what it may read, write and start. Its digest is in
 * every proof, so that an agent that was given more is seen; committed as a declaration, it can be proven like any other.
 */
import { dirname, resolve } from 'node:path';
import { sha256 } from '../../agent/hash.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import type { Digest } from '../../bytes/brand.ts';
import type { JsonValue } from '../output.ts';
import type { AgentHome } from './setup.ts';

export interface Profile {
  /** JSON, keys in order, without white space. */
  readonly text: string;
  /** SHA-256 of that text. */
  readonly digest: Digest;
}

/** What this process may do. `key`: what --key said. */
export function profileOf(
  home: Pick<AgentHome, 'dir' | 'keyName' | 'rules'>,
  _key: string | undefined,
): Profile {
  const confined = isConfined();
  const value: JsonValue = {
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
  return { text, digest: sha256(encodeUtf8(text)) };
}

/** Whether Node's permission model is on. */
export function isConfined(): boolean {
  return process.permission !== undefined;
}

/** The flags that confine an agent to what it needs. `program`: the folder of this program. */
export function confinement(
  home: Pick<AgentHome, 'dir' | 'keyName' | 'rules'>,
  program: string,
): readonly string[] {
  const secrets = home.rules.flatMap(({ secrets: files }) => [...files.values()]);
  const reads = new Set([program, home.dir, home.keyName, ...secrets].map((path) => resolve(path)));
  return [
    '--permission',
    ...[...reads].map((path) => `--allow-fs-read=${path}`),
    `--allow-fs-write=${resolve(home.dir)}`,
    '--allow-net',
    '--allow-addons',
  ];
}

function permissionFlags(): readonly string[] {
  return process.execArgv.filter((flag) => /^--(?:permission|allow-)/.test(flag)).toSorted();
}

/** What the system answers, not what was asked for. */
function may(): JsonValue {
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
function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map((each: JsonValue) => canonical(each)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(',')}}`;
}
