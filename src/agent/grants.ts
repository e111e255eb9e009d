/** The flags of Node's permission model for an agent: it may use no more than its settings and its rules need. */
import { isAbsolute, resolve } from 'node:path';
import type { Rule } from './enrolment.ts';
import { refuse } from '../bytes/refusal.ts';
import { nameOf } from '../claim/judge.ts';
import { programOf } from '../keys/names.ts';
import { pathOptions } from '../probe/parameters.ts';
import { PROBES } from '../probe/registry.ts';
import { isFolder } from '../platform/files.ts';
import { isThere, type AgentHome } from './home.ts';

/** Whether a rule allows a probe that needs this permission. The probe of a rule is `tls@1`, `tls` or `*`. */
function letsIn(rule: Rule, need: 'child-process' | 'fs-read'): boolean {
  return probesOf(rule).some(({ needs = [] }) => needs.includes(need));
}

function probesOf({ probe }: Rule): readonly (typeof PROBES)[number][] {
  return PROBES.filter(({ name }) => probe === '*' || nameOf(probe) === nameOf(name));
}

/** Files and folders that an agent needs besides its directory, as absolute paths. */
export interface Surroundings {
  /** The folder of this program. */
  readonly program: string;
  /** The state directory, and the folder of proofs. */
  readonly state: string;
  readonly proofs: string;
  /** The trust files, and the configuration file if one was named. */
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
  // `/proc/self/stat` tells the CPU time of programs (probe/cpu.ts).
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

/** Single files: the key, or the program that signs; secrets; consents; and the files of `Surroundings`. */
function filesOf(
  { keyName, rules }: Pick<AgentHome, 'keyName' | 'rules'>,
  around: readonly string[],
): readonly string[] {
  const secrets = rules.flatMap(({ secrets: files }) => [...files.values()]);
  const consents = rules.flatMap(({ consentFiles }) => consentFiles.map(({ file }) => file));
  return [programOf(keyName) ?? keyName, ...secrets, ...consents, ...around]
    .map((path) => resolve(path))
    .filter((path) => isThere(path));
}

/** Files and folders that the rules let probes read: their absolute targets, patterns up to the first star, and the paths of their options. */
function pathsToProve(rules: readonly Rule[]): readonly string[] {
  const paths = rules
    .filter((rule) => letsIn(rule, 'fs-read'))
    .flatMap(({ written }) => written)
    .map((target) => (target.includes('*') ? (target.split('*', 1)[0] ?? '').replace(/[^/]*$/, '') : target))
    .concat(rules.flatMap((rule) => optionsOf(rule)))
    .filter((target) => isAbsolute(target));
  // Node treats a path that does not exist as a file. It may become a folder later, so both forms are allowed.
  return [...new Set(paths)].flatMap((path) => (isThere(path) ? [path] : [path, `${path}/*`]));
}

function optionsOf(rule: Rule): readonly string[] {
  return probesOf(rule).flatMap((probe) =>
    pathOptions(probe, rule.options).flatMap(({ path }) => (path === undefined ? [] : [path])),
  );
}

/** Paths that rules name and that the permission model does not let this process read: it was started without them. */
export function beyondReach(rules: readonly Rule[]): readonly string[] {
  const { permission } = process;
  if (permission === undefined) return [];
  const secrets = rules.flatMap(({ secrets: files }) => [...files.values()]);
  const consents = rules.flatMap(({ consentFiles }) => consentFiles.map(({ file }) => file));
  const paths = [...secrets, ...consents, ...pathsToProve(rules)].map((path) => resolve(path));
  return [...new Set(paths)].filter((path) => !permission.has('fs.read', path));
}

/**
 * Refuses `config-invalid` for two paths of which one name begins the other, such as /srv/shop and /srv/shop-test. With
 * such a pair, Node 26.10 does not let the process list one of the folders; order, a slash or a star at the end do not
 * help.
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
        'name; rename one of the two, or start the agent without the model',
      { remedy: { confine: true } },
    );
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
