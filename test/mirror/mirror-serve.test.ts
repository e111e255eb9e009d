/**
 * The mirror as its users meet it: its server with and without a log behind it, the loop, the lock.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { lockFile } from '#src/platform/lock.ts';
import { KEYS, readerOf } from '#src/mirror/folder.ts';
import { follow } from '#src/mirror/open.ts';
import { mirrorServer } from '#src/mirror/server.ts';
import { formatTrustPolicy } from '#src/mirror/trusttext.ts';
import { originHash, parseCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey } from '#src/note/key.ts';
import { parseNote } from '#src/note/note.ts';
import { parseTrustPolicy } from '#src/note/trust.ts';
import { HostileLog } from '../support/hostile-log.ts';
import { auditUrl, foreignLog, mirrorOf, NOW, opaque, tileFiles } from '../support/mirror-world.ts';
import { headKeys, people } from '../support/world.ts';
import { encodeKeySet } from '../support/key-set.ts';

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
  const words = { held: 'another process works here', remedy: { stateDir: true } } as const;
  const lock = (at = path) => lockFile(at, words);
  const unlock = lock();
  t.throws(() => lock(), { code: 'locked', message: /another process works here/ });
  unlock();
  lock()();
  t.throws(() => lock('/dev/null/lock.db'), {
    code: 'store-failed',
    message: /check its directory/,
    remedy: words.remedy,
  });
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
