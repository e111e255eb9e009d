/**
 * How long a command takes that does nearly nothing: `node bench/startup.ts`. In CI each command is a process. Beside it,
 * in turns with it, `node -e 0`; of many runs the fastest counts, since others on the machine only ever make one slower. CPU
 * is the mean of all runs, children of the command included.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from '../src/build/build.ts';
import { goal, machine, printRows, processCpu, type Row } from './machine.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** Without what npm and test runners add. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(NODE_|TALLYSTICK_|npm_)/.test(name)),
);

interface Timed {
  readonly ms: number;
  readonly cpuMs: number;
}

/** The fastest of some runs of each command, one after another in turns; throws when one fails. */
function timed(commands: readonly (readonly string[])[], runs: number, cwd: string): readonly Timed[] {
  const found = commands.map(() => ({ ms: Infinity, cpuMs: 0 }));
  for (let i = 0; i <= runs; i++) {
    for (const [at, args] of commands.entries()) {
      const before = processCpu(process.pid).reaped;
      const begun = performance.now();
      const { status, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' });
      const ms = performance.now() - begun;
      if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
      const each = found[at];
      // The first run fills the compile cache.
      if (each === undefined || i === 0) continue;
      each.ms = Math.min(each.ms, ms);
      each.cpuMs += ((processCpu(process.pid).reaped - before) * 1_000) / runs;
    }
  }
  return found;
}

/** Rows of the built command and of the one of a checkout, against goals as ratios to `node -e 0`. */
export async function startupRows(runs: number): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-startup-'));
  const built = join(folder, 'dist/tallystick/command/bin.cjs');
  const checkout = join(ROOT, 'src/cli/bin.cjs');
  build(join(folder, 'dist'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const log = spawn(
    process.execPath,
    [checkout, 'serve', '--port', '0', '--log-level', 'silent', '--data-dir', 'log'],
    { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  try {
    const url = await urlIn(log.stderr);
    writeFileSync(join(folder, 'a.txt'), 'a\n');
    const trusted = ['--policy', 'log/trust.policy'];
    const state = ['--state-dir', 'state'];
    const key = ['--key', 'log/keys/author.pem', '--proofs-dir', 'proofs'];
    timed([[checkout, 'commit', 'a.txt', '--log', url, ...trusted, ...state, ...key]], 0, folder);
    const commands = (bin: string): readonly (readonly string[])[] => [
      [bin, 'version'],
      [bin, 'verify', 'a.txt', ...trusted, '--proofs-dir', 'proofs'],
      [bin, 'status', '--log', url, ...trusted, ...state],
    ];
    const all = [['-e', '0'], ...commands(built), ...commands(checkout)];
    const [base = { ms: 1, cpuMs: 1 }, ...rest] = timed(all, runs, folder);
    const bounds = [3, 8, 8, undefined, 10, 13];
    const row = (what: string, { ms, cpuMs }: Timed, bound?: number): Row => ({
      what,
      value: `${Math.round(ms)} ms, ${Math.round(cpuMs)} ms of CPU`,
      against: `${(ms / base.ms).toFixed(1)} and ${(cpuMs / base.cpuMs).toFixed(1)} times node -e 0${bound === undefined ? '' : `; ${goal(ms / base.ms, '≤', bound)}`}`,
    });
    return [
      row('node -e 0', base),
      ...rest.map((each, at) =>
        row(`${all[at + 1]?.[1]}, ${at < 3 ? 'built' : 'from a checkout'}`, each, bounds[at]),
      ),
    ];
  } finally {
    log.kill('SIGTERM');
    await once(log, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function urlIn(stderr: AsyncIterable<Buffer>): Promise<string> {
  let said = '';
  for await (const chunk of stderr) {
    said += chunk.toString();
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
    if (url !== undefined && said.includes('tallystick status')) return url;
  }
  throw new Error(`the log did not start: ${said}`);
}

if (import.meta.main) {
  console.log(machine());
  printRows('Start of a command', await startupRows(15));
}
