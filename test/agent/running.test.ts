/** The rules of a running agent are those of targets.yaml, whenever the owner wrote it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startAgent, type DaemonOptions, type RunningAgent } from '#src/agent/running.ts';

const rule = (name: string): string =>
  `- subject: prod/${name}\n  probe: tls\n  targets: ['${name}.example:443']\n`;

/** A log that has nothing, and of which only the names are asked. */
const LOG = {
  origin: 'l.example/log',
  trust: {
    policy: { logs: [], witnesses: [], quorum: 'none' },
    log: { name: 'l.example/log' },
  },
  head: () => Promise.reject(new Error('away')),
};

async function started(
  t: Test,
  { connecting, ...more }: Pick<DaemonOptions, 'watch'> & { connecting?: (targets: string) => void },
): Promise<{ agent: RunningAgent; targets: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'tally-running-'));
  const targets = join(dir, 'targets.yaml');
  writeFileSync(targets, rule('a') + rule('b'), { mode: 0o600 });
  const connect = (): Promise<unknown> => {
    connecting?.(targets);
    return Promise.resolve(LOG);
  };
  const agent = await startAgent({
    place: { dir },
    subjects: [],
    connect: connect as DaemonOptions['connect'],
    openingsOf: () => [],
    enrolCommand: () => '',
    onBug: () => undefined,
    patienceMs: 1_000,
    fetch,
    now: Date.now,
    cpuBudget: 100,
    heartbeatSeconds: 3_600,
    pollSeconds: 60,
    tell: () => undefined,
    ...more,
  });
  t.teardown(async () => {
    await agent.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return { agent, targets };
}

const inForce = (agent: RunningAgent): readonly string[] =>
  agent.opened.rules().flatMap(({ subject }) => (subject.startsWith('prod/') ? [subject] : []));

t.test('what the owner takes out while the agent waits for its log is not in force', async (t) => {
  const { agent } = await started(t, { connecting: (targets) => writeFileSync(targets, rule('a')) });
  t.strictSame(agent.subjects, ['prod/a']);
  t.strictSame(inForce(agent), ['prod/a']);
});

t.test('the file is read after the watch began', async (t) => {
  const { agent } = await started(t, {
    watch: (targets) => {
      writeFileSync(targets, rule('a'));
      return () => undefined;
    },
  });
  t.strictSame(agent.subjects, ['prod/a']);
});

t.test('reloads are taken one after another, and the newest counts', async (t) => {
  const { agent, targets } = await started(t, {});
  writeFileSync(targets, `${rule('a')}${rule('b')}${'# slow\n'.repeat(10_000)}`);
  const first = agent.reload();
  const second = (async () => {
    await Promise.resolve();
    writeFileSync(targets, rule('c'));
    await agent.reload();
  })();
  await Promise.all([first, second]);
  t.strictSame(inForce(agent), ['prod/c']);
  writeFileSync(targets, 'nonsense');
  await t.rejects(agent.reload(), { code: 'config-invalid' });
  t.strictSame(inForce(agent), ['prod/c'], 'the rules stay');
  writeFileSync(targets, rule('d'));
  await agent.reload();
  t.strictSame(inForce(agent), ['prod/d'], 'one that is refused does not hold up the next');
});
