/** Programs as their users run them: real processes of the `tallystick` command, ended by their process ids. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Test } from 'tap';

export const BIN = new URL('../../src/cli/bin.cjs', import.meta.url).pathname;

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Heads seen are remembered in the test's own directory, not in the user's. */
const envOf = (cwd: string): NodeJS.ProcessEnv => ({ ...process.env, XDG_STATE_HOME: join(cwd, 'state') });

/** Runs a command to its end, while this process goes on. */
export async function run(cwd: string, ...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env: envOf(cwd) });
  const ended = once(child, 'close');
  const [out, err] = await Promise.all(
    [child.stdout, child.stderr].map(async (stream) =>
      Buffer.concat(await Array.fromAsync(stream)).toString(),
    ),
  );
  await ended;
  return { code: child.exitCode, out: out ?? '', err: err ?? '' };
}

/** A server of ours that can be killed and started again in the same place. */
export class Role {
  readonly #cwd: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  /** All it wrote to stderr since it was last started. */
  said = '';
  url = '';

  constructor(t: Test, cwd: string, ...args: readonly string[]) {
    this.#cwd = cwd;
    this.#args = args;
    t.teardown(() => this.kill());
  }

  /** Starts it and waits for the URL in its banner. */
  async start(): Promise<this> {
    const child = spawn(process.execPath, [BIN, ...this.#args], {
      cwd: this.#cwd,
      env: envOf(this.#cwd),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    this.#ended = once(child, 'exit');
    this.said = '';
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    child.stderr.on('data', (chunk: Buffer) => {
      this.said += chunk.toString();
      const url = / URL +(http:\S+)/.exec(this.said)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.on('exit', (code) => reject(new Error(`${this.#args[0]} ended with ${code}: ${this.said}`)));
    this.url = await promise;
    return this;
  }

  /** SIGKILL: no time to tidy up. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** SIGTERM; resolves to the exit code. */
  async stop(): Promise<number | null> {
    this.#child?.kill('SIGTERM');
    await this.#ended;
    return this.#child?.exitCode ?? null;
  }
}

/** Ports nobody listens on just now: roles that are started again must be found where they were. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(
    servers.map(async (server) => {
      const closed = once(server, 'close');
      server.close();
      await closed;
    }),
  );
  return ports;
}

/** Asks until the answer is as wanted, and gives it; fails with the last one after `seconds`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  seconds = 60,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask().catch((error: unknown) => error as T);
    if (!(answer instanceof Error) && wanted(answer)) return answer;
    if (performance.now() > end)
      throw new Error(
        `not within ${seconds} s: ${what}; last: ${answer instanceof Error ? answer.message : JSON.stringify(answer)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A JSON document, whatever its status. */
export async function json(url: string): Promise<Record<string, never>> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  return (await reply.json()) as Record<string, never>;
}
