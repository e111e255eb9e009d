/**
 * Everyone who keeps a log honest, as real processes: a log, three witnesses, two monitors that gossip, a mirror.
 * Each is killed and started again; what was promised holds throughout, and nobody cries wolf.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { originHash, parseCheckpoint } from '../../src/note/checkpoint.ts';
import { parseNote } from '../../src/note/note.ts';
import { freePorts, json, Role, run, until } from '../support/processes.ts';

t.setTimeout(240_000);

const ORIGIN = 'log.example/watched';
const HASH = originHash(ORIGIN);

/** Size of the checkpoint served at a URL. */
async function sizeAt(url: string): Promise<number> {
  const reply = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  if (!reply.ok) throw new Error(`${url} answered ${reply.status}`);
  return parseCheckpoint(parseNote(new Uint8Array(await reply.arrayBuffer())).text).size;
}

t.test('a log, three witnesses, two monitors, a mirror: each is killed, and comes back', async (t) => {
  const dir = t.testdir({});
  const [logPort = 0, ...ports] = await freePorts(7);
  const [p1 = 0, p2 = 0, p3 = 0, m1 = 0, m2 = 0, mi = 0] = ports;
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  const log = at(logPort);

  t.equal((await run(dir, 'init', '--origin', ORIGIN, '--port', String(logPort))).code, 0);
  const trust = join(dir, 'tallystick-data', 'trust.policy');
  const witnesses = [p1, p2, p3].map(
    (port, i) =>
      new Role(
        t,
        dir,
        'witness',
        '--name',
        `w${i}.example`,
        '--witness-dir',
        `w${i}`,
        '--port',
        String(port),
        '--known-logs',
        trust,
        '--log-level',
        'error',
      ),
  );
  await Promise.all(witnesses.map((witness) => witness.start()));
  const lines = witnesses.map(({ said }) => /^ +(witness \S+ \S+ \S+)$/m.exec(said)?.[1] ?? '');
  t.equal(lines.filter((line) => line !== '').length, 3, 'each says the line that a policy takes');
  const [, whole = ''] = /vkey .*…\n +whole at (http\S+)$/m.exec(witnesses[0]?.said ?? '') ?? [];
  t.match(await (await fetch(whole)).text(), /"w0\.example\+/, 'and where the long vkey is');
  const quorum = `${lines.join('\n')}\ngroup g 2 w0.example w1.example w2.example\nquorum g\n`;
  writeFileSync(join(dir, 'witness.policy'), quorum);
  writeFileSync(join(dir, 'all.policy'), readFileSync(trust, 'utf8').replace(/^quorum none\n/m, '') + quorum);

  const server = new Role(
    t,
    dir,
    'serve',
    '--witness-policy',
    'witness.policy',
    '--port',
    String(logPort),
    '--log-level',
    'error',
  );
  await server.start();
  const watching = ['--policy', 'all.policy', '--poll', '1', '--log-level', 'error'];
  const monitorAt = (name: string, port: number, peers: readonly number[]): Role =>
    new Role(
      t,
      dir,
      'monitor',
      log,
      ...watching,
      '--monitor-dir',
      name,
      '--port',
      String(port),
      ...peers.flatMap((peer) => ['--peer', at(peer)]),
    );
  const monitors = [monitorAt('m1', m1, [p1, m2]), monitorAt('m2', m2, [p2, m1])];
  const mirror = new Role(
    t,
    dir,
    'mirror',
    log,
    'copy',
    '--policy',
    'all.policy',
    '--poll',
    '1',
    '--port',
    String(mi),
    '--log-level',
    'error',
  );
  await Promise.all([...monitors, mirror].map((each) => each.start()));

  let entries = 1;
  /** Logs something new, and waits until it is witnessed. */
  const commit = async (): Promise<void> => {
    writeFileSync(join(dir, 'app.conf'), `generation = ${entries}\n`);
    const done = await run(
      dir,
      'commit',
      'app.conf',
      '--log',
      log,
      '--policy',
      'all.policy',
      '--wait',
      '20',
      '--json',
    );
    t.equal(done.code, 0, done.err);
    entries += 1;
    const verified = await run(dir, 'verify', 'app.conf', '--policy', 'all.policy', '--json');
    t.equal(verified.code, 0, `witnessed by the quorum, offline: ${verified.err}`);
  };
  /** Everyone has what is in the log. */
  const everyone = async (): Promise<void> => {
    const heads = [
      `${log}/checkpoint`,
      `${at(mi)}/checkpoint`,
      ...[m1, m2].map((port) => `${at(port)}/${HASH}/checkpoint`),
    ];
    for (const url of heads)
      await until(
        `${entries} entries at ${url}`,
        () => sizeAt(url),
        (size) => size >= entries,
      );
  };
  await commit();
  await everyone();

  await t.test('one witness away: the quorum is met without it', async () => {
    await witnesses[0]?.kill();
    await commit();
    await everyone();
    await witnesses[0]?.start();
  });

  await t.test('two witnesses away: nothing is called witnessed, and the log says why', async (t) => {
    await witnesses[1]?.kill();
    await witnesses[2]?.kill();
    writeFileSync(join(dir, 'other.conf'), 'x = 1\n');
    const pending = run(
      dir,
      'commit',
      'other.conf',
      '--log',
      log,
      '--policy',
      'all.policy',
      '--wait',
      '30',
      '--json',
    );
    const ready = await until(
      'not ready',
      () => json(`${log}/readyz`),
      (answer) => answer['ready'] === false,
    );
    t.match(JSON.stringify(ready['reasons']), /quorum/);
    t.equal(await sizeAt(`${log}/checkpoint`), entries, 'the published checkpoint stays');
    await witnesses[1]?.start();
    const done = await pending;
    t.equal(done.code, 0, `and goes on with the second witness back: ${done.err}`);
    entries += 1;
    await witnesses[2]?.start();
    await until(
      'ready again',
      () => json(`${log}/readyz`),
      (answer) => answer['ready'] === true,
    );
  });

  await t.test(
    'the log is killed: its mirror serves on, monitors say that it is away and raise nothing',
    async (t) => {
      await everyone();
      await server.kill();
      t.equal(await sizeAt(`${at(mi)}/checkpoint`), entries);
      const audit = await run(dir, 'fsck', at(mi), '--policy', 'all.policy', '--json');
      t.equal(audit.code, 0, `the whole log, from its mirror alone: ${audit.err}`);
      for (const port of [m1, m2]) {
        const { logs } = await until(
          'unreachable',
          () => json(`${at(port)}/v1/logs`),
          (answer) => JSON.stringify(answer).includes('"reachable":false'),
        );
        t.match(logs, [{ openIncidents: 0, size: entries }]);
      }
      await server.start();
      t.ok((await sizeAt(`${log}/checkpoint`)) >= entries, 'what was published is published at once');
      await commit();
      await everyone();
    },
  );

  await t.test('watchers are killed while the log goes on, and catch up', async (t) => {
    await Promise.all([monitors[0]?.kill(), mirror.kill()]);
    await commit();
    await commit();
    await Promise.all([monitors[0]?.start(), mirror.start()]);
    await everyone();
    await monitors[1]?.kill();
    await commit();
    await monitors[1]?.start();
    await everyone();
    const search = await json(`${at(m1)}/v1/search?subject=app.conf`);
    const own = await json(`${log}/v1/search?subject=app.conf`);
    const ids = (answer: Record<string, unknown>): unknown =>
      (answer['entries'] as { id: string }[]).map(({ id }) => id);
    t.strictSame(
      ids(search),
      ids(own),
      'a monitor answers searches as the log does, from what it verified itself',
    );
  });

  await t.test('nobody saw anything wrong, and all end as they should', async (t) => {
    for (const port of [m1, m2]) {
      const { logs } = await until(
        'peers agree',
        () => json(`${at(port)}/v1/logs`),
        (answer) => !JSON.stringify(answer).includes('"unreachable"'),
      );
      t.match(logs, [
        { reachable: true, openIncidents: 0, peers: [{ result: 'agrees' }, { result: 'agrees' }] },
      ]);
    }
    for (const role of [...monitors, mirror, server, ...witnesses]) t.equal(await role.stop(), 0);
    for (const name of ['m1', 'm2']) {
      const { out } = await run(dir, 'incidents', 'list', '--monitor-dir', name, '--json');
      t.strictSame(JSON.parse(out).incidents, [], 'no outage and no restart was taken for an attack');
      const copy = await run(dir, 'monitor', log, '--once', ...watching, '--monitor-dir', name, '--json');
      t.equal(copy.code, 2, 'and a log that is away is away, not guilty');
    }
  });
});
