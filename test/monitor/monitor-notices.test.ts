/** What a monitor says in the log: witnessed heads where the log is late, and inventories of what changed. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { leafIndex, treeSize } from '#src/bytes/brand.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { formatTime } from '#src/bytes/time.ts';
import { buildMonitorApp } from '#src/monitor/http.ts';
import { openMonitor, type MonitorOptions, type OpenedMonitor } from '#src/monitor/open.ts';
import { parseAddCheckpoint } from '#src/note/addcheckpoint.ts';
import { cosign, parseCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey, parseVkey } from '#src/note/key.ts';
import { formatSignatures, parseNote } from '#src/note/note.ts';
import { parseTrustPolicy } from '#src/note/trust.ts';
import { signStatement } from '#src/cose/statement.ts';
import type { RunningLog } from '#src/service/running.ts';
import { inventoryHash } from '#src/statement/inventory.ts';
import type { Notice } from '#src/statement/notice.ts';
import { parseStatement } from '#src/statement/parse.ts';
import type { Signer } from '#src/sign/signer.ts';
import { seedSigner } from '../support/seed-signer.ts';
import { beginLog, dataIn, keyIn, serveLog, startLog } from '../support/running-log.ts';

const ORIGIN = 'log.example/noticed';
const DAY = 86_400;
const witness = {
  name: 'witness.example',
  type: 4,
  signer: seedSigner('ed25519', new Uint8Array(32).fill(7)),
} as const;
const LINES = `witness w ${formatVkey(witness.name, 4, witness.signer.publicKey)} http://witness.example\nquorum w\n`;

/** A witnessed log without a notary's key of its own, a monitor's key, and a clock for both. */
class World {
  now = Math.floor(Date.now() / 1000);
  readonly warnings: string[] = [];
  readonly #dir: string;
  readonly #submitter: Signer;
  readonly log: RunningLog;
  readonly url: string;
  readonly monitorKey: Signer;

  private constructor(dir: string, log: RunningLog, url: string) {
    this.#dir = dir;
    this.log = log;
    this.url = url;
    this.#submitter = keyIn(join(dataIn(dir), 'keys', 'submitter.pem'));
    this.monitorKey = keyIn(join(dataIn(dir), 'keys', 'monitor.pem'));
  }

  static async start(t: Test): Promise<World> {
    const begun = await beginLog(t, ORIGIN);
    await begun.log.close();
    const data = dataIn(begun.cwd);
    rmSync(join(data, 'keys', 'notary.pem'));
    const clock = { now: () => Date.now() };
    const transport = { fetch: cosigning(() => clock.now()), now: () => clock.now(), timeoutMs: 5_000 };
    const policy = parseTrustPolicy(LINES);
    const log = await startLog(t, data, ORIGIN, 1_000, {
      witnessing: { policy, transport, refreshMs: 600_000, publishedPath: join(data, 'published') },
      onWarning: () => undefined,
    });
    const world = new World(begun.cwd, log, await serveLog(t, log));
    clock.now = () => world.now * 1000;
    return world;
  }

  /** Logs a statement about each of these subjects. */
  async say(...subjects: readonly string[]): Promise<void> {
    const statements = await Promise.all(
      subjects.map((subject, i) =>
        signStatement(
          { issuer: 'https://log.example', subject, contentType: 'text/plain' },
          encodeUtf8(`${this.log.reader.head().size} ${i}`),
          this.#submitter,
        ),
      ),
    );
    await this.log.submit(statements);
    await this.log.reader.published(leafIndex(this.log.reader.head().size - 1), 20_000);
  }

  open(over: Partial<MonitorOptions> = {}): Promise<OpenedMonitor> {
    const logs = this.log.info.vkeys.map((vkey) => ({ verifier: parseVkey(vkey) }));
    return openMonitor({
      dir: join(this.#dir, 'monitor'),
      urls: [this.url],
      trust: { policy: { ...parseTrustPolicy(LINES), logs }, text: undefined },
      peers: [],
      pollSeconds: 60,
      staleAfterSeconds: 1e6,
      once: true,
      hashes: false,
      fetch,
      now: () => this.now * 1000,
      notary: this.monitorKey,
      onIncident: ({ what }) => this.warnings.push(what),
      onWarning: (what) => this.warnings.push(what),
      onBug: (error) => this.warnings.push(String(error)),
      onProgress: () => undefined,
      ...over,
    });
  }

  /** Opens a monitor, looks so many times, a quarter of an hour between, and closes it. */
  async look(times = 1, over: Partial<MonitorOptions> = {}): Promise<void> {
    const opened = await this.open(over);
    const { monitor } = opened;
    for (let i = 0; i < times; i++) {
      if (i > 0) this.now += 1_000;
      await monitor.once();
    }
    await opened.close();
  }

  /** Notices from an index on. */
  async notices(from = 0): Promise<readonly { index: number; subject: string; notice: Notice }[]> {
    const entries = await this.log.reader.entries(from, this.log.reader.head().size);
    return entries.flatMap(({ index, bytes }) => {
      const parsed = parseStatement(bytes);
      return parsed.kind === 'notice' ? [{ index, subject: parsed.subject, notice: parsed.notice }] : [];
    });
  }
}

function cosigning(now: () => number): typeof fetch {
  return async (_, init) => {
    if (!(init?.body instanceof Uint8Array)) return new Response(null, { status: 404 });
    const { text } = parseNote(parseAddCheckpoint(init.body).checkpoint);
    const line = await cosign(parseCheckpoint(text), witness, Math.floor(now() / 1000));
    return new Response(formatSignatures([line]));
  };
}

t.test('inventories of what changed, once a day, across restarts', async (t) => {
  const w = await World.start(t);
  await w.say('a', 'b', 'a');
  await w.look();
  const first = await w.notices();
  const inventories = first.filter(({ notice }) => notice.topic === 'inventory');
  t.strictSame(inventories.map(({ subject }) => subject).toSorted(), ['a', 'b', ORIGIN].toSorted());
  for (const { subject, notice } of inventories) {
    if (notice.topic !== 'inventory') throw new Error('an inventory');
    const { size, root } = notice.checkpoint;
    const rows = (await w.log.reader.entries(0, size)).filter((each) => each.subject === subject);
    t.equal(notice.count, rows.length, subject);
    t.same(
      notice.hash,
      inventoryHash(
        ORIGIN,
        subject,
        rows.map(({ id }) => id),
      ),
      subject,
    );
    t.same(root, await w.log.reader.root(treeSize(size)));
  }

  const size = w.log.reader.head().size;
  await w.look(2);
  t.strictSame(
    (await w.notices(size)).filter(({ notice }) => notice.topic === 'inventory'),
    [],
    'not again',
  );
  await w.say('b', 'c');
  await w.look();
  t.strictSame(
    (await w.notices(size)).filter(({ notice }) => notice.topic === 'inventory'),
    [],
    'not today',
  );
  w.now += DAY;
  await w.look();
  const second = (await w.notices(size)).filter(({ notice }) => notice.topic === 'inventory');
  t.strictSame(
    second.map(({ subject }) => subject).toSorted(),
    ['b', 'c'],
    'what changed, and notices are no change',
  );
  for (const { subject, notice } of second) {
    if (notice.topic !== 'inventory') throw new Error('an inventory');
    const rows = (await w.log.reader.entries(0, notice.checkpoint.size)).filter(
      (each) => each.subject === subject,
    );
    t.equal(notice.count, rows.length, 'its inventories too');
    t.same(
      notice.hash,
      inventoryHash(
        ORIGIN,
        subject,
        rows.map(({ id }) => id),
      ),
      'continued from yesterday',
    );
  }
  const end = w.log.reader.head().size;
  w.now += DAY;
  await w.look();
  t.strictSame(
    (await w.notices(end)).filter(({ notice }) => notice.topic === 'inventory'),
    [],
    'an idle log gets none',
  );
  await w.say('d');
  await w.look(1, { inventoriesNow: true });
  t.strictSame(
    (await w.notices(end)).map(({ subject }) => subject).filter((each) => each !== ORIGIN),
    ['d'],
    'on demand',
  );
  t.strictSame(w.warnings, []);
});

t.test('a witnessed head where the log logs none', async (t) => {
  const w = await World.start(t);
  await w.say('a');
  await w.look();
  const witnessed = async () => (await w.notices()).filter(({ notice }) => notice.topic === 'witnessed');
  t.equal((await witnessed()).length, 0, 'the log gets its quarter of an hour');
  const opened = await w.open();
  const { monitor } = opened;
  await monitor.once();
  w.now += 1_900;
  await monitor.once();
  t.equal((await witnessed()).length, 1, 'then the monitor stands in');
  t.equal(monitor.watches[0]?.status.notices?.fault, undefined);
  w.now += 60;
  await monitor.once();
  t.equal((await witnessed()).length, 1, 'once');
  await opened.close();
  await w.look(2);
  t.equal((await witnessed()).length, 1, 'also after a restart');
  t.strictSame(w.warnings, []);
});

t.test('a key that is not enrolled says so, once, and the monitor goes on', async (t) => {
  const w = await World.start(t);
  await w.say('a');
  const opened = await w.open({ notary: seedSigner('ed25519', new Uint8Array(32).fill(3)) });
  const { monitor } = opened;
  for (let i = 0; i < 3; i++) {
    await monitor.once();
    w.now += 1_000;
  }
  const [watch] = monitor.watches;
  t.match(watch?.status, {
    reachable: true,
    fault: undefined,
    copied: 2,
    notices: { written: 0, fault: /not enrolled in the role monitor/ },
  });
  await opened.close();
  t.match(w.warnings, [/not enrolled/]);
  t.strictSame(await w.notices(), []);

  const logs = w.log.info.vkeys.map((vkey) => ({ verifier: parseVkey(vkey) }));
  const policy = { ...parseTrustPolicy('quorum none\n'), logs };
  await w.look(3, { trust: { policy, text: undefined } });
  t.match(w.warnings[1], /no witnessed heads are logged: the trust policy names no witnesses/);
  t.strictSame(
    (await w.notices()).filter(({ notice }) => notice.topic === 'witnessed'),
    [],
  );
});

t.test('what it logged is in /v1/logs and the metrics', async (t) => {
  const w = await World.start(t);
  await w.say('a');
  const opened = await w.open();
  t.teardown(() => opened.close());
  await opened.monitor.once();
  const [watch] = opened.monitor.watches;
  const { written, failures, fault, inventory } = watch?.status.notices ?? {};
  t.match({ failures, fault }, { failures: 0, fault: undefined });
  t.ok((written ?? 0) >= 2, 'inventories at least');
  t.equal(inventory?.time, w.now);
  const app = await buildMonitorApp(opened.monitor, {
    version: '0',
    readsPerWindow: 0,
    now: () => w.now * 1000,
  });
  t.teardown(() => app.close());
  const [shown] = (await app.inject('/v1/logs')).json<{ logs: { notices: object }[] }>().logs;
  t.match(shown?.notices, { written, failures: 0, fault: null, inventory: { time: formatTime(w.now) } });
  const metrics = (await app.inject('/metrics')).body;
  t.match(metrics, `tallystick_monitor_notices{origin="${ORIGIN}",result="logged"} ${written}`);
  t.match(metrics, `tallystick_monitor_inventory_timestamp_seconds{origin="${ORIGIN}"} ${w.now}`);
});
