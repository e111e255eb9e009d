/**
 * Fuzzing of every parser and endpoint: node test/fuzz/run.ts --seed N --inputs M [--only NAME] [--at NUMBER]
 * [--minutes T]. Prints one line of JSON a fault, with the command that repeats it, and the counts last. Exits 1 when
 * there was a fault, or an input took longer than the watchdog waits.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Order, Report } from './loop.ts';

/** Milliseconds after which one input counts as one that never ends: far above what any takes on a busy machine. */
const WATCHDOG = 60_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    inputs: { type: 'string', default: '100000' },
    only: { type: 'string' },
    at: { type: 'string' },
    minutes: { type: 'string', default: '600' },
  },
});
const place = new Int32Array(new SharedArrayBuffer(8));
const order: Order = {
  seed: values.seed,
  inputs: Number(values.inputs),
  only: values.only,
  at: values.at === undefined ? undefined : Number(values.at),
  until: Date.now() + Number(values.minutes) * 60_000,
  place,
};
const worker = new Worker(new URL('loop.ts', import.meta.url), { workerData: order });
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const again = (target: string, number: number): string =>
  `node test/fuzz/run.ts --seed ${values.seed} --only '${target}' --at ${number}`;
let names: readonly string[] = [];

let last = '';
const watch = setInterval(() => {
  const now = place.join(' ');
  if (now === last && names.length > 0) {
    const [target = 0, number = 0] = place;
    say({ fault: 'an input did not end', repeat: again(names[target] ?? '', number) });
    process.exit(1);
  }
  last = now;
}, WATCHDOG);

worker.on('message', (message: { names?: readonly string[]; report?: Report }) => {
  if (message.names !== undefined) names = message.names;
  if (message.report === undefined) return;
  clearInterval(watch);
  const { ran, accepted, found } = message.report;
  for (const { target, number, ...rest } of found)
    say({ fault: target, repeat: again(target, number), ...rest });
  const total = Object.values(ran).reduce((sum, n) => sum + n, 0);
  say({ seed: values.seed, inputs: total, faults: found.length, targets: names, ran, accepted });
  process.exitCode = found.length === 0 ? 0 : 1;
  void worker.terminate();
});
worker.on('error', (error) => {
  say({ fault: 'the loop died', why: String(error instanceof Error ? error.stack : error) });
  process.exit(1);
});
