/**
 * A witness that kills itself. Arguments: its directory, the step of the commit to die at, how many commits to
 * pass first. It cosigns sizes 1, 2, 3 … of one log and writes `answered <size>` for each reply, synchronously.
 */
import { writeSync } from 'node:fs';
import { knownLogs, openWitness, TestLog } from './witness-world.ts';

const [dir = '', dieAt = '', passes = '0'] = process.argv.slice(2);
let left = Number(passes);

const log = new TestLog('log.example/a');
const { witness } = openWitness(
  dir,
  knownLogs(log),
  {},
  {
    step: (step) => {
      if (step === dieAt && left-- <= 0) process.kill(process.pid, 'SIGKILL');
    },
  },
);
for (let size = 1; size <= 10; size++) {
  const answer = await witness.addCheckpoint(await log.request(size - 1, size));
  writeSync(1, `${answer.kind} ${size}\n`);
}
