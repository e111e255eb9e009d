/**
 * A program that a probe runs: its words as they are (no shell), an environment that is named, bounded output, and
 * an end by force for it and all it started, at the time limit or when the probe is stopped.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { refuse } from '../bytes/refusal.ts';
import { programCost, programsCpu } from './cpu.ts';
import { errorCode } from './harmless.ts';

export interface Command {
  readonly argv: readonly string[];
  readonly cwd: string;
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
  readonly timeoutMs: number;
  /** Most bytes of standard output that are taken. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Told what it cost, microseconds of CPU, however it ended. */
  readonly spent: (cpuUs: number) => void;
}

export interface Finished {
  /** undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly output: Uint8Array;
}

/** What programs get when nothing else is said. */
export const PLAIN_ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

/**
 * Runs it to its end. Refuses `unavailable` when it cannot be started or does not end in time, `too-large` when it
 * writes too much. What it writes to standard error is read and dropped: it may hold secrets.
 */
export async function runProgram(command: Command): Promise<Finished> {
  const { argv, cwd, env, input, timeoutMs, maxBytes, signal, spent } = command;
  const [file = '', ...rest] = argv;
  if (signal.aborted) throw refuse('unavailable', 'the probe was stopped');
  const [cpu, start] = [programsCpu(), performance.now()];
  // A group of its own, so that what it starts ends with it.
  const child = spawn(file, rest, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const exited = new Promise<unknown>((resolve) => void child.once('exit', resolve).once('error', resolve));
  const chunks: Uint8Array[] = [];
  let size = 0;
  let isForced = true;
  const limit = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([limit, signal]);
  try {
    const finished = await new Promise<Finished>((resolve, reject) => {
      const stop = (): void =>
        reject(
          refuse(
            'unavailable',
            limit.aborted ? `${file} did not end within ${timeoutMs} ms` : 'the probe was stopped',
          ),
        );
      either.addEventListener('abort', stop, { once: true });
      child.on('error', (error) =>
        reject(refuse('unavailable', `${file} cannot be run: ${errorCode(error)}`)),
      );
      child.stdin.on('error', () => undefined);
      child.stdout.on('data', (chunk: Uint8Array) => {
        size += chunk.length;
        if (size > maxBytes)
          return reject(
            refuse('too-large', `${file} wrote more than ${maxBytes} bytes; nothing of it is used`),
          );
        chunks.push(chunk);
      });
      child.stderr.resume();
      child.on('close', (code) =>
        resolve({ code: code ?? undefined, output: new Uint8Array(Buffer.concat(chunks)) }),
      );
      child.stdin.end(input ?? new Uint8Array());
    });
    isForced = false;
    return finished;
  } finally {
    endGroup(child);
    await exited;
    const wallUs = Math.round((performance.now() - start) * 1000);
    spent(programCost([cpu, programsCpu()], wallUs, isForced));
  }
}

/** Ends the program and everything it started that stayed in its group. */
function endGroup(child: ChildProcess): void {
  for (const stream of child.stdio) stream?.destroy();
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
