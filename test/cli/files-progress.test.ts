/** Many files: how much of them was read is shown, in a time that grows with their number. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { run } from '#src/cli/main.ts';
import { readFacts } from '#src/declare/node/files.ts';

const NO_INPUT = {
  [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true as const, value: undefined }) }),
};

function folderOf(t: Test, count: number): string {
  const dir = t.testdir({});
  for (let i = 0; i < count; i++) {
    const folder = join(dir, 'many', `d${i % 10}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `f${i}`), `${i}`);
  }
  return dir;
}

t.test('each file counts once, of all that were found, and the bar goes away', async (t) => {
  const dir = folderOf(t, 30);
  const seen: string[] = [];
  const progress = (label: string, total: number) => ({
    at: (done: number) => void seen.push(`${label} ${done}/${total}`),
    end: () => void seen.push('end'),
  });
  const reading = { base: dir, omit: new Map<string, string>(), stdin: NO_INPUT, progress };
  const { facts } = await readFacts([join(dir, 'many')], reading);
  t.equal(facts.length, 30);
  t.same(seen, [...Array.from({ length: 30 }, (_, i) => `reading files ${i + 1}/30`), 'end']);
  seen.length = 0;
  await t.rejects(readFacts([join(dir, 'many'), '/dev/null'], reading), { code: 'usage' });
  t.equal(seen.at(-1), 'end', 'also after a refusal');
});

t.test('commit shows a bar on a terminal, objects with --json, and nothing elsewhere', async (t) => {
  const dir = folderOf(t, 40);
  const shown = async (isTTY: boolean, ...more: readonly string[]): Promise<string> => {
    let err = '';
    let now = 0;
    await run(['commit', 'many', '--list', ...more], {
      env: { XDG_STATE_HOME: join(dir, 'state') },
      cwd: dir,
      fetch,
      // Each look at the clock is 200 ms later: a second has passed after a few files.
      now: () => (now += 200),
      stdout: { write: () => true },
      stderr: { isTTY, write: (text) => (err += String(text)) },
    });
    return err;
  };
  const bar = await shown(true);
  t.match(bar, /\rreading files █+░+ \d+% \(\d+ of 40, /);
  t.ok(bar.endsWith('\r\u001b[K'), 'it is removed');
  t.match(await shown(false, '--json'), /"progress":\{"label":"reading files","done":\d+,"total":40/);
  t.equal(await shown(false), '');
  t.equal(await shown(true, '--quiet'), '', 'nor with --quiet');
});
