/** A real server in a process of its own, on a fresh data directory, with statements signed beforehand. */
import { execFileSync, spawn } from 'node:child_process';
import { createPrivateKey, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeCbor } from '../src/bytes/cbor.ts';
import { encodeUtf8 } from '../src/bytes/text.ts';
import { keyThumbprint } from '../src/cose/key.ts';
import { encodeSign1, sigStructure } from '../src/cose/sign1.ts';
import { publicKeyOf } from '../src/keys/native.ts';

/** This checkout. */
const OURS = new URL('..', import.meta.url).pathname;

/** Every rate is off: one client asks as much as a thousand would. */
const RATES = ['--rate-limit', '--statement-rate', '--key-rate', '--subject-rate', '--read-rate-limit'];

export interface Server {
  readonly url: string;
  readonly dir: string;
  readonly pid: number;
  /** Signs `count` statements never given before. */
  statements(count: number, payloadBytes?: number): Buffer[];
  stop(): Promise<void>;
}

/** What is started. */
export interface Started {
  /** Go to Node, such as `--cpu-prof`. */
  readonly nodeArgs?: readonly string[];
  /** Folder of the version to start, with its node_modules. */
  readonly checkout?: string;
  /** Fills the data directory of the new log before the server starts that is measured. */
  readonly fill?: (data: string) => Promise<void>;
}

/** Starts `tallystick serve` on loopback. */
export async function startServer(
  port: number,
  nodeArgs: readonly string[] = [],
  checkout: string = OURS,
): Promise<Server> {
  return startFilled(port, { nodeArgs, checkout });
}

/** Starts `tallystick serve` on loopback, on a directory that was filled. */
export async function startFilled(
  port: number,
  { nodeArgs = [], checkout = OURS, fill }: Started,
): Promise<Server> {
  const main = join(checkout, 'src', 'cli', 'bin.cjs');
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-bench-'));
  const data = join(dir, 'data');
  const options = ['serve', '--data-dir', data, '--port', String(port), '--log-level', 'warn'];
  const args = [main, ...options, ...ratesOf(main).flatMap((rate) => [rate, '0'])];
  const url = `http://127.0.0.1:${port}`;
  if (fill !== undefined) {
    await (await run(args, dir, url)).stop();
    await fill(data);
  }
  const { pid, stop } = await run([...nodeArgs, ...args], dir, url);
  return {
    url,
    dir: data,
    pid,
    statements: signer(join(data, 'keys', 'submitter.pem')),
    stop: async () => {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Runs Node until it answers at the URL. */
async function run(args: readonly string[], cwd: string, url: string): Promise<Pick<Server, 'pid' | 'stop'>> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd });
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  for (let tries = 0; ; tries++) {
    const ready = await fetch(`${url}/readyz`).then(
      (reply) => reply.ok,
      () => false,
    );
    if (ready) break;
    if (tries > 300 || child.exitCode !== null) throw new Error(`the server did not start: ${errors}`);
    await pause(50);
  }
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Those that this version has. */
function ratesOf(main: string): readonly string[] {
  const help = execFileSync(process.execPath, [main, 'serve', '--help'], { encoding: 'utf8' });
  return RATES.filter((rate) => help.includes(`  ${rate} `));
}

/** Statements of about 300 bytes, or with a payload of so many, as fast as OpenSSL signs: only the payload differs. */
function signer(keyFile: string): (count: number, payloadBytes?: number) => Buffer[] {
  const key = createPrivateKey(readFileSync(keyFile));
  const publicKey = publicKeyOf(key);
  const claims = new Map([
    [1, 'https://bench.example'],
    [2, 'bench/subject'],
  ]);
  const protectedBytes = encodeCbor(
    new Map<number, unknown>([
      [1, -19],
      [3, 'text/plain'],
      [4, keyThumbprint(publicKey)],
      [15, claims],
    ]) as never,
  );
  let serial = 0;
  return (count, payloadBytes = 110) =>
    Array.from({ length: count }, () => {
      const payload = encodeUtf8(`statement ${process.pid}/${serial++} `.padEnd(payloadBytes, '.'));
      const signature = sign(null, sigStructure(protectedBytes, payload), key);
      return Buffer.from(encodeSign1({ protectedBytes, unprotected: new Map(), payload, signature }));
    });
}
