/** What a command loads: each is a process, and every package that it does not need makes it slower (bench/startup.ts). */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { beginLog, serveLog } from '../support/running-log.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const HOOK = pathToFileURL(join(ROOT, 'test/support/loads.ts')).href;

const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(NODE_|TALLYSTICK_|npm_)/.test(name)),
);

/** Runs the command of this checkout; the packages that it loaded. Not synchronous: the log is in this process. */
async function packagesOf(cwd: string, ...args: readonly string[]): Promise<readonly string[]> {
  const command = [`--import=${HOOK}`, join(ROOT, 'src/cli/bin.cjs'), ...args];
  const child = spawn(process.execPath, command, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  const [, list] = /^packages loaded: (.*)$/m.exec(said) ?? [];
  if (code !== 0 || list === undefined) throw new Error(`${args.join(' ')} ended with ${code}: ${said}`);
  return JSON.parse(list);
}

const NOBLE = ['@noble/curves', '@noble/ed25519', '@noble/hashes', '@noble/post-quantum'];

t.test('what version, verify and status load', async (t) => {
  const { log, data, cwd } = await beginLog(t, 'startup.example/log');
  const url = await serveLog(t, log);
  // Beside no configuration file: who has one needs the parser of YAML.
  const away = join(cwd, 'away');
  mkdirSync(away);
  writeFileSync(join(away, 'a.txt'), 'a\n');
  const trusted = ['--policy', join(data, 'trust.policy')];
  const key = ['--key', join(data, 'keys', 'author.pem')];
  const commit = ['commit', 'a.txt', '--log', url, '--state-dir', 'state', ...trusted, ...key];
  t.ok((await packagesOf(away, ...commit)).includes('commander'), 'the check itself notices');

  t.strictSame(await packagesOf(away, 'version'), ['better-sqlite3', 'commander']);
  const reading = [...NOBLE, 'cbor-x', 'commander'];
  t.strictSame(
    await packagesOf(away, 'verify', 'a.txt', ...trusted),
    reading,
    'no certificates, no expressions',
  );
  const status = ['status', '--log', url, '--state-dir', 'state', ...trusted];
  // Readers judge claims over time, by the evaluator of expressions (spec/decisions.md, 259).
  const judging = ['@marcbachmann/cel-js', ...reading, 're2js'];
  t.strictSame(await packagesOf(away, ...status), judging, 'no schemas, no native signatures');
});
