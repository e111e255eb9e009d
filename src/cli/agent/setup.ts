/**
 * Makes what an agent needs before it starts: directory, key, the secret of its seeds, a list of targets to fill in,
 * and a configuration file with what was said the first time. Nothing is ever overwritten. Beside a log of one's own
 * (`tallystick serve`) its agent key and its trust policy are used, so that the first commands just work.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { refuse, type Refusal } from '../../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatHex, parseHex } from '../../bytes/text.ts';
import { agentFiles } from '../../agent/database.ts';
import { readRules, type Rule } from '../../agent/enrolment.ts';
import { createSecretFile, readSecretFile } from '../../keys/file.ts';
import { generateKey, loadSigner } from '../../keys/load.ts';
import type { Signer } from '../../sign/signer.ts';
import { logUrl, resolveConfig } from '../config.ts';
import { readConfigFile } from '../configfile.ts';
import { CONFIG_FILE } from '../../platform/names.ts';
import { publicUrl } from '../../web/listen.ts';
import type { Context } from '../context.ts';
import { createFile, makeFolder, readNamedFile } from '../../platform/files.ts';
import { readDocument } from '../../yaml/documents.ts';
import { layoutOf, roleKeyPath } from '../../service/layout.ts';
import type { Config } from '../settings.ts';

/** An agent's directory that is ready. */
export interface AgentHome {
  readonly dir: string;
  /** What --key was, or stands for it. */
  readonly keyName: string;
  readonly signer: Signer;
  /** 32 secret bytes that its seeds derive from. */
  readonly master: Uint8Array;
  readonly rules: readonly Rule[];
  /** Subjects that rules name, and patterns of them, each once. */
  readonly subjects: readonly string[];
  /** Whether the key was made by this run: nobody has enrolled it yet. */
  readonly madeKey: boolean;
}

/** Refuses `key-file`, `config-invalid`. */
export async function initialiseAgent(context: Context): Promise<AgentHome> {
  const { config } = context;
  const dir = config.agentDir;
  const files = agentFiles(dir);
  await makeFolder(dir, 0o700);
  const keyName = keyNameOf(config);
  const madeKey = keyName === files.key && !isThere(keyName);
  if (madeKey) await generateKey(keyName, 'ed25519');
  const signer = await loadSigner(keyName);
  if (!isThere(files.seed)) await createSecretFile(files.seed, encodeUtf8(`${formatHex(randomBytes(32))}\n`));
  if (!isThere(files.targets)) await createFile(files.targets, NO_TARGETS, 0o600);
  const rules = await readTargets(files.targets);
  const configFile = join(dir, CONFIG_FILE);
  // Beside a file that is named another would hold a part, and stand for all where none is.
  if (namedConfig(context) === undefined && !isThere(configFile))
    await createFile(configFile, configText(context));
  const subjects = [...new Set(rules.map(({ subject }) => subject))];
  return { dir, keyName, signer, master: await readSeed(files.seed), rules, subjects, madeKey };
}

/** --key; the agent's own; else the one that `serve` made and enrolled beside a log of one's own. */
function keyNameOf(config: Config): string {
  if (config.key !== undefined) return config.key;
  const own = agentFiles(config.agentDir).key;
  if (isThere(own)) return own;
  const made = roleKeyPath(layoutOf(config), 'agent');
  return isThere(made) ? made : own;
}

/** The configuration file that was read, unless it is the agent directory's own. */
export function namedConfig({ config, resolved: { file } }: Context): string | undefined {
  return file === join(config.agentDir, CONFIG_FILE) ? undefined : file;
}

/** Verifier keys as --vkey takes them, files by their whole path. */
export function vkeysOf({ config, world }: Context): readonly string[] {
  return config.vkey.map((vkey) => {
    const file = resolve(world.cwd, vkey);
    return isThere(file) ? file : vkey;
  });
}

/** Whom to trust when nothing says so: the log of one's own, if there is one. */
export function trustedByDefault(config: Config): string | undefined {
  if (config.policy !== undefined || config.vkey.length > 0) return undefined;
  const { trustPolicy } = layoutOf(config);
  return isThere(trustPolicy) ? trustPolicy : undefined;
}

/**
 * The same, with the log of one's own where nothing says whom to trust: by the keys in its directory, and where its
 * configuration says that it answers. An agent's own `log`, or `url`, wins. Refuses `config-invalid`.
 */
export function besideOwnLog(context: Context): Context {
  const { config, resolved } = context;
  const policy = trustedByDefault(config);
  if (policy === undefined) return context;
  const isSaid = resolved.settled.some(({ name, source }) => PLACES.has(name) && source !== 'default');
  if (isSaid || !isThere(layoutOf(config).config)) return { ...context, config: { ...config, policy } };
  const flags = new Map([['dataDir', [config.dataDir]]]);
  const own = resolveConfig(
    { flags, configFlag: undefined, env: {}, cwd: context.world.cwd },
    readConfigFile,
  );
  const log = publicUrl(own.config);
  return { ...context, config: { ...config, policy, ...(log !== logUrl(config) && { log }) } };
}

/** What says where a log answers. */
const PLACES: ReadonlySet<string> = new Set(['log', 'url', 'host', 'port']);

/** Whether a file is there, and may be seen: what Node's permission model hides is not there. */
export function isThere(path: string): boolean {
  try {
    return existsSync(path);
  } catch {
    return false;
  }
}

async function readSeed(path: string): Promise<Uint8Array> {
  const text = decodeUtf8(await readSecretFile(path)).replace(/\n$/, '');
  if (!/^[0-9a-f]{64}$/.test(text))
    throw refuse('key-file', `${path} is not a secret of 64 hex digits; restore it, or move it away`);
  return parseHex(text);
}

/** The enrolment file, its secrets' paths made absolute. What its reader only warns of is refused too. Refuses `config-invalid`. */
export async function readTargets(path: string): Promise<readonly Rule[]> {
  const text = decodeUtf8(await readNamedFile(path));
  const document = readDocument(text, { version: '1.2', strict: true }, (problem) => noYaml(path, problem));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    if (error instanceof ReferenceError) throw noYaml(path, error);
    throw error;
  }
  return readRules(value, path).map((rule) => ({
    ...rule,
    secrets: new Map([...rule.secrets].map(([name, file]) => [name, resolve(dirname(path), file)])),
  }));
}

function noYaml(path: string, { message }: { readonly message: string }): Refusal {
  return refuse('config-invalid', `${path} is not YAML: ${message.split('\n', 1)[0] ?? ''}`);
}

/** What was said on the first command line holds for the next ones too. */
function configText(context: Context): string {
  const { resolved, config } = context;
  const said: Record<string, unknown> = {};
  for (const { name, value, source } of resolved.settled)
    if (source === 'flag' && KEPT.has(name) && value !== undefined)
      said[name] = name === 'vkey' ? vkeysOf(context) : value;
  const { policy, log } = besideOwnLog(context).config;
  if (policy !== undefined && policy !== config.policy) said['policy'] = relative(config.agentDir, policy);
  if (log !== undefined && log !== config.log) said['log'] = log;
  const text = Object.keys(said).length === 0 ? '' : stringify(said, { version: '1.2', lineWidth: 0 });
  return `# Tallystick agent. A flag wins over the environment, and that over this file.\n${text}`;
}

const KEPT: ReadonlySet<string> = new Set([
  'log',
  'key',
  'vkey',
  'logOrigin',
  'policy',
  'name',
  'cpuBudget',
  'heartbeat',
  'peer',
]);

const NO_TARGETS = `# The targets this agent may touch, each enrolled by its owner; nothing else is ever contacted.
# A list of rules; a target must match one:
#
#   - subject: prod/payments/**        # which subjects: * within a path segment, ** anything
#     probe: tls                       # a probe's name, name@version, or *
#     targets: ['db.example:5432']     # exact, or patterns with * and **
#     maxPerHour: 120                  # optional: runs an hour against one target
#     secrets: { dsn: db.dsn }         # optional: files of mode 0600, told from here
#     options: { spki: 'ab12…' }       # optional: parameters that are yours, and no claim's (spec/probes.md)
`;
