/** Runs our own commands as processes in one directory, and ends them all when the demonstration ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';

/** How long a part may take to print its banner (milliseconds). */
const START_MS = 20_000;
/** How long parts may take to end on SIGTERM when the demonstration is stopped (milliseconds). */
const END_MS = 5_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export class Stage {
  readonly dir: string;
  readonly #program: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #running = new Map<string, ChildProcess>();
  /** Every process of ours that has not ended. */
  readonly #alive = new Set<ChildProcess>();
  #stopped = false;
  /** Settled by the first signal, or by the end of a part, once somebody waits for it (`stopped`). */
  #ending: PromiseWithResolvers<void> | undefined;
  readonly #onSignal = (signal: NodeJS.Signals): void => void this.#stop(signal);
  readonly #onExit = (): void => {
    for (const child of this.#alive) child.kill('SIGKILL');
  };

  /** `program`: the script that this process runs, which is run again for every part. */
  constructor(dir: string, program: string) {
    this.dir = dir;
    this.#program = program;
    // The user's own settings and stored heads play no part in the demonstration.
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('TALLYSTICK_'));
    this.#env = { ...Object.fromEntries(kept), XDG_STATE_HOME: join(dir, 'state') };
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    // However this process ends (its output may be closed early), no part keeps running.
    process.on('exit', this.#onExit);
  }

  /** Runs a command to its end. */
  async run(...args: readonly string[]): Promise<Ran> {
    const child = this.#spawn(args);
    const ended = once(child, 'close');
    let [out, err] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
    await ended;
    return { code: child.exitCode, out, err };
  }

  /** Starts a part and waits until its output matches `ready`. Refuses `unavailable` with the output if it never does. */
  async start(name: string, args: readonly string[], ready: RegExp): Promise<string> {
    const child = this.#spawn(args);
    this.#running.set(name, child);
    let said = '';
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const fail = (why: string): void =>
      reject(refuse('unavailable', `${name} ${why}: ${said.slice(0, 2_000)}`));
    const timer = setTimeout(() => fail('did not start in time'), START_MS);
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const found = ready.exec(said);
      if (found !== null) resolve(found[1] ?? found[0]);
      // Output after the banner is not used.
      if (said.length > 65_536) said = said.slice(-4_096);
    };
    child.stderr?.on('data', hear);
    child.stdout?.on('data', hear);
    child.on('exit', (code) => fail(`ended with ${String(code)}`));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends a part with a signal and waits for its end. */
  async end(name: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#running.get(name);
    this.#running.delete(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /**
   * Waits for a signal, which then ends this wait and not the process. Refuses `unavailable` if a part ends by itself. A
   * part that ends with 0 got the same signal: a terminal sends it to all of us.
   */
  async stopped(): Promise<void> {
    this.#ending = Promise.withResolvers<void>();
    const { promise, resolve, reject } = this.#ending;
    for (const [name, child] of this.#running)
      child.on('exit', (code, signal) =>
        code === 0 || SIGNALS.some((each) => each === signal)
          ? resolve()
          : reject(refuse('unavailable', `${name} ended with ${String(code)}`)),
      );
    await promise;
  }

  /** Ends everything that still runs. */
  async clear(): Promise<void> {
    for (const name of [...this.#running.keys()].toReversed()) await this.end(name);
    if (this.#stopped) return;
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    process.off('exit', this.#onExit);
  }

  /** Ends every part, then this process with the exit code of a signal. A second signal ends it at once. */
  async #stop(signal: NodeJS.Signals): Promise<void> {
    const code = 128 + constants.signals[signal];
    if (this.#stopped) process.exit(code);
    this.#stopped = true;
    if (this.#ending !== undefined) return this.#ending.resolve();
    setTimeout(() => process.exit(code), END_MS);
    const ends = [...this.#alive].map((child) => once(child, 'exit'));
    for (const child of this.#alive) child.kill('SIGTERM');
    await Promise.all(ends);
    process.exit(code);
  }

  #spawn(args: readonly string[]): ChildProcess {
    if (this.#stopped) throw refuse('unavailable', 'the demonstration was stopped');
    const child = spawn(process.execPath, [this.#program, ...args, '--no-color'], {
      cwd: this.dir,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#alive.add(child);
    child.on('exit', () => this.#alive.delete(child));
    return child;
  }
}
