/** A directory and the processes that run in it: all of them end with it, by their own ids. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** How long a program may take to end when asked to, before it is killed. */
const STOP_MS = 10_000;
/** What is kept of a program's output. */
const MAX_OUTPUT = 1_000_000;

export interface Ran {
  readonly code: number | null;
  /** stdout. */
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A program that runs until it is stopped. */
export class Program {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;
  /** stdout and stderr as they came. */
  output = '';

  constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        if (this.output.length < MAX_OUTPUT) this.output += chunk.toString();
      });
    this.ended = new Promise((resolve) => {
      child.on('error', () => resolve(null));
      child.on('exit', (code) => resolve(code));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined;
  }

  /** The first match in the output; rejects when the program ends before it, or says it in no time. */
  async says(pattern: RegExp, ms = 30_000): Promise<RegExpExecArray> {
    for (const end = performance.now() + ms; ; await pause(20)) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      if (!this.running || performance.now() > end)
        throw new Error(`${this.#name} did not say ${pattern}:\n${this.output.slice(-4000)}`);
    }
  }

  /** Asks it to end, and makes it end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.running) return;
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

export class Stage {
  readonly dir: string;
  readonly #programs: Program[] = [];
  #closing: Promise<void> | undefined;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async open(): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), 'tallystick-interop-')));
  }

  path(...names: readonly string[]): string {
    return join(this.dir, ...names);
  }

  start(name: string, command: string, args: readonly string[], options: RunOptions = {}): Program {
    const program = new Program(name, this.#spawn(command, args, options));
    this.#programs.push(program);
    return program;
  }

  /** Runs a program to its end; it is killed when that takes too long (code null). */
  async run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const child = this.#spawn(command, args, options);
    const program = new Program(command, child);
    this.#programs.push(program);
    let [out, err] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
    // SIGINT: `go` then starts no more compilers and waits for those that run.
    const kill = (): void => void program.stop('SIGINT');
    const timer = setTimeout(kill, options.timeoutMs ?? 60_000);
    options.signal?.addEventListener('abort', kill);
    const code = await program.ended;
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', kill);
    return { code, out, err };
  }

  /** Stops what still runs, the newest first, and removes the directory. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      for (const program of this.#programs.toReversed()) await program.stop();
      await rm(this.dir, { recursive: true, force: true, maxRetries: 5 });
    })();
    return this.#closing;
  }

  #spawn(command: string, args: readonly string[], { env, cwd = this.dir }: RunOptions): ChildProcess {
    if (this.#closing !== undefined) throw new Error('the stage is being closed');
    return spawn(command, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', XDG_STATE_HOME: this.path('state'), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
}

/** Whether a command is on the PATH. */
export function onPath(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((dir) => existsSync(join(dir, command)));
}

/** A port nobody listens on, for programs that cannot choose one and say which. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** Asks until the answer is not undefined. What the last attempt threw is in the reason for giving up. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  ms = 30_000,
): Promise<T> {
  let last = '';
  for (const end = performance.now() + ms; performance.now() < end; await pause(50)) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = `; last: ${error instanceof Error ? error.message : 'no error'}`;
    }
  }
  throw new Error(`not in ${ms / 1000} s: ${what}${last}`);
}
