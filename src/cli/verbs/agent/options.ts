/**
 * Makes the agent's options from the settings. If the data directory of a log is at hand (`tallystick serve` made it),
 * its agent key and trust policy are the defaults, so that the first commands work without flags.
 */
import { join, relative, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { Surroundings } from '../../../agent/grants.ts';
import { initialiseAgent, isThere, type AgentHome, type AgentPlace } from '../../../agent/home.ts';
import type { AgentOptions } from '../../../agent/open.ts';
import { CONFIG_FILE } from '../../../platform/names.ts';
import { programFolder } from '../../../platform/place.ts';
import { layoutOf, roleKeyPath } from '../../../service/layout.ts';
import { shellWord } from '../../../bytes/shellword.ts';
import { publicUrl } from '../../../web/endpoint.ts';
import { clientOf } from '../../frame/client.ts';
import { earlierFolderOf } from '../../../declare/node/earlier.ts';
import { slugOf } from '../../../declare/node/proofs.ts';
import { proofsFolderOf, stateDirOf } from '../../frame/state.ts';
import { logUrl, resolveConfig } from '../../frame/config.ts';
import { parseFlat } from '../../../yaml/flat.ts';
import type { Context } from '../../frame/context.ts';
import type { Config } from '../../frame/settings.ts';

/** The agent's directory, key and configuration file. */
export function agentPlace(context: Context): AgentPlace {
  const { config } = context;
  return {
    dir: config.agentDir,
    key: config.key,
    keyBeside: roleKeyPath(layoutOf(config), 'agent'),
    // If the user named a configuration file, none is written: it would hold only a part of the settings.
    ...(namedConfig(context) === undefined && { configFile: () => configText(context) }),
  };
}

/** The agent's options that come from settings. */
export function agentOptions(context: Context): Omit<AgentOptions, 'onBug' | 'patienceMs'> {
  const { config, world } = context;
  return {
    place: agentPlace(context),
    connect: ({ fetch, patienceMs, verify }) =>
      clientOf(besideOwnLog(context), { transport: { fetch, patienceMs }, verify }),
    name: config.name,
    openingsOf: ({ entry }) => {
      const own = join(proofsFolderOf(context), slugOf(entry.parsed.subject));
      return [join(config.agentDir, 'openings', entry.id), own, earlierFolderOf(own, entry.id)];
    },
    enrolCommand: (home, subject, enrolled) => enrolCommand(context, home, subject, enrolled),
    fetch: world.fetch,
    now: world.now,
  };
}

/** The files and directories that a confined agent needs besides its own directory. */
export function surroundings(context: Context): Surroundings {
  const { config, world } = context;
  const trust = [config.policy ?? trustedByDefault(config) ?? [], ...vkeysOf(context)].flat();
  return {
    program: programFolder(),
    state: stateDirOf(context),
    proofs: proofsFolderOf(context),
    files: [...trust, namedConfig(context) ?? []].flat().map((path) => resolve(world.cwd, path)),
  };
}

/** Makes what is missing in the agent's directory. Refuses `key-file`, `config-invalid`. */
export function agentHome(context: Context): Promise<AgentHome> {
  return initialiseAgent(agentPlace(context));
}

/** The configuration file that was read; undefined if it is the agent directory's own, or if there is none. */
export function namedConfig({ config, resolved: { file } }: Context): string | undefined {
  return file === join(config.agentDir, CONFIG_FILE) ? undefined : file;
}

/** Verifier keys as --vkey takes them, with absolute paths of files. */
export function vkeysOf({ config, world }: Context): readonly string[] {
  return config.vkey.map((vkey) => {
    const file = resolve(world.cwd, vkey);
    return isThere(file) ? file : vkey;
  });
}

/** The trust policy of the log in the data directory; undefined if there is none, or the settings name whom to trust. */
export function trustedByDefault(config: Config): string | undefined {
  if (config.policy !== undefined || config.vkey.length > 0) return undefined;
  const { trustPolicy } = layoutOf(config);
  return isThere(trustPolicy) ? trustPolicy : undefined;
}

/**
 * The context with the trust policy and URL of the log in the data directory, if no setting names whom to trust. The
 * URL comes from that log's configuration, unless a setting names one. Refuses `config-invalid`.
 */
export function besideOwnLog(context: Context): Context {
  const { config, resolved } = context;
  const policy = trustedByDefault(config);
  if (policy === undefined) return context;
  const isSaid = resolved.settled.some(({ name, source }) => PLACES.has(name) && source !== 'default');
  if (isSaid || !isThere(layoutOf(config).config)) return { ...context, config: { ...config, policy } };
  const flags = new Map([['dataDir', [config.dataDir]]]);
  const own = resolveConfig({ flags, configFlag: undefined, env: {}, cwd: context.world.cwd }, parseFlat);
  const log = publicUrl(own.config);
  return { ...context, config: { ...config, policy, ...(log !== logUrl(config) && { log }) } };
}

/** Settings that name the log's URL. */
const PLACES: ReadonlySet<string> = new Set(['log', 'url', 'host', 'port']);

/** The agent's configuration file: it stores flags of the first command line, so that later ones need none. */
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

/** The command that enrols this agent's key. `replace`: the key is enrolled already, with other rights. */
export function enrolCommand(
  { config, world }: Context,
  { keyName }: AgentHome,
  subject: string,
  replace = false,
): string {
  const key = keyName.startsWith('ssh-agent:') ? '<public key>' : relative(world.cwd, keyName);
  const at = config.log === undefined ? '' : ` --log ${config.log}`;
  // If the log's own data directory is here, `policy enrol` finds the admin key in it.
  const own = isThere(roleKeyPath(layoutOf(config), 'admin'));
  const admin = own ? '' : ' --key <admin key>';
  const name = shellWord(config.name ?? 'agent');
  return `tallystick policy enrol ${key} --name ${name} --role agent --subject ${shellWord(subject)}${at}${admin}${replace ? ' --replace' : ''}`;
}
