/**
 * The mirror as its users meet it: its server with and without a log behind it, the loop, the lock, the command
 * line with its exit codes, and real processes that are ended and killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { EXIT } from '#src/cli/exit.ts';
import { encodeKeySet } from '#src/cose/key.ts';
import { lockFile } from '#src/platform/lock.ts';
import { KEYS, readerOf } from '#src/mirror/folder.ts';
import { follow } from '#src/mirror/follow.ts';
import { mirrorServer } from '#src/mirror/server.ts';
import { formatTrustPolicy } from '#src/mirror/trusttext.ts';
import { originHash, parseCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey, verifierOf } from '#src/note/key.ts';
import { parseNote } from '#src/note/note.ts';
import { parseTrustPolicy } from '#src/note/trust.ts';
import { flipByte, foreign, HostileLog } from '../support/hostile-log.ts';
import { auditUrl, mirrorOf, NOW, opaque, tileFiles } from '../support/mirror-world.ts';
import { tallystick } from '../support/run-cli.ts';
import { headKeys, otherStatement, people } from '../support/world.ts';

const BIN = new URL('../../src/cli/bin.cjs', import.meta.url).pathname;

async function foreignLog(t: Test, size: number): Promise<HostileLog> {
  const log = await HostileLog.start({ ...foreign(), entries: opaque(0, size) });
  t.teardown(() => log.close());
  return log;
}

/** A served mirror of the log, its first sync not yet done. */
async function served(t: Test, log: HostileLog, dir: string, around: Parameters<typeof mirrorOf>[2] = {}) {
  const mirror = await mirrorOf(log, dir, around);
  const app = await mirrorServer(mirror, readerOf(dir), { version: '0', readsPerWindow: 0, now: () => NOW });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  return { mirror, url };
}

t.test('the read side of a log', async (t) => {
  const log = await foreignLog(t, 0);
  const dir = t.testdir();
  const { mirror, url } = await served(t, log, dir);
  const early = await fetch(`${url}/checkpoint`);
  t.equal(early.status, 503, 'nothing before the first sync');
  t.match(await (await fetch(`${url}/readyz`)).json(), {
    ready: false,
    reasons: ['nothing is mirrored yet'],
  });
  t.equal((await fetch(url)).status, 200);
  for (const size of [70, 300]) {
    log.append(...opaque(log.size(), size));
    await mirror.sync();
  }

  const checkpoint = await fetch(`${url}/checkpoint`);
  t.strictSame(Buffer.from(await checkpoint.arrayBuffer()), Buffer.from(await log.note()));
  t.equal(checkpoint.headers.get('content-type'), 'text/plain; charset=utf-8');
  t.equal(checkpoint.headers.get('cache-control'), 'public, max-age=1');
  t.equal(checkpoint.headers.get('access-control-allow-origin'), '*');
  const etag = checkpoint.headers.get('etag') ?? '';
  t.equal((await fetch(`${url}/checkpoint`, { headers: { 'if-none-match': etag } })).status, 304);

  for (const [name, bytes] of tileFiles(dir)) {
    const reply = await fetch(`${url}/${name}`);
    t.strictSame(Buffer.from(await reply.arrayBuffer()), bytes, name);
    t.equal(reply.headers.get('content-type'), 'application/octet-stream');
    t.match(reply.headers.get('cache-control'), /immutable/);
    t.equal(reply.headers.get('access-control-allow-origin'), '*');
  }
  const head = await fetch(`${url}/tile/0/000`, { method: 'HEAD' });
  t.strictSame([head.status, head.headers.get('content-length')], [200, '8192']);
  for (const path of ['tile/0/000.p/70', 'tile/entries/000.p/3', 'tile/0/001.p/7', 'tile/entries/001.p/44']) {
    const [mine, theirs] = await Promise.all([fetch(`${url}/${path}`), fetch(`${log.url}/${path}`)]);
    t.strictSame(await mine.arrayBuffer(), await theirs.arrayBuffer(), `${path}, pruned or never shown`);
  }
  for (const path of [
    'tile/0/001',
    'tile/0/001.p/45',
    'tile/0/002',
    'tile/1/000',
    'tile/7/000',
    'tile/entries/001',
  ])
    t.equal((await fetch(`${url}/${path}`)).status, 404, `${path} is not in the tree`);
  for (const path of [
    'tile/0/00',
    'tile/0/000.p/0',
    'tile/entries/..%2f..%2fmirror.json',
    'tile/0/x000%2f001',
  ])
    t.match((await fetch(`${url}/${path}`)).status, /40[04]/, path);
  const post = await fetch(`${url}/checkpoint`, { method: 'POST', body: 'x' });
  t.strictSame([post.status, post.headers.get('allow')], [405, 'GET, HEAD, OPTIONS']);

  const held = await fetch(`${url}/${originHash(log.origin)}/checkpoint`);
  t.equal(parseCheckpoint(parseNote(await held.text()).text).size, 300, 'the monitoring form');
  t.equal((await fetch(`${url}/${originHash('another')}/checkpoint`)).status, 404);
  t.equal((await fetch(`${url}/nonsense/checkpoint`)).status, 400);
  t.match(await (await fetch(`${url}/mirror.json`)).json(), { size: 300, origin: log.origin });
  t.equal((await fetch(`${url}/${KEYS}`)).status, 404, 'a log of other software has no receipt keys');
  t.match(await auditUrl(log, url, false), { entries: 300, findings: [] });

  const page = await fetch(url);
  t.match(await page.text(), /other\.example\/log[\s\S]*300/);
  t.match(page.headers.get('content-security-policy'), /default-src 'none'/);
});

t.test('only verified signatures in the monitoring form; keys', async (t) => {
  const log = await HostileLog.start();
  t.teardown(() => log.close());
  const unknown = { name: 'unknown.example', type: 4, signer: people.stranger } as const;
  log.cosigners = [unknown];
  const keys = encodeKeySet([headKeys.receipt.publicKey]);
  const transport = {
    now: () => NOW,
    fetch: (async (input, init) =>
      input instanceof URL && input.pathname.endsWith(KEYS)
        ? new Response(keys)
        : fetch(input, init)) satisfies typeof fetch,
  };
  const { mirror, url } = await served(t, log, t.testdir(), { transport });
  await mirror.sync();
  t.match(await (await fetch(`${url}/checkpoint`)).text(), /unknown\.example/, 'as the log serves it');
  const held = await (await fetch(`${url}/${originHash(log.origin)}/checkpoint`)).text();
  t.notMatch(held, /unknown\.example/);
  const reply = await fetch(`${url}/${KEYS}`);
  t.equal(reply.headers.get('content-type'), 'application/cbor');
  t.strictSame(Buffer.from(await reply.arrayBuffer()), Buffer.from(keys));
});

t.test('without its log', async (t) => {
  const log = await foreignLog(t, 300);
  const dir = t.testdir();
  const { mirror, url } = await served(t, log, dir);
  await mirror.sync();
  const ending = new AbortController();
  const told: string[] = [];
  let rounds = 0;
  const rounds$ = follow(mirror, {
    pollMs: 1,
    signal: ending.signal,
    sleep: async () => {
      rounds += 1;
      if (rounds === 1) log.append(...opaque(300, 310));
      if (rounds === 2) await log.close();
      if (rounds === 5) ending.abort();
    },
    onSynced: ({ kind }) => void told.push(kind),
    onFailed: ({ code }) => void told.push(code),
  });
  await rounds$;
  t.strictSame(told, ['unchanged', 'advanced', 'unavailable'], 'an outage is told once');
  t.match(await (await fetch(`${url}/readyz`)).json(), {
    ready: true,
    reasons: [`the log cannot be reached since ${new Date(NOW).toISOString()}`],
  });
  t.match(await auditUrl(log, url, false), { entries: 310, findings: [] }, 'it serves on');
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const line of [
    'tallystick_mirror_entries 310',
    'tallystick_mirror_lag_entries 0',
    'tallystick_mirror_origin_up 0',
    'tallystick_mirror_halted 0',
    'tallystick_mirror_failed_syncs_total{code="unavailable"} 3',
    `tallystick_mirror_last_sync_seconds ${NOW / 1000}`,
  ])
    t.match(metrics, line);
  const again = await served(t, log, dir);
  t.match(await auditUrl(log, again.url, false), { entries: 310, findings: [] }, 'and after a restart');

  await log.listen(log.port);
  log.fork(305, 'b', opaque(900, 910));
  log.serving = 'b';
  await t.rejects(again.mirror.sync(), { code: 'inconsistent' });
  t.match(await (await fetch(`${again.url}/readyz`)).json(), {
    ready: true,
    reasons: [/incidents\/.*\.json/],
  });
  t.notMatch(await (await fetch(`${again.url}/readyz`)).text(), dir, 'no path of this machine');
  t.match(await auditUrl(log, again.url, false), { entries: 310, findings: [] }, 'the last good head');
  t.match(await (await fetch(`${again.url}/metrics`)).text(), /mirror_halted 1\n[\s\S]*mirror_incidents 1\n/);
});

t.test('a damaged right edge is not served as ready', async (t) => {
  const log = await foreignLog(t, 300);
  const dir = t.testdir();
  await (await mirrorOf(log, dir)).sync();
  writeFileSync(join(dir, 'tile/0/001.p/44'), 'short');
  const { mirror, url } = await served(t, log, dir);
  t.match(await (await fetch(`${url}/readyz`)).json(), { ready: false, reasons: [/damaged/] });
  await mirror.sync();
  t.match(await (await fetch(`${url}/readyz`)).json(), { ready: true, reasons: [] });
});

t.test('a rotten file is an error to its reader', async (t) => {
  const log = await foreignLog(t, 300);
  const dir = t.testdir();
  const { mirror, url } = await served(t, log, dir);
  await mirror.sync();
  writeFileSync(join(dir, 'tile/0/000'), 'short');
  const reply = await fetch(`${url}/tile/0/000`);
  t.strictSame([reply.status, reply.headers.get('cache-control')], [500, 'no-store']);
  t.notMatch(await reply.text(), dir);
});

t.test('one process per directory', async (t) => {
  const path = join(t.testdir(), '.mirror/lock.db');
  const words = { held: 'another process works here', check: 'the directory' };
  const lock = (at = path) => lockFile(at, words);
  const unlock = lock();
  t.throws(() => lock(), { code: 'locked', message: /another process works here/ });
  unlock();
  lock()();
  t.throws(() => lock('/dev/null/lock.db'), { code: 'store-failed', message: /check the directory/ });
  writeFileSync(path, 'no database, and longer than the header of one'.repeat(9));
  t.throws(() => lock(), { code: 'store-failed', message: /not a database/ }, 'which is no other process');
});

t.test('trust policies as text', async (t) => {
  const log = { name: 'log.example', type: 1, signer: people.admin } as const;
  const witnesses = [people.author, people.agent].map(
    (signer, i) => ({ name: `w${i}.example`, type: 4, signer }) as const,
  );
  const vkey = ({ name, type, signer }: { name: string; type: 1 | 4; signer: typeof people.admin }) =>
    formatVkey(name, type, signer.publicKey);
  const text = [
    `log ${vkey(log)} https://log.example/`,
    ...witnesses.map((each, i) => `witness w${i} ${vkey(each)}${i === 0 ? ' https://w.example/' : ''}`),
    'group some 1 w0 w1',
    'group all-of-it all some',
    'quorum all-of-it',
    '',
  ].join('\n');
  const policy = parseTrustPolicy(text);
  t.strictSame(parseTrustPolicy(formatTrustPolicy(policy)), policy);
  t.strictSame(parseTrustPolicy(formatTrustPolicy({ ...policy, quorum: 'none' })).quorum, 'none');
});

t.test('the command line', async (t) => {
  const log = await foreignLog(t, 600);
  const cwd = t.testdir();
  const around = { cwd, fetch };
  const vkey = log.vkeys[0] ?? '';
  const once = `mirror ${log.url} copy --once`;
  t.equal((await tallystick(once, around)).code, EXIT.usage, 'somebody must be trusted');
  t.equal((await tallystick(`mirror nowhere copy --once --vkey ${vkey}`, around)).code, EXIT.usage);
  t.equal((await tallystick(`mirror ${log.url} copy --check --vkey ${vkey}`, around)).code, EXIT.usage);
  mkdirSync(join(cwd, 'docs'));
  writeFileSync(join(cwd, 'docs/thesis.txt'), 'x');
  t.match(await tallystick(`mirror ${log.url} docs --once --vkey ${vkey}`, around), {
    code: EXIT.config,
    err: /docs holds other files \("thesis\.txt"\) and is no mirror: name an empty/,
  });
  t.strictSame(readdirSync(join(cwd, 'docs')), ['thesis.txt'], 'and nothing was written there');
  t.equal(
    (await tallystick(`mirror ${log.url} docs/thesis.txt --once --vkey ${vkey}`, around)).code,
    EXIT.notFound,
  );
  const stranger = formatVkey('other.example/log', 1, people.stranger.publicKey);
  t.equal((await tallystick(`${once} --vkey ${stranger}`, around)).code, EXIT.verification);
  t.match(await tallystick(`${once} --vkey ${vkey}`, around), { code: EXIT.ok, out: /600 new entries/ });
  t.match(await tallystick(`${once} --json`, around), {
    code: EXIT.ok,
    json: { schema: 'tallystick.mirror.v1', kind: 'unchanged', size: 600, origin: log.origin, exit_code: 0 },
  });
  t.equal(
    (await tallystick(`${once} --vkey ${stranger}`, around)).code,
    EXIT.config,
    'not the log of this copy',
  );

  const check = 'fsck copy --hashes --policy copy/trust.policy';
  t.match(await tallystick(check, around), { code: EXIT.ok, out: /600 entries/ });
  const bundle = join(cwd, 'copy/tile/entries/001');
  writeFileSync(bundle, flipByte(40)(readFileSync(bundle)));
  t.match(await tallystick(`${check} --json`, around), {
    code: EXIT.verification,
    json: { verified: false },
  });
  t.match(await tallystick(`${once} --check`, around), { code: EXIT.ok, out: /1 files repaired/ });
  t.equal((await tallystick(check, around)).code, EXIT.ok);
  t.equal((await tallystick('fsck nothing-here --hashes', around)).code, EXIT.config);

  const witness = verifierOf({ name: 'w.example', type: 4, signer: people.stranger });
  writeFileSync(
    join(cwd, 'strict.policy'),
    `log ${vkey}\nwitness w ${formatVkey(witness.name, 4, witness.key)}\nquorum w\n`,
  );
  t.equal((await tallystick(`${once} --policy strict.policy`, around)).code, EXIT.quorum);
  t.equal((await tallystick(once, around)).code, EXIT.quorum, 'the stricter policy is kept');
  t.equal((await tallystick(`${once} --vkey ${vkey}`, around)).code, EXIT.ok);
  log.append(...opaque(600, 610));
  log.tamper('tile/0/002.p/98', flipByte(3));
  t.equal((await tallystick(once, around)).code, EXIT.verification);
  log.tamper('tile/0/002.p/98', undefined);
  log.fork(10, 'b', opaque(8_000, 8_700));
  log.serving = 'b';
  t.match(await tallystick(once, around), { code: EXIT.splitView, err: /inconsistent/ });
  t.equal(readdirSync(join(cwd, 'copy/incidents')).length, 1);
  await log.close();
  t.equal((await tallystick(`mirror ${log.url} new --once --vkey ${vkey}`, around)).code, EXIT.notFound);
});

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

/** Starts the real command and waits for its banner. */
async function start(t: Test, cwd: string, ...args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [BIN, 'mirror', ...args, '--port', '0', '--poll', '1'], { cwd });
  t.teardown(() => void child.kill('SIGKILL'));
  child.stdout.resume();
  let said = '';
  for await (const chunk of child.stderr) {
    said += String(chunk);
    const url = /URL +(http:\S+)\n/.exec(said)?.[1];
    if (url !== undefined) return { child, url };
  }
  throw new Error(`the mirror did not start: ${said}`);
}

/** Asks until the mirror has that many entries. */
async function until(url: string, size: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const reply = await fetch(`${url}/checkpoint`);
    if (reply.status === 200 && parseCheckpoint(parseNote(await reply.text()).text).size >= size) return;
    await new Promise((resolve) => void setTimeout(resolve, 50));
  }
  throw new Error(`the mirror at ${url} does not come to ${size} entries`);
}

/** Waits until the log is asked for a file. */
async function asked(log: HostileLog, path: string): Promise<void> {
  for (let tries = 0; tries < 600 && !log.asked.includes(path); tries++)
    await new Promise((resolve) => void setTimeout(resolve, 50));
  if (!log.asked.includes(path)) throw new Error(`nobody asked for ${path}`);
}

t.test('real processes', async (t) => {
  const log = await HostileLog.start();
  t.teardown(() => log.close());
  for (let i = 0; i < 5; i++) log.append(await otherStatement(`process ${i}`));
  const cwd = t.testdir();
  writeFileSync(join(cwd, 'log.vkey'), `${log.vkeys.join('\n')}\n`);
  const first = await start(t, cwd, log.url, 'copy', '--vkey', 'log.vkey');
  await until(first.url, 6);
  t.match(await auditUrl(log, first.url, true), { entries: 6, findings: [] });
  const second = spawn(process.execPath, [BIN, 'mirror', log.url, 'copy', '--once'], {
    cwd,
    stdio: 'ignore',
  });
  t.strictSame(await once(second, 'exit'), [EXIT.config, null], 'a second process is refused');

  // Killed while a bundle is under way; and once more, gently.
  log.trouble = 'slow';
  log.troubled = /entries/;
  log.append(await otherStatement('half way'));
  await asked(log, '/tile/entries/000.p/7');
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  log.asked.length = 0;
  const patient = await start(t, cwd, log.url, 'copy');
  await asked(log, '/tile/entries/000.p/7');
  patient.child.kill('SIGTERM');
  t.strictSame(await once(patient.child, 'exit'), [EXIT.ok, null], 'it does not wait for the log');
  t.ok(existsSync(join(cwd, 'copy/.mirror/pending')));
  log.trouble = undefined;
  await log.close();
  const third = await start(t, cwd, log.url, 'copy');
  t.match(await auditUrl(log, third.url, true), { entries: 6, findings: [] }, 'killed, and the log is gone');
  log.append(await otherStatement('later'));
  await log.listen(log.port);
  await until(third.url, 8);
  third.child.kill('SIGTERM');
  t.strictSame(await once(third.child, 'exit'), [EXIT.ok, null], 'and stops in order');
  t.ok(existsSync(join(cwd, 'copy/trust.policy')));
  t.match(await tallystick('fsck copy --policy copy/trust.policy', { cwd }), {
    code: EXIT.ok,
    out: /8 entries/,
  });
});
