/**
 * The first screen of a log of many subjects: how long the first computation takes, an update after one entry, an answer while
 * nothing changes; and memory. Everything is verified as any reader verifies it.
 *
 *     node bench/overview.ts [subjects]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseVkey } from '../src/note/key.ts';
import { policyOfLogs } from '../src/note/trust.ts';
import { Overviews } from '../src/explorer/overview/overviews.ts';
import type { OverviewJson } from '../src/explorer/shared/overview.ts';
import { decodeUtf8 } from '../src/bytes/text.ts';
import { LargeLog, ORIGIN } from '../test/support/large-log.ts';
import { vkeys } from '../test/support/world.ts';
import { machine, median, printRows } from './machine.ts';

const subjects = Number(process.argv[2] ?? 10_000);
const dir = mkdtempSync(join(tmpdir(), 'tallystick-overview-'));
const path = join(dir, 'log.db');
const mebibytes = (): number => process.memoryUsage().rss / 2 ** 20;

console.error(`making a log of ${subjects} subjects`);
const log = await LargeLog.make(path, subjects, Math.floor(Date.now() / 1000) - 1_000);
const overviews = new Overviews({ role: 'log', origin: ORIGIN, path });
const policy = policyOfLogs(vkeys.map(parseVkey));

let note = await log.note();
const ask = async (): Promise<OverviewJson> =>
  JSON.parse(decodeUtf8(await overviews.page({ query: { limit: 100 }, note, policy })));

/** Milliseconds until everything is computed under the newest head. */
async function settled(): Promise<number> {
  const began = performance.now();
  for (;;) {
    const told = await ask();
    if (told.computing === null && told.as_of.size === log.size) return performance.now() - began;
    await pause(20);
  }
}

const before = mebibytes();
let began = performance.now();
const { computing } = await ask();
const answered = performance.now() - began;
const first = (await settled()) + answered;
const after = mebibytes();
const updates: number[] = [];
for (let n = 0; n < 5; n++) {
  await log.another(subjects + n);
  note = await log.note();
  updates.push(await settled());
}
const answers: number[] = [];
for (let n = 0; n < 20; n++) {
  began = performance.now();
  await ask();
  answers.push(performance.now() - began);
}
const ms = (value: number): string => `${value.toFixed(0)} ms`;
console.log(machine());
printRows(`Overview of ${subjects} subjects, ${log.size} entries`, [
  {
    what: 'first answer',
    value: ms(answered),
    against: `computing ${computing === null ? 'done' : `of ${computing.of}`}`,
  },
  {
    what: 'first computation',
    value: ms(first),
    against: `${Math.round((subjects / first) * 1000)} subjects a second`,
  },
  { what: 'update after one entry', value: ms(median(updates)), against: 'goal: less than a second' },
  { what: 'answer without a change', value: ms(median(answers)), against: '100 rows' },
  { what: 'memory', value: `${Math.round(after - before)} MiB`, against: 'of the process, by the thread' },
]);
await overviews.close();
await log.copy.close();
rmSync(dir, { recursive: true });
