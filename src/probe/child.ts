/** Runs a program for a probe: with a named environment, measuring its cost, and without revealing its error output. */
import { refuse } from '../bytes/refusal.ts';
import { runChild, type Child } from '../platform/child.ts';
import { errorCode } from './harmless.ts';
import { readFileSync } from 'node:fs';

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

/** Microseconds of one tick of /proc: USER_HZ is 100 on every Linux that Node runs on. */
const TICK_US = 10_000;

/**
 * Microseconds of CPU that child programs of this process used so far, with the programs that these started and waited for;
 * undefined where the system does not count it. proc(5): fields 16 and 17, cutime and cstime.
 */
function programsCpu(): number | undefined {
  let stat: string;
  try {
    stat = readFileSync('/proc/self/stat', 'utf8');
  } catch {
    return undefined;
  }
  // The second field is a name in parentheses, and may hold anything; the third follows it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[13]) + Number(fields[14]);
  return Number.isSafeInteger(ticks) ? ticks * TICK_US : undefined;
}

/**
 * Microseconds that one program counts for, between two answers of `programsCpu`. If it was killed, the system may miss the
 * programs that it started, since nobody waited for them: it then counts for at least the time that it ran.
 */
export function programCost(
  [before, after]: readonly [number | undefined, number | undefined],
  wallUs: number,
  isForced: boolean,
): number {
  if (before === undefined || after === undefined) return wallUs;
  const measured = Math.max(0, after - before);
  return isForced ? Math.max(measured, wallUs) : measured;
}
