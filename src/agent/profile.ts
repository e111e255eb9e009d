/**
 * The permission profile of an agent: its user, and what it may read, write and start. Every proof contains the digest
 * of the profile, so that added permissions are noticed. A profile can be committed as a declaration, and be proven
 * like any other.
 */
import { dirname } from 'node:path';
import { sha256 } from './hash.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import type { Digest } from '../bytes/brand.ts';
import { isList, isMap, type Value, type ValueMap } from '../claim/value.ts';
import type { AgentHome } from './home.ts';

export interface Profile {
  /** JSON with sorted keys and no white space. */
  readonly text: string;
  /** SHA-256 of that text. */
  readonly digest: Digest;
  /** The same as a value for expressions. */
  readonly value: ValueMap;
}

/** The permissions of this process. */
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
    targets: home.rules.map(({ subject, probe, written, maxPerHour, secrets, consents }) => ({
      subject,
      probe,
      targets: written,
      maxPerHour: maxPerHour ?? null,
      secrets: [...secrets.keys()].toSorted(),
      ...(consents.length > 0 && {
        consents: consents.map(({ by, targets, pairsPerMinute, until }) => ({
          by,
          targets,
          pairsPerMinute,
          until,
        })),
      }),
    })),
  };
  const text = canonical(value);
  return { text, digest: sha256(encodeUtf8(text)), value };
}

/** Whether Node's permission model is on. */
export function isConfined(): boolean {
  return process.permission !== undefined;
}

function permissionFlags(): readonly string[] {
  return process.execArgv.filter((flag) => /^--(?:permission|allow-)/.test(flag)).toSorted();
}

/** Permissions as the system reports them, not as they were requested. */
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
