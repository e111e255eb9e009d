/** What Node's permission model is told that an agent may do: no more than its settings and its rules need. */
import { isAbsolute, resolve } from 'node:path';
import type { Rule } from './enrolment.ts';
import { refuse } from '../bytes/refusal.ts';
import { nameOf } from '../claim/judge.ts';
import { programOf } from '../keys/names.ts';
import { PROBES } from '../probe/registry.ts';
import { isFolder } from '../platform/files.ts';
import { isThere, type AgentHome } from './home.ts';

/** Whether a rule lets in a probe that needs this of the system. A rule's probe is `tls@1`, `tls` or `*`. */
function letsIn({ probe }: Rule, need: 'child-process' | 'fs-read'): boolean {
  return PROBES.some(
    ({ name, needs = [] }) => needs.includes(need) && (probe === '*' || nameOf(probe) === nameOf(name)),
  );
}

/** What of the machine an agent needs besides its directory. Absolute paths. */
export interface Surroundings {
  /** The folder of this program. */
  readonly program: string;
  /** The state directory, and the folder of proofs. */
  readonly state: string;
  readonly proofs: string;
  /** Whom to trust, and a configuration file that was named. */
  readonly files: readonly string[];
}

/** The flags that confine an agent to what it needs. Refuses `config-invalid`. */
export function confinement(
  { dir, keyName, rules }: Pick<AgentHome, 'dir' | 'keyName' | 'rules'>,
  { program, state, proofs, files }: Surroundings,
): readonly string[] {
  const folders = [dir, state, proofs, ...pathsToProve(rules)].map((path) => resolve(path));
  const runs = rules.some((rule) => letsIn(rule, 'child-process'));
  const starts = runs || programOf(keyName) !== undefined;
  // The last tells what programs cost (probe/cpu.ts).
  const costs = runs ? ['/proc/self/stat'] : [];
  const reads = [resolve(program), ...folders, ...filesOf({ keyName, rules }, files), ...costs];
  assertApart(folders, reads);
  return [
    '--permission',
    ...[...new Set(reads)].map((path) => `--allow-fs-read=${path}`),
    ...[dir, state].map((path) => `--allow-fs-write=${resolve(path)}`),
    '--allow-net',
    // The database is native code.
    '--allow-addons',
    ...(starts ? ['--allow-child-process'] : []),
  ];
}

/** The single files: key, or the program that signs; secrets; and those around. */
function filesOf(
  { keyName, rules }: Pick<AgentHome, 'keyName' | 'rules'>,
  around: readonly string[],
): readonly string[] {
  const secrets = rules.flatMap(({ secrets: files }) => [...files.values()]);
  return [programOf(keyName) ?? keyName, ...secrets, ...around]
    .map((path) => resolve(path))
    .filter((path) => isThere(path));
}

/** Files and folders that rules let probes read: their absolute targets, patterns up to the first star. */
function pathsToProve(rules: readonly Rule[]): readonly string[] {
  const paths = rules
    .filter((rule) => letsIn(rule, 'fs-read'))
    .flatMap(({ written }) => written)
    .map((target) => (target.includes('*') ? (target.split('*', 1)[0] ?? '').replace(/[^/]*$/, '') : target))
    .filter((target) => isAbsolute(target));
  // Node takes what is not there for a file; it may come as a folder.
  return [...new Set(paths)].flatMap((path) => (isThere(path) ? [path] : [path, `${path}/*`]));
}

/**
 * Of two paths Node 26.10 keeps a folder from being listed when its name begins the other's, as /srv/shop does
 * /srv/shop-test; neither their order nor a slash or star at the end helps. Refuses `config-invalid` for such a pair.
 */
function assertApart(folders: readonly string[], reads: readonly string[]): void {
  for (const folder of folders) {
    if (!isThere(folder) || !isFolder(folder)) continue;
    if (reads.some((path) => path !== folder && isWithin(folder, path))) continue;
    const longer = reads.find((path) => path.startsWith(folder) && !isWithin(path, folder));
    if (longer === undefined) continue;
    throw refuse(
      'config-invalid',
      `Node's permission model would keep the agent out of ${folder}, because the name of ${longer} begins with its ` +
        'name; rename one of the two, or start the agent without --confine',
    );
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
