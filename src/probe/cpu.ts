/** CPU time of the programs that a probe runs. The system counts a program once it has ended and was waited for. */
import { readFileSync } from 'node:fs';

/** Microseconds of one tick of /proc: USER_HZ is 100 on every Linux that Node runs on. */
const TICK_US = 10_000;

/**
 * Microseconds of CPU that child programs of this process used so far, with the programs that these started and waited for;
 * undefined where the system does not count it. proc(5): fields 16 and 17, cutime and cstime.
 */
export function programsCpu(): number | undefined {
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
