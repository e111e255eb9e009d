/**
 * The mirror's copy: the same bytes as the log serves, at sizes around full tiles; nothing of what a hostile log
 * serves; killed at every step; disks that are full or rotten; and what auditors make of the directory.
 */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Refusal } from '#src/bytes/refusal.ts';
import { parseIncident } from '#src/incident/parse.ts';
import { verifyIncident } from '#src/incident/verify.ts';
import { INCIDENTS, KEYS } from '#src/mirror/folder.ts';
import type { Mirror } from '#src/mirror/mirror.ts';
import { parseVkey, verifierOf } from '#src/note/key.ts';
import { policyOfLogs } from '#src/note/trust.ts';
import { rightEdge } from '#src/tree/tile.ts';
import { flipByte, foreign, HostileLog, type HostileOptions, type Meddling } from '../support/hostile-log.ts';
import {
  auditFiles,
  auditUrl,
  mirrorOf,
  NOW,
  opaque,
  staticServer,
  tileFiles,
  unlike,
} from '../support/mirror-world.ts';
import { commitmentStatement, headKeys, otherStatement, people } from '../support/world.ts';
import { encodeKeySet } from '../support/key-set.ts';

async function logOf(t: Test, options: HostileOptions): Promise<HostileLog> {
  const log = await HostileLog.start(options);
  t.teardown(() => log.close());
  return log;
}

const foreignLog = (t: Test, size: number): Promise<HostileLog> =>
  logOf(t, { ...foreign(), entries: opaque(0, size) });

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (error: unknown) => (error instanceof Refusal ? error.code : `a bug: ${String(error)}`),
  );

const incidentsIn = (dir: string) =>
  (existsSync(join(dir, INCIDENTS)) ? readdirSync(join(dir, INCIDENTS)) : []).map((name) => ({
    path: join(dir, INCIDENTS, name),
    incident: parseIncident(readFileSync(join(dir, INCIDENTS, name))),
  }));

t.test('sizes around full tiles', async (t) => {
  const log = await foreignLog(t, 0);
  const dir = t.testdir();
  const mirror = await mirrorOf(log, dir);
  for (const size of [0, 1, 2, 255, 256, 257, 300, 511, 512, 700]) {
    log.append(...opaque(log.size(), size));
    const synced = await mirror.sync();
    t.match(synced, { kind: 'advanced', size }, `at ${size}`);
    t.strictSame(readFileSync(join(dir, 'checkpoint')), Buffer.from(await log.note()), 'the very checkpoint');
    if (size === 0) continue;
    t.strictSame(await unlike(log, dir), [], 'the very files');
    t.strictSame((await auditFiles(log, dir)).findings, []);
    for (const { level, index, width } of rightEdge(size)) {
      const name = `tile/${level}/${String(index).padStart(3, '0')}.p/${width}`;
      t.ok(tileFiles(dir).has(name), name);
    }
  }
  const names = [...tileFiles(dir).keys()];
  const full = ['000', '001'];
  for (const name of full)
    t.notOk(
      names.some((each) => each.includes(`0/${name}.p`)),
      `no partials of ${name}`,
    );
  t.strictSame(
    names.filter((name) => name.startsWith('tile/1')),
    ['tile/1/000.p/1', 'tile/1/000.p/2'],
  );
  t.match(await mirror.sync(), { kind: 'unchanged', fetched: 0 });
  t.match(JSON.parse(readFileSync(join(dir, 'mirror.json'), 'utf8')), {
    schema: 'tallystick.mirror.v1',
    origin: log.origin,
    url: log.url,
    size: 700,
    synced: new Date(NOW).toISOString(),
    vkeys: log.vkeys,
  });
});

t.test('three levels, and only what is new', async (t) => {
  const log = await foreignLog(t, 65_536);
  const dir = t.testdir();
  const mirror = await mirrorOf(log, dir);
  await mirror.sync();
  t.strictSame(
    [...tileFiles(dir).keys()].filter((name) => !/^tile\/(0|entries)\//.test(name)),
    ['tile/1/000', 'tile/2/000.p/1'],
  );
  log.append(...opaque(65_536, 65_536 + 600));
  log.asked.length = 0;
  await mirror.sync();
  const asked = new Set(log.asked.filter((path) => /tile\/(0|entries)\//.test(path)));
  t.strictSame(
    [...asked].toSorted(),
    ['x000/256', 'x000/257', 'x000/258.p/88']
      .map((name) => name.replace('x000/', ''))
      .flatMap((name) => [`/tile/0/${name}`, `/tile/entries/${name}`])
      .toSorted(),
    'nothing twice',
  );
  t.strictSame((await auditFiles(log, dir)).findings, []);
  const report = await mirror.sync(true);
  t.match(report, { kind: 'unchanged', fetched: 0, repaired: 0 }, 'a check fetches nothing that is sound');
});

const truncate: Meddling = (bytes) => bytes.subarray(0, -1);
const extend: Meddling = (bytes) => Buffer.concat([bytes, Buffer.of(0)]);
const empty: Meddling = () => new Uint8Array(0);
const double: Meddling = (bytes) => Buffer.concat([bytes, bytes]);
const zeros: Meddling = (bytes) => new Uint8Array(bytes.length);

t.test('no file of a hostile log is kept', async (t) => {
  const log = await foreignLog(t, 600);
  const paths = [
    'tile/0/000',
    'tile/0/001',
    'tile/0/002.p/88',
    'tile/1/000.p/2',
    'tile/entries/000',
    'tile/entries/002.p/88',
  ];
  const meddlings = {
    first: flipByte(0),
    last: flipByte(-1),
    middle: flipByte(30),
    truncate,
    extend,
    empty,
    double,
    zeros,
  };
  for (const path of paths) {
    const dir = t.testdir();
    for (const [name, meddling] of Object.entries(meddlings)) {
      log.tamper(path, meddling);
      const mirror = await mirrorOf(log, dir);
      const code = await codeOf(mirror.sync());
      t.match(code, /^(proof-failed|malformed-tile|too-large)$/, `${path}, ${name}`);
      t.notOk(existsSync(join(dir, 'checkpoint')), 'no checkpoint without its data');
    }
    log.tamper(path, undefined);
    if (existsSync(join(dir, 'tile'))) t.strictSame(await unlike(log, dir), [], 'what was kept is sound');
    const mirror = await mirrorOf(log, dir);
    t.match(await mirror.sync(), { kind: 'advanced', size: 600 }, 'and goes on once it is mended');
    rmSync(dir, { recursive: true });
  }
  t.strictSame(incidentsIn(t.testdir()), []);
});

t.test('checkpoints that are not to be believed', async (t) => {
  const log = await foreignLog(t, 10);
  const dir = t.testdir();
  const mirror = await mirrorOf(log, dir);
  await mirror.sync();
  const before = readFileSync(join(dir, 'checkpoint'));
  log.append(...opaque(10, 20));
  for (const meddling of [flipByte(-10), flipByte(20), flipByte(0), truncate, empty, double]) {
    log.tamper('checkpoint', meddling);
    t.match(await codeOf(mirror.sync()), /^(unknown-signer|unavailable)$/);
  }
  log.tamper('checkpoint', undefined);
  for (const [trouble, code] of [
    ['drop', 'unavailable'],
    ['503', 'unavailable'],
    ['garbage', 'unavailable'],
    ['huge', 'too-large'],
    ['truncated', 'unavailable'],
  ] as const) {
    log.trouble = trouble;
    t.match(await codeOf(mirror.sync()), new RegExp(`${code}|not-yet`), trouble);
  }
  log.trouble = 'slow';
  const hasty = await mirrorOf(log, dir, {
    transport: { fetch, now: () => NOW, timeoutMs: 50, patienceMs: 0 },
  });
  t.equal(await codeOf(hasty.sync()), 'unavailable', 'a log that never ends');
  log.trouble = undefined;
  const witness = { name: 'w.example', type: 4, signer: people.stranger } as const;
  const voter = { name: 'w', verifier: verifierOf(witness) };
  const policy = { ...policyOfLogs(log.vkeys.map(parseVkey)), witnesses: [voter], quorum: voter };
  const strict = await mirrorOf(log, dir, { policy });
  t.equal(await codeOf(strict.sync()), 'quorum-unmet');
  log.forged = [voter.verifier];
  t.equal(await codeOf(strict.sync()), 'unknown-signer', 'a forged cosignature');
  log.forged = [];
  t.strictSame(readFileSync(join(dir, 'checkpoint')), before, 'none of it took the place of the good one');
  log.cosigners = [witness];
  t.match(await strict.sync(), { kind: 'advanced', size: 20 });
  log.cosigners = [];
  await mirror.sync();
  t.equal((await mirrorOf(log, dir, { policy })).held?.opened.cosignatures.length, 0);
  const other = await logOf(t, foreign('another.example/log'));
  t.equal(await codeOf(mirrorOf(other, dir)), 'foreign-log', 'a directory has one log');
  const both = policyOfLogs([...log.vkeys, ...other.vkeys].map(parseVkey));
  t.equal(await codeOf((await mirrorOf(other, dir, { policy: both })).sync()), 'foreign-log');
  log.fork(4, 'b', opaque(5_000, 5_030));
  log.serving = 'b';
  const forked = await mirrorOf(log, dir, { policy });
  t.equal(await codeOf(forked.sync()), 'inconsistent', 'a fork that nobody cosigned');
  t.match(incidentsIn(dir), [{ incident: { evidence: { kind: 'split-view', prefix: {} } } }]);
});

t.test('two histories end the following', async (t) => {
  for (const [name, common, others] of [
    ['of one size', 4, 6],
    ['a longer one', 9, 400],
    ['a shorter one', 2, 3],
  ] as const) {
    const log = await foreignLog(t, 10);
    const dir = t.testdir();
    const mirror = await mirrorOf(log, dir);
    await mirror.sync();
    const files = tileFiles(dir);
    log.fork(common, 'b', opaque(5_000, 5_000 + others));
    log.serving = 'b';
    t.equal(await codeOf(mirror.sync()), 'inconsistent', name);
    const [found, ...more] = incidentsIn(dir);
    t.strictSame(more, [], 'one incident');
    t.match(found?.incident, { origin: log.origin, vkeys: log.vkeys, evidence: { kind: 'split-view' } });
    const trust = policyOfLogs(log.vkeys.map(parseVkey));
    if (found !== undefined) t.equal(verifyIncident(found.incident, trust).outcome, 'proven');
    t.strictSame(tileFiles(dir), files, 'the copy is as it was');
    t.match(
      mirror.status.halted,
      /(two|otherwise).*nothing more is taken from the log until that file is moved/,
    );
    log.serving = 'main';
    log.append(...opaque(10, 12));
    t.equal(await codeOf(mirror.sync()), 'inconsistent', 'also when the log behaves again');
    t.equal(await codeOf((await mirrorOf(log, dir)).sync()), 'inconsistent', 'and after a restart');
    renameSync(found?.path ?? '', join(dir, 'seen.json'));
    t.match(
      await (await mirrorOf(log, dir)).sync(),
      { kind: 'advanced', size: 12 },
      'until its owner says so',
    );
  }
});

t.test('a head that was never shown counts too', async (t) => {
  const log = await foreignLog(t, 300);
  const dir = t.testdir();
  log.tamper('tile/entries/000', flipByte(9));
  t.equal(await codeOf((await mirrorOf(log, dir)).sync()), 'proof-failed');
  log.fork(100, 'b', opaque(7_000, 7_300));
  log.serving = 'b';
  log.tamper('tile/entries/000', undefined);
  const mirror = await mirrorOf(log, dir);
  t.equal(await codeOf(mirror.sync()), 'inconsistent');
  t.match(incidentsIn(dir), [{ incident: { evidence: { kind: 'split-view', prefix: {} } } }]);
});

t.test('a log that went back, and one that is only late', async (t) => {
  const log = await foreignLog(t, 300);
  const dir = t.testdir();
  const mirror = await mirrorOf(log, dir);
  await mirror.sync();
  log.frozen = 30;
  t.match(await mirror.sync(), { kind: 'older', size: 300 });
  t.strictSame(incidentsIn(dir), [], 'a cache may be old');
  log.frozen = undefined;
  log.shown = 30;
  await t.rejects(mirror.sync(), {
    code: 'inconsistent',
    message: /went back from 300 entries to 30,.* in incidents\/.*; the log is asked again/,
  });
  t.equal(mirror.status.halted, undefined);
  log.shown = 40;
  t.equal(await codeOf(mirror.sync()), 'inconsistent');
  const [fall, ...more] = incidentsIn(dir);
  t.strictSame([fall?.incident.evidence.kind, more.length], ['rollback', 0], 'one fall, one incident');
  const trust = policyOfLogs(log.vkeys.map(parseVkey));
  if (fall !== undefined) t.equal(verifyIncident(fall.incident, trust).outcome, 'reported');
  t.match(String(readFileSync(join(dir, 'checkpoint'))), /\n300\n/);
  log.shown = undefined;
  log.append(...opaque(300, 310));
  t.match(await mirror.sync(), { kind: 'advanced', size: 310 }, 'it may grow again into the same history');
});

t.test('killed at every step', async (t) => {
  const log = await foreignLog(t, 250);
  const root = t.testdir();
  const base = join(root, 'base');
  await (await mirrorOf(log, base)).sync();
  log.append(...opaque(250, 520));
  let finished = false;
  for (let passes = 0; !finished && passes < 500; passes++) {
    const dir = join(root, String(passes));
    cpSync(base, dir, { recursive: true });
    let left = passes;
    // From that step on nothing happens any more, whoever else is at work.
    const step = (): void => {
      if (left-- <= 0) throw new Error('killed');
    };
    const dying = await mirrorOf(log, dir, { step });
    finished = (await dying.sync().catch(() => undefined)) !== undefined;
    const { entries, findings } = await auditFiles(log, dir);
    t.strictSame(findings, [], `after ${passes} steps the copy of ${entries} is sound`);
    if (entries !== 250 && entries !== 520) t.fail(`a checkpoint of ${entries}`);
    const there = [...tileFiles(dir).keys()].filter((name) => name.includes('entries'));
    log.asked.length = 0;
    const next = await mirrorOf(log, dir);
    await next.sync();
    t.equal(next.size, 520, 'and the next start completes it');
    t.strictSame(
      there.filter((name) => log.asked.includes(`/${name}`)),
      [],
      'without fetching a bundle twice',
    );
    t.strictSame((await auditFiles(log, dir)).findings, []);
    t.strictSame(readdirSync(join(dir, '.mirror/tmp')), []);
    t.notOk(existsSync(join(dir, 'tile/0/000.p')), 'no old partials');
    t.equal(JSON.parse(readFileSync(join(dir, 'mirror.json'), 'utf8')).size, 520);
  }
  t.ok(finished);
});

t.test('a full disk', async (t) => {
  const log = await foreignLog(t, 600);
  for (const at of [/tile\/0\/001/, /entries\/000/, /pending/, /checkpoint/, /mirror.json/]) {
    const dir = t.testdir();
    log.frozen = 20;
    await (await mirrorOf(log, dir)).sync();
    log.frozen = undefined;
    let full = true;
    const mirror = await mirrorOf(log, dir, {
      step: (step, path) => {
        if (full && step === 'rename' && at.test(path))
          throw Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
      },
    });
    const failure = await mirror.sync().catch((error: unknown) => error);
    t.match(failure, { code: 'store-failed', message: /disk is full; make room/ }, String(at));
    t.strictSame((await auditFiles(log, dir)).findings, []);
    t.match(String(readFileSync(join(dir, 'checkpoint'))), `\n${mirror.size}\n`, 'it serves what it has');
    full = false;
    t.match(await mirror.sync(), { size: 600 }, 'and goes on when there is room');
    t.strictSame(await unlike(log, dir), []);
  }
});

t.test('a rotten disk', async (t) => {
  const log = await foreignLog(t, 700);
  const dir = t.testdir();
  await (await mirrorOf(log, dir)).sync();
  for (const [path, edge] of [
    ['tile/0/000', false],
    ['tile/entries/001', false],
    ['tile/entries/002.p/188', false],
    ['tile/0/002.p/188', true],
    ['tile/1/000.p/2', true],
  ] as const) {
    const whole = readFileSync(join(dir, path));
    for (const damage of [flipByte(40)(whole), truncate(whole), empty(whole), undefined]) {
      if (damage === undefined) rmSync(join(dir, path));
      else writeFileSync(join(dir, path), damage);
      const findings = await auditFiles(log, dir).then(
        (report) => report.findings.length,
        (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
      );
      t.not(findings, 0, `${path} is seen by an audit`);
      // The right edge is looked at at every start, everything when asked to.
      t.match(await (await mirrorOf(log, dir)).sync(!edge), { kind: 'unchanged', size: 700 });
      t.strictSame(readFileSync(join(dir, path)), whole, 'and mended');
    }
  }
  writeFileSync(join(dir, 'tile/0/002.p/7'), 'no beginning of anything');
  writeFileSync(join(dir, 'tile/entries/002.p/999'), '');
  await (await mirrorOf(log, dir)).sync(true);
  t.strictSame(
    [...tileFiles(dir).keys()].filter((name) => /\/(7|999)$/.test(name)),
    [],
  );
});

t.test('a static file server makes a log of it, with keys', async (t) => {
  const log = await logOf(t, {});
  log.append(await commitmentStatement('urn:a'), await otherStatement('b'));
  const root = t.testdir();
  const dir = join(root, 'first');
  let keys = encodeKeySet([headKeys.receipt.publicKey]);
  const transport = {
    now: () => NOW,
    fetch: (async (input, init) =>
      input instanceof URL && input.pathname.endsWith(KEYS)
        ? new Response(keys)
        : fetch(input, init)) satisfies typeof fetch,
  };
  const mirror = await mirrorOf(log, dir, { transport });
  t.match(await mirror.sync(), { keysFault: undefined });
  t.strictSame(readFileSync(join(dir, KEYS)), Buffer.from(keys));
  const good = keys;
  keys = encodeKeySet([headKeys.receipt.publicKey, people.stranger.publicKey]);
  log.append(await otherStatement('c'));
  t.match(await mirror.sync(), { kind: 'advanced', keysFault: /no policy entry/ });
  t.strictSame(readFileSync(join(dir, KEYS)), Buffer.from(good), 'a key out of nowhere is not kept');

  const server = await staticServer(dir);
  t.teardown(() => server.close());
  await log.close();
  t.match(await auditUrl(log, server.url, true), { entries: 4, findings: [] });
  const copy = await mirrorOf(log, join(root, 'second'), { url: server.url });
  t.match(await copy.sync(), { kind: 'advanced', size: 4, keysFault: undefined }, 'a mirror of the mirror');
  const states = (mirrored: Mirror) => mirrored.held?.opened.text;
  t.equal(states(copy), states(mirror));
});
