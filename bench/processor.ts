/** Processor time of another process by thread (Linux), which a busy machine changes far less than the time on a clock. */
import { readdirSync, readFileSync } from 'node:fs';

/** Nanoseconds that each thread of a process has run, by thread id. A thread that ended is no longer there. */
export function threadTimes(pid: number): ReadonlyMap<string, number> {
  const tasks = `/proc/${pid}/task`;
  return new Map(
    readdirSync(tasks).map((thread) => [
      thread,
      Number(readFileSync(`${tasks}/${thread}/schedstat`, 'utf8').split(' ')[0]),
    ]),
  );
}

/** Milliseconds that the threads of a process ran between two looks. */
export function ranBetween(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const [thread, time] of after) sum += time - (before.get(thread) ?? 0);
  return sum / 1e6;
}
