/** Runs a program for a probe, with a given environment. It measures the cost of the program, and drops its error output. */
import { refuse } from '../bytes/refusal.ts';
import { runChild, type Child } from '../platform/child.ts';
import { errorCode } from './harmless.ts';
import { readFileSync } from 'node:fs';

export interface Command extends Child {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Called with the microseconds of CPU that the program used, however it ended. */
  readonly spent: (cpuUs: number) => void;
}

export interface Finished {
  /** undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly output: Uint8Array;
}

/** The environment of a program that needs no other variables. */
export const PLAIN_ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};

/**
 * Runs a program until it ends. Refuses `unavailable` if it cannot be started, does not end in time, or is stopped, and
 * `too-large` if it writes too much.
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
    throw refuse('too-large', `${file} wrote more than ${maxBytes} bytes, and none of them is used`);
  if (end.kind === 'too-late') throw refuse('unavailable', `${file} did not end within ${timeoutMs} ms`);
  throw refuse('unavailable', 'the probe was stopped');
}

/** Microseconds of one tick of /proc: USER_HZ is 100 on every Linux that Node runs on. */
const TICK_US = 10_000;

/**
 * Microseconds of CPU that ended child programs of this process used so far, with the programs that these started and waited
 * for; undefined if the system does not count them. proc(5): fields 16 and 17, cutime and cstime.
 */
function programsCpu(): number | undefined {
  let stat: string;
  try {
    stat = readFileSync('/proc/self/stat', 'utf8');
  } catch {
    return undefined;
  }
  // The second field is a name in parentheses, which may contain anything. The third field follows the last parenthesis.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[13]) + Number(fields[14]);
  return Number.isSafeInteger(ticks) ? ticks * TICK_US : undefined;
}

/**
 * Microseconds of CPU of one program, from two answers of `programsCpu`, before and after it. If the program was killed, nobody
 * waited for the programs that it started, and the system may not count them. The cost is then at least the time that it ran.
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
