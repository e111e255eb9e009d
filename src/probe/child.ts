/** Runs a program for a probe: with a named environment, measuring its cost, and without revealing its error output. */
import { refuse } from '../bytes/refusal.ts';
import { runChild, type Child } from '../platform/child.ts';
import { programCost, programsCpu } from './cpu.ts';
import { errorCode } from './harmless.ts';

export interface Command extends Child {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called with the microseconds of CPU that it used, however it ended. */
  readonly spent: (cpuUs: number) => void;
}

export interface Finished {
  /** undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly output: Uint8Array;
}

/** The default environment of programs. */
export const PLAIN_ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

/**
 * Runs a program until it ends. Refuses `unavailable` when it cannot be started or does not end in time, `too-large` when it
 * writes too much.
 */
export async function runProgram(command: Command): Promise<Finished> {
  const { argv, timeoutMs, maxBytes, spent } = command;
  const [file = ''] = argv;
  const [cpu, start] = [programsCpu(), performance.now()];
  const end = await runChild(command);
  const wallUs = Math.round((performance.now() - start) * 1000);
  spent(programCost([cpu, programsCpu()], wallUs, end.kind !== 'exited'));
  if (end.kind === 'exited') return { code: end.code, output: end.output };
  if (end.kind === 'not-started')
    throw refuse('unavailable', `${file} cannot be run: ${errorCode(end.cause)}`);
  if (end.kind === 'too-large')
    throw refuse('too-large', `${file} wrote more than ${maxBytes} bytes; nothing of it is used`);
  if (end.kind === 'too-late') throw refuse('unavailable', `${file} did not end within ${timeoutMs} ms`);
  throw refuse('unavailable', 'the probe was stopped');
}
