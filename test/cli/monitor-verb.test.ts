/** `tallystick monitor` and `incidents` against a log that does everything wrong: exit codes, incidents, coming back. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { EXIT } from '../../src/cli/exit.ts';
import { run } from '../../src/cli/main.ts';
import { parseIncident } from '../../src/incident/parse.ts';
import { TileReader } from '../../src/client/tiles.ts';
import { DueStore } from '../../src/monitor/due-store.ts';
import { lockDirectory, openMonitorDatabase } from '../../src/monitor/database.ts';
import { Follower } from '../../src/monitor/follow.ts';
import { IncidentStore } from '../../src/monitor/incidents.ts';
import { LogWatch } from '../../src/monitor/logwatch.ts';
import { Observations } from '../../src/monitor/observations.ts';
import { parseTrustPolicy } from '../../src/note/trust.ts';
import { verifyWithNoble } from '../../src/sign/algorithm.ts';
import { originHash } from '../../src/note/checkpoint.ts';
import { formatVkey, type NoteSigner } from '../../src/note/key.ts';
import { badSignature, brokenChain } from '../support/hostile-entries.ts';
import { flipByte, foreign, HostileLog, TIME, type HostileOptions } from '../support/hostile-log.ts';
import { Receiver } from '../support/monitored.ts';
import { commitmentStatement, entryIdOf, ORIGIN, otherStatement, proofStatement } from '../support/world.ts';
import { seedSigner } from '../support/seed-signer.ts';

t.setTimeout(120_000);

const BIN = new URL('../../src/cli/bin.cjs', import.meta.url).pathname;

interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly json: {
    readonly incidents?: readonly { kind: string; state: string; file: string; id: string }[];
  } & Record<string, unknown>;
}

/** A log, a folder to watch it from, and a clock. */
class Watched {
  readonly dir = mkdtempSync(join(tmpdir(), 'tallystick-monitor-'));
  readonly log: HostileLog;
  /** POSIX seconds. */
  now = TIME;
  /** Flags of every `monitor --once`. */
  flags: readonly string[];

  constructor(log: HostileLog) {
    this.log = log;
    writeFileSync(join(this.dir, 'log.vkey'), log.vkeys.join('\n'));
    this.flags = ['--vkey', 'log.vkey'];
  }

  async told(...argv: readonly string[]): Promise<Told> {
    let [out, err] = ['', ''];
    const code = await run(argv, {
      env: {},
      cwd: this.dir,
      fetch,
      now: () => this.now * 1000,
      stdout: { write: (text) => (out += String(text)) },
      stderr: { write: (text) => (err += String(text)) },
    });
    return { code, out, err, json: argv.includes('--json') && out !== '' ? JSON.parse(out) : {} };
  }

  look(...flags: readonly string[]): Promise<Told> {
    return this.told('monitor', this.log.url, '--once', ...this.flags, ...flags);
  }

  /** Kinds of the incidents that are open, and that their files are whole. */
  async open(t: Test): Promise<readonly string[]> {
    const { incidents = [] } = (await this.told('incidents', '--open', '--json')).json;
    for (const { id, file } of incidents) t.equal(parseIncident(readFileSync(file)).id, id);
    return incidents.map(({ kind }) => kind);
  }

  /** What `verify-incident` says of the newest one. */
  async verified(...flags: readonly string[]): Promise<Told> {
    const { incidents = [] } = (await this.told('incidents', '--json')).json;
    const file = incidents[0]?.file ?? '';
    return this.told('verify-incident', file, ...(flags.length > 0 ? flags : ['--vkey', 'log.vkey']));
  }
}

async function watched(t: Test, size = 5, options: HostileOptions = {}): Promise<Watched> {
  const log = await HostileLog.start(options);
  for (let n = 1; n < size; n++) log.append(await otherStatement(`subject/${n}`));
  const made = new Watched(log);
  t.teardown(async () => {
    await log.close();
    rmSync(made.dir, { recursive: true, force: true });
  });
  return made;
}

t.test('an honest log, and an outage', async (t) => {
  const watch = await watched(t, 300);
  const first = await watch.look();
  t.equal(first.code, EXIT.ok, first.err);
  t.match(first.out, /✓ log\.example\/tally: 300 entries verified, head 300/);
  watch.log.append(await otherStatement('more'));
  watch.log.asked.length = 0;
  const second = await watch.look('--json');
  t.match(second.json, {
    schema: 'tallystick.monitor.v1',
    clean: true,
    logs: [{ copied: 301, reachable: true }],
  });
  t.notOk(watch.log.asked.includes('/tile/entries/000'), 'it goes on where it stopped');
  t.match((await watch.told('incidents')).err, /no incidents/);

  const { port } = watch.log;
  await watch.log.close();
  const away = await watch.look();
  t.equal(away.code, EXIT.notFound);
  t.match(away.out, /✗ .*cannot be reached/);
  t.strictSame(await watch.open(t), [], 'an outage is no incident');
  await watch.log.listen(port);
  t.equal((await watch.look()).code, EXIT.ok);
});

t.test('split view: seen, kept, proven, closed by hand', async (t) => {
  const watch = await watched(t);
  t.equal((await watch.look()).code, EXIT.ok);
  watch.log.fork(2, 'b', [
    await otherStatement('x'),
    await otherStatement('y'),
    await otherStatement('z'),
    await otherStatement('w'),
  ]);
  watch.log.serving = 'b';
  const seen = await watch.look();
  t.equal(seen.code, EXIT.splitView);
  t.match(seen.out, /split-view [0-9a-f]{16} the log signed/);
  t.strictSame(await watch.open(t), ['split-view']);
  t.equal((await watch.verified()).code, EXIT.ok, 'anyone with the vkey can check it');
  t.equal((await watch.look()).code, EXIT.splitView, 'the same again');
  t.match((await watch.told('incidents')).out, /\(2 times\)/);
  const { incidents = [] } = (await watch.told('incidents', '--json')).json;
  const id = incidents[0]?.id ?? '';
  const shown = await watch.told('incidents', 'show', id.slice(0, 8));
  t.strictSame(JSON.parse(shown.out), JSON.parse(readFileSync(incidents[0]?.file ?? '', 'utf8')));
  t.match(shown.err, /verify-incident/);

  watch.log.serving = 'main';
  t.equal((await watch.look()).code, EXIT.splitView, 'what was signed is not taken back');
  t.equal((await watch.told('incidents', 'close', id)).code, EXIT.ok);
  t.equal((await watch.look()).code, EXIT.ok);
  t.match((await watch.told('incidents')).out, /resolved {2}split-view/);
  t.equal((await watch.told('incidents', 'show', 'ffffff')).code, EXIT.notFound);
  t.equal((await watch.told('incidents', 'show', 'xyz')).code, EXIT.usage);
});

const deeds: readonly (readonly [
  kind: string,
  code: number,
  proven: number,
  deed: (log: HostileLog) => Promise<void>,
])[] = [
  ['rollback', EXIT.splitView, EXIT.unproven, async (log) => void (log.shown = 3)],
  [
    'tampered-data',
    EXIT.verification,
    EXIT.unproven,
    async (log) => {
      log.append(await otherStatement('one more'));
      log.tamper('tile/entries/000.p/6', flipByte(-1));
    },
  ],
  [
    'entry-rejected',
    EXIT.verification,
    EXIT.ok,
    async (log) => void log.append(...(await badSignature('bad')).entries),
  ],
  [
    'chain-broken',
    EXIT.verification,
    EXIT.unproven,
    async (log) => void log.append(...(await brokenChain('c')).entries),
  ],
];

for (const [kind, code, proven, deed] of deeds) {
  t.test(kind, async (t) => {
    const watch = await watched(t);
    t.equal((await watch.look()).code, EXIT.ok);
    await deed(watch.log);
    t.equal((await watch.look()).code, code);
    t.match(await watch.open(t), [kind]);
    const verdict = await watch.verified();
    t.ok(
      [EXIT.ok, proven].some((each) => each === verdict.code),
      `verify-incident: ${verdict.out}`,
    );
  });
}

t.test('expectations', async (t) => {
  const watch = await watched(t, 1);
  writeFileSync(join(watch.dir, 'who.yaml'), '- {subject: "prod/**", issuers: [https://ci.example]}\n');
  watch.flags = [...watch.flags, '--expectations', 'who.yaml'];
  watch.log.append(await otherStatement('test/x'));
  t.equal((await watch.look()).code, EXIT.ok, 'nobody said anything of that subject');
  watch.log.append(await otherStatement('prod/x'), await commitmentStatement('prod/x'));
  t.equal((await watch.look()).code, EXIT.verification);
  t.strictSame(await watch.open(t), ['unexpected-issuer', 'unexpected-issuer'], 'two keys, two incidents');
  t.equal((await watch.verified()).code, EXIT.ok);
  writeFileSync(join(watch.dir, 'who.yaml'), '- {subject: "prod/**", isuers: [https://ci.example]}\n');
  const refused = await watch.look();
  t.equal(refused.code, EXIT.config);
  t.match(refused.err, /who\.yaml:1: rule 1: "isuers" is none of/);
});

t.test('a missed proof, and one that could not come', async (t) => {
  const watch = await watched(t, 1);
  const commitment = await commitmentStatement('a');
  const first = await proofStatement('a', entryIdOf(commitment), 0, undefined);
  watch.log.append(commitment, first);
  const due = 1_800_003_600;
  t.equal((await watch.look()).code, EXIT.ok);
  watch.now = due + 299;
  t.equal((await watch.look()).code, EXIT.ok, 'within its grace');
  const { port } = watch.log;
  await watch.log.close();
  watch.now = due + 5000;
  t.equal((await watch.look()).code, EXIT.notFound);
  await watch.log.listen(port);
  watch.now = due + 5001;
  t.equal((await watch.look()).code, EXIT.ok, 'the log was away: its agent has not had the time');
  watch.now = due + 5300;
  t.equal((await watch.look()).code, EXIT.verification);
  t.strictSame(await watch.open(t), ['missed-proof']);
  const verdict = await watch.verified();
  t.equal(verdict.code, EXIT.unproven, 'authentic, and the watcher’s word');
  t.match(verdict.out, /2027-01-15T09:00:00Z/);
  watch.log.append(await proofStatement('a', entryIdOf(commitment), 1, entryIdOf(first)));
  watch.now = due - 10;
  await watch.look();
  t.strictSame(await watch.open(t), [], 'the late proof resolved it');
});

const witness: NoteSigner = {
  name: 'witness.example/w',
  type: 4,
  signer: seedSigner('ed25519', new Uint8Array(32).fill(5)),
};

t.test('quorum and freshness', async (t) => {
  const watch = await watched(t);
  const policy = [
    ...watch.log.vkeys.map((vkey) => `log ${vkey} ${watch.log.url}`),
    `witness w ${formatVkey(witness.name, witness.type, witness.signer.publicKey)}`,
    'quorum w',
  ].join('\n');
  writeFileSync(join(watch.dir, 'logs.policy'), `${policy}\n`);
  watch.flags = ['--policy', 'logs.policy'];
  watch.log.cosigners = [witness];
  t.equal((await watch.told('monitor', '--once', ...watch.flags)).code, EXIT.ok, 'the URL is in the policy');
  watch.log.cosigners = [];
  t.equal((await watch.look()).code, EXIT.quorum);
  t.strictSame(await watch.open(t), ['quorum-lost']);
  t.equal((await watch.verified('--policy', 'logs.policy')).code, EXIT.unproven);
  watch.log.cosigners = [witness];
  t.equal((await watch.look()).code, EXIT.ok);
  t.strictSame(await watch.open(t), [], 'resolved');
  watch.now = TIME + 3601;
  t.equal((await watch.look()).code, EXIT.quorum);
  t.strictSame(await watch.open(t), ['stale-head']);
  t.equal((await watch.verified()).code, EXIT.unproven);
  t.equal((await watch.look('--stale-after', '4000')).code, EXIT.ok, 'as much as its owner allows');
  watch.log.time = watch.now;
  t.equal((await watch.look()).code, EXIT.ok, 'witnesses confirm it again');
  t.match((await watch.told('incidents')).out, /resolved {2}stale-head/);
});

t.test('look by look: what lasts is an incident, what was not watched is not', async (t) => {
  const watch = await watched(t, 6);
  const { log } = watch;
  const policy = parseTrustPolicy(
    [
      ...log.vkeys.map((vkey) => `log ${vkey}`),
      `witness w ${formatVkey(witness.name, witness.type, witness.signer.publicKey)}`,
      'quorum w\n',
    ].join('\n'),
  );
  const db = openMonitorDatabase(watch.dir);
  const now = (): number => watch.now * 1000;
  const store = new IncidentStore(db, watch.dir, { now });
  const held = await log.note(6);
  // A peer that has seen all six entries, whatever the log shows us.
  const asks: typeof fetch = (input, init) =>
    (input instanceof Request ? input.url : String(input)).startsWith('http://peer.example/')
      ? Promise.resolve(new Response(Buffer.from(held)))
      : fetch(input, init);
  const transport = { fetch: asks, now, timeoutMs: 2000, patienceMs: 0 };
  const openWatch = async (): Promise<LogWatch> => {
    const made = new LogWatch({
      onWarning: () => {},
      url: log.url,
      trust: { origin: ORIGIN, policy, verify: verifyWithNoble },
      policyText: 'quorum none\n',
      peers: ['http://peer.example'],
      expectations: [],
      store,
      dueStore: new DueStore(db),
      observations: new Observations(db),
      detector: 'test',
      transport,
      now,
      pollMs: 10_000,
      limits: { staleAfterSeconds: 600, quorumGraceSeconds: 60, missedGraceSeconds: 300 },
      once: false,
      follow: (alarms, watches) => {
        const tiles = new TileReader(transport, log.url);
        return Follower.open({
          dir: watch.dir,
          origin: ORIGIN,
          tiles,
          policy,
          statements: 'auto',
          alarms,
          watches,
          now: () => watch.now,
          threads: 1,
        });
      },
    });
    await made.open();
    return made;
  };
  let one = await openWatch();
  t.teardown(async () => {
    await one.close();
    db.close();
  });
  /** Looks every ten seconds for so long. */
  const pass = async (seconds: number): Promise<void> => {
    for (let end = watch.now + seconds; watch.now < end;) {
      watch.now += 10;
      log.time = watch.now;
      await one.look();
    }
  };
  const open = (): readonly string[] => store.list({ open: true, limit: 9 }).map(({ kind }) => kind);
  log.frozen = 4;
  log.cosigners = [witness];
  await pass(100);
  t.strictSame(open(), [], 'behind a peer, but not for long');
  log.cosigners = [];
  await pass(60);
  t.strictSame(open(), []);
  await pass(10);
  t.strictSame(open(), ['quorum-lost'], 'after a minute');
  log.cosigners = [witness];
  await pass(10);
  t.strictSame(open(), [], 'and as soon as it is met again, resolved');

  const { port } = log;
  await log.close();
  await pass(700);
  t.match(one.status, { reachable: false, fault: /cannot be reached/ });
  t.equal(one.failures, 70);
  await one.close();
  watch.now += 86_400;
  await log.listen(port);
  one = await openWatch();
  await pass(10);
  t.strictSame(open(), [], 'an outage and a day without the monitor make nothing stale');
  t.match(one.status, { reachable: true, peers: [{ kind: 'agrees' }] });
  await pass(420);
  t.strictSame(open(), []);
  await pass(30);
  t.strictSame(open(), ['stale-head'], 'ten minutes that were watched do');
  t.match(
    store.list({ limit: 1 })[0]?.what,
    /serves a head of 4 entries, and for 61\d s one of 6 has been known here/,
  );
  log.frozen = undefined;
  await pass(10);
  t.strictSame(open(), []);
  t.equal(store.outbox.waiting, 4, 'each was opened, each was resolved: four events');

  const commitment = await commitmentStatement('a');
  const first = await proofStatement('a', entryIdOf(commitment), 0, undefined);
  log.append(commitment, first);
  await pass(290);
  t.strictSame(open(), [], 'long overdue, and the log has not been up for long enough');
  await pass(20);
  t.strictSame(open(), ['missed-proof']);
  log.append(await proofStatement('a', entryIdOf(commitment), 1, entryIdOf(first)));
  await pass(10);
  t.strictSame(open(), [], 'it came');

  log.fork(2, 'b', await Promise.all(['x', 'y', 'z', 'v', 'w'].map((each) => otherStatement(each))));
  log.serving = 'b';
  await pass(20);
  t.strictSame(open(), ['split-view']);
  const [split] = store.list({ open: true, limit: 1 });
  t.equal(split?.seen, 1, 'it lasts, and is told once');
  store.resolve(split?.id ?? '');
  await pass(20);
  t.match(store.list({ open: true, limit: 9 }), [{ id: split?.id, seen: 2 }], 'closed, and served again');
  store.resolve(split?.id ?? '');
  log.append(await otherStatement('u'));
  await pass(10);
  const [grown, ...others] = store.list({ open: true, limit: 9 });
  t.strictSame([grown?.kind, others.length], ['split-view', 0]);
  t.not(grown?.id, split?.id, 'closed, and grown: two heads that nobody has dealt with');
});

t.test('logs of other software, several at once, and one that is away', async (t) => {
  const watch = await watched(t);
  const other = await HostileLog.start(foreign());
  t.teardown(() => other.close());
  writeFileSync(join(watch.dir, 'log.vkey'), [...watch.log.vkeys, ...other.vkeys].join('\n'));
  const both = await watch.look(other.url);
  t.equal(both.code, EXIT.ok, both.err);
  t.match(both.out, /other\.example\/log: 3 entries/);
  await other.close();
  watch.log.append(...(await badSignature('bad')).entries);
  const one = await watch.look(other.url);
  t.equal(one.code, EXIT.verification, 'the incidents of one, while the other is away');
  t.match(one.out, /✗ other\.example\/log: 3 entries.*cannot be reached/);
  t.match((await watch.told('incidents', '--origin', 'other.example/log')).err, /no incidents/);
});

t.test('what is refused at the start', async (t) => {
  const watch = await watched(t);
  const says = async (code: number, err: RegExp, ...argv: readonly string[]) => {
    const told = await watch.told(...argv);
    t.equal(told.code, code, argv.join(' '));
    t.match(told.err, err);
  };
  await says(EXIT.usage, /say which log/, 'monitor', '--once', '--vkey', 'log.vkey');
  await says(EXIT.usage, /no log is trusted yet/, 'monitor', '--once', watch.log.url);
  await says(EXIT.usage, /no http/, 'monitor', '--once', 'log.example', '--vkey', 'log.vkey');
  const twice = ['monitor', '--once', watch.log.url, watch.log.urlOf('main'), '--vkey', 'log.vkey'];
  await says(EXIT.usage, /are both log\.example\/tally/, ...twice);
  await says(EXIT.config, /no http/, 'monitor', '--once', watch.log.url, '--vkey', 'log.vkey', '--peer', 'x');
  await says(
    EXIT.config,
    /add one \(--webhook\)/,
    'monitor',
    '--once',
    watch.log.url,
    '--vkey',
    'log.vkey',
    '--webhook-secret',
    'x',
  );
  writeFileSync(join(watch.dir, 'bare'), 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n', { mode: 0o644 });
  const bare = ['--webhook', 'http://127.0.0.1:9', '--webhook-secret', 'bare'];
  await says(
    EXIT.config,
    /open to others/,
    'monitor',
    '--once',
    watch.log.url,
    '--vkey',
    'log.vkey',
    ...bare,
  );
  const here = ['monitor', '--once', watch.log.url, '--vkey', 'log.vkey', '--monitor-dir'];
  for (const dir of ['log.vkey', 'log.vkey/below', '/dev/null/x'])
    await says(EXIT.notFound, /^error: store-failed: cannot make .*\(--monitor-dir\)/, ...here, dir);
  mkdirSync(join(watch.dir, 'odd', 'monitor.db'), { recursive: true });
  await says(EXIT.notFound, /^error: store-failed: cannot open .*monitor\.db/, ...here, 'odd');
  await says(
    EXIT.notFound,
    /^error: store-failed: cannot make .*\(--witness-dir\)/,
    'witness',
    '--name',
    'w.example',
    '--witness-dir',
    'log.vkey',
  );
  await says(
    EXIT.notFound,
    /^error: store-failed: cannot make .*\(--guard-dir\)/,
    'witness',
    '--name',
    'w.example',
    '--witness-dir',
    'w',
    '--guard-dir',
    'log.vkey',
  );
  await says(
    EXIT.usage,
    /^error: usage: say what this witness is called, .*\(--name\)/,
    'witness',
    '--witness-dir',
    'unnamed',
  );
  t.notOk(existsSync(join(watch.dir, 'unnamed')), 'and nothing is made under another name');
  await says(EXIT.notFound, /no monitor's database/, 'incidents', '--monitor-dir', 'nowhere');
  const unlock = lockDirectory(join(watch.dir, 'tallystick-monitor'));
  await says(
    EXIT.config,
    /another monitor works in/,
    'monitor',
    '--once',
    watch.log.url,
    '--vkey',
    'log.vkey',
  );
  unlock();
  t.equal((await watch.look()).code, EXIT.ok, 'and nothing of all that is in the way');
});

// As processes.

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly err: () => string;
}

async function start(t: Test, cwd: string, ...argv: readonly string[]): Promise<Running> {
  const args = [BIN, 'monitor', '--port', '0', '--poll', '1', '--log-level', 'error', ...argv];
  const child = spawn(process.execPath, args, { cwd, env: process.env });
  t.teardown(() => void child.kill('SIGKILL'));
  let err = '';
  child.stdout.resume();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.stderr.on('data', (chunk) => {
    err += String(chunk);
    const url = /URL +(http:\S+)/.exec(err)?.[1];
    if (url !== undefined) resolve(url);
  });
  child.on('exit', () => reject(new Error(`the monitor ended: ${err}`)));
  return { child, url: await promise, err: () => err };
}

async function stop({ child }: Running): Promise<number | null> {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await exit) as [number | null];
  return code;
}

/** Asks until what is answered is as wanted. */
async function until(url: string, wanted: (body: string, status: number) => boolean): Promise<string> {
  for (let tries = 0; tries < 400; tries++) {
    const response = await fetch(url).catch(() => undefined);
    const body = (await response?.text()) ?? '';
    if (response !== undefined && wanted(body, response.status)) return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} never was as wanted`);
}

t.test('two monitors that are shown different trees find out', async (t) => {
  const watch = await watched(t);
  const { log, dir } = watch;
  log.fork(3, 'b', [await otherStatement('x'), await otherStatement('y'), await otherStatement('z')]);
  const name = originHash(ORIGIN);
  const b = await start(t, dir, log.urlOf('b'), '--vkey', 'log.vkey', '--monitor-dir', 'b');
  await until(`${b.url}/${name}/checkpoint`, (body) => body.startsWith(`${ORIGIN}\n6\n`));
  t.match(await (await fetch(`${b.url}/v1/logs`)).json(), {
    logs: [{ origin: ORIGIN, size: 6, openIncidents: 0 }],
  });
  t.equal((await fetch(`${b.url}/${'0'.repeat(64)}/checkpoint`)).status, 404);

  const receiver = await Receiver.start('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA');
  t.teardown(() => receiver.close());
  writeFileSync(join(dir, 'secret'), 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n', { mode: 0o600 });
  receiver.moods = ['drop', 500];
  const flags = [
    '--vkey',
    'log.vkey',
    '--peer',
    b.url,
    '--webhook',
    receiver.url,
    '--webhook-secret',
    'secret',
  ];
  let a = await start(t, dir, log.url, ...flags);
  await until(`${a.url}/v1/logs`, (body) => body.includes('"unreconciled"'));
  t.match(await (await fetch(`${a.url}/v1/logs`)).json(), { logs: [{ reachable: true, openIncidents: 0 }] });
  for (let n = 0; n < 3; n++) log.append(await otherStatement(`grown ${n}`));
  const found = await until(`${a.url}/v1/incidents`, (body) => body.includes('split-view'));
  const [incident] = JSON.parse(found).incidents as { id: string; origin: string }[];
  t.match(incident, { origin: ORIGIN });
  const file = await (await fetch(`${a.url}/v1/incidents/${incident?.id ?? ''}`)).text();
  t.equal(parseIncident(file).evidence.kind, 'split-view');
  t.equal(
    (await watch.verified()).code,
    EXIT.ok,
    'listed while the monitor runs, and proven by the vkey alone',
  );
  const piped = spawnSync(process.execPath, [BIN, 'verify-incident', '-', '--vkey', 'log.vkey'], {
    cwd: dir,
    input: file,
    encoding: 'utf8',
  });
  t.match(piped, { status: EXIT.ok, stdout: /PROVEN/ }, 'from standard input too');
  t.match(
    await until(`${a.url}/metrics`, () => true),
    /tallystick_monitor_open_incidents\{[^}]*split-view[^}]*\} 1/,
  );
  t.match((await fetch(`${a.url}/`)).headers.get('content-type'), /html/);
  t.match(await (await fetch(`${a.url}/v1/search?subject=subject/4`)).json(), { entries: [{ index: 4 }] });
  t.match(await (await fetch(`${a.url}/logs/${name}/v1/entries?start=0&end=9`)).json(), { next: null });
  t.equal((await fetch(`${a.url}/v1/logs`, { method: 'POST' })).status, 405);

  const locked = await watch.told('monitor', log.url, '--once', '--vkey', 'log.vkey');
  t.equal(locked.code, EXIT.config, 'one monitor a directory');
  t.equal(await stop(a), 0, 'a signal ends it in order');
  a = await start(t, dir, log.url, ...flags);
  await until(`${a.url}/metrics`, (body) => /undelivered_events 0\b/.test(body));
  const ids = new Set(receiver.got.map(({ id }) => id));
  t.ok(
    ids.size === 1 && [...ids][0]?.startsWith(incident?.id ?? 'none'),
    'delivered under one id, through a restart',
  );
  t.ok(receiver.got.length >= 2 && receiver.got.every(({ good }) => good === 1));

  const { port } = log;
  await log.close();
  await until(`${a.url}/readyz`, (body, status) => status === 503 && body.includes(ORIGIN));
  a.child.kill('SIGKILL');
  await once(a.child, 'exit');
  await log.listen(port);
  a = await start(t, dir, log.url, ...flags);
  await until(`${a.url}/readyz`, (_, status) => status === 200);
  t.match(JSON.parse(await until(`${a.url}/v1/incidents?open=true`, () => true)).incidents, [
    { kind: 'split-view' },
  ]);
  t.strictSame([await stop(a), await stop(b)], [0, 0]);
});

t.test('nothing but a URL and a key', async (t) => {
  const watch = await watched(t, 2);
  const hook = 'http://127.0.0.1:9/never';
  const running = await start(t, watch.dir, watch.log.url, '--vkey', 'log.vkey', '--webhook', hook);
  await until(`${running.url}/readyz`, (_, status) => status === 200);
  t.ok(existsSync(join(watch.dir, 'tallystick-monitor', 'webhook.secret')), 'a secret was made');
  t.match(running.err(), /made just now/);
  t.match(readFileSync(join(watch.dir, 'tallystick-monitor', 'webhook.secret'), 'utf8'), /^whsec_/);
  t.equal(await stop(running), 0);
});
