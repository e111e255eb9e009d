/** What clients of each sort meet: SCRAPI, tiles, audit, downloads, on a listening server (src/http). */
import t from 'tap';
import type { Static } from 'typebox';
import { createHash } from 'node:crypto';
import { digest, leafIndex, treeSize } from '../../src/bytes/brand.ts';
import type { CborMap } from '../../src/bytes/cbor.ts';
import { skipCbor } from '../../src/bytes/cbor-skip.ts';
import { concatBytes } from '../../src/bytes/compare.ts';
import { formatBase64Url, parseHex } from '../../src/bytes/text.ts';
import { entryIdOf } from '../../src/client/scrapi.ts';
import { decodeKeySet, decodeCoseKey, keyThumbprint } from '../../src/cose/key.ts';
import { decodeReceipt, verifyReceipt } from '../../src/cose/receipt.ts';
import { decodeStatement, entryBytes } from '../../src/cose/statement.ts';
import { detachReceipts } from '../../src/cose/transparent.ts';
import type { consistencySchema, inclusionSchema, rangeSchema } from '../../src/web/audit-schemas.ts';
import { waitOf } from '../../src/http/prefer.ts';
import { refuse, type RefusalCode } from '../../src/bytes/refusal.ts';
import type { StoredEntry } from '../../src/log/ports.ts';
import { noteVerifier } from '../../src/note/key.ts';
import { openCheckpoint } from '../../src/note/checkpoint.ts';
import { parseTlogProof } from '../../src/note/tlogproof.ts';
import { decodeBundle } from '../../src/tree/bundle.ts';
import { hashLeaf } from '../../src/tree/hash.ts';
import { verifyConsistency, verifyInclusion } from '../../src/tree/verify.ts';
import {
  checkpointSigner,
  type FakeLog,
  ORIGIN,
  RAW_KID,
  receiptSigner,
  statement,
  TIME,
} from '../support/fake-log.ts';
import {
  bytesOf,
  COSE,
  jsonOf,
  jsonProblem,
  mapOf,
  problem,
  SEQUENCE,
  serve,
} from '../support/http-served.ts';

const RECEIPTS = { log: ORIGIN, key: receiptSigner.publicKey };

const BASE = 'https://log.example';

/** One full tile and two entries beyond it. */
const SIZE = 258;

type Proof = Static<(typeof inclusionSchema.response)[200]>;
type Growth = Static<(typeof consistencySchema.response)[200]>;
type Page = Static<(typeof rangeSchema.response)[200]>;

function at(log: FakeLog, index: number): StoredEntry {
  const entry = log.stored[index];
  if (entry === undefined) throw new RangeError(`entry ${index}`);
  return entry;
}

t.test('SCRAPI: submit, fetch, keys', async (t) => {
  const { log, get, post } = await serve(t, 5, { baseUrl: `${BASE}/` });
  const body = await statement(900);
  const entry = entryBytes(decodeStatement(body).sign1);
  const id = createHash('sha256').update(entry).digest('hex');

  const logged = await post(body);
  t.equal(logged.status, 201);
  t.equal(logged.headers.get('content-type'), COSE);
  t.equal(logged.headers.get('location'), `${BASE}/entries/${id}`);
  t.equal(logged.headers.get('access-control-allow-origin'), null, 'no submissions across origins');
  const receipt = decodeReceipt(await bytesOf(logged));
  t.match(verifyReceipt(receipt, entry, RECEIPTS), { size: 6, index: 5 });

  for (const type of [
    'application/scitt-statement+cose',
    'application/cose; cose-type="cose-sign1"',
    'Application/COSE',
  ]) {
    const again = await post(body, { 'content-type': type });
    t.equal(again.status, 201, type);
    t.equal(again.headers.get('location'), logged.headers.get('location'), 'the same place');
    await again.arrayBuffer();
  }
  t.equal(log.stored.length, 6, 'nothing twice');

  const fetched = await get(`/entries/${id}`, { accept: COSE });
  t.equal(fetched.status, 200);
  t.equal(fetched.headers.get('content-type'), COSE);
  t.equal(fetched.headers.get('location'), `${BASE}/entries/${id}`);
  t.equal(fetched.headers.get('cache-control'), 'no-cache', 'a receipt is made anew');
  t.equal(fetched.headers.get('access-control-allow-origin'), '*');
  verifyReceipt(decodeReceipt(await bytesOf(fetched)), entry, RECEIPTS);

  const unknown = 'ab'.repeat(32);
  const { title, detail } = await problem(t, await get(`/entries/${unknown}`), 404, 'not-found');
  t.equal(title, 'Not Found');
  t.equal(detail, `Receipt with entry ID ${unknown} not known to this Transparency Service`);
  for (const bad of ['1', id.toUpperCase(), `${id}0`, id.slice(1), '..;', 'x'.repeat(1000), `${id}%00`]) {
    const said = await problem(t, await get(`/entries/${bad}`), 400, 'bad-locator');
    t.equal(said.title, 'Invalid locator');
    t.equal(said.detail, 'Operation locator is not in a valid form');
  }

  const set = await get('/.well-known/scitt-keys', { accept: 'application/cbor' });
  t.equal(set.headers.get('content-type'), 'application/cbor');
  t.match(set.headers.get('cache-control'), /max-age=/);
  const keys = decodeKeySet(await bytesOf(set));
  t.same(
    keys.map((one) => one.key.bytes),
    [receiptSigner.publicKey.bytes, checkpointSigner.publicKey.bytes],
  );
  const kid = keyThumbprint(receiptSigner.publicKey);
  const names = [formatBase64Url(kid), formatBase64Url(new TextEncoder().encode(RAW_KID)), RAW_KID];
  for (const [i, name] of names.entries()) {
    const one = await get(`/.well-known/scitt-keys/${name}`);
    t.equal(one.status, 200, name);
    t.same(decodeCoseKey(await bytesOf(one)).key, (i === 0 ? receiptSigner : checkpointSigner).publicKey);
  }
  const noKey = await problem(t, await get('/.well-known/scitt-keys/nothing'), 404, 'no-such-key');
  t.same(noKey, { title: 'No such key', detail: 'No key could be found for this kid value' });
});

t.test('SCRAPI: a receipt that waits for witnesses', async (t) => {
  const { log, get, post } = await serve(t, 5, { baseUrl: `${BASE}/` });
  log.waiting = true;
  const body = await statement(901);
  const accepted = await post(body);
  t.equal(accepted.status, 202);
  t.equal(accepted.headers.get('content-length'), '0');
  t.equal(accepted.headers.get('content-type'), null);
  t.match(accepted.headers.get('retry-after'), /^\d+$/);
  const path = new URL(accepted.headers.get('location') ?? '').pathname;

  const running = await get(path);
  t.equal(running.status, 204);
  t.equal(running.headers.get('cache-control'), 'no-store');
  t.match(running.headers.get('retry-after'), /^\d+$/);
  t.equal(running.headers.get('content-type'), null);
  t.equal((await bytesOf(running)).length, 0);
  const proof = await get(`${path}/proof`, { accept: 'application/json, text/plain;q=0.5' });
  await jsonProblem(t, proof, 503, 'not-yet');
  t.match(proof.headers.get('retry-after'), /^\d+$/);

  log.waiting = false;
  await post(await statement(902));
  t.equal((await get(path)).status, 200);
  t.equal((await post(body)).headers.get('location'), accepted.headers.get('location'), 'one URL for both');
});

t.test('Prefer: wait=N waits for the quorum', async (t) => {
  const { log, app, get, post } = await serve(t, 5);
  const publication = Promise.withResolvers<void>();
  log.waiting = true;
  log.publication = publication.promise;
  const wait = { prefer: 'wait=10' };
  const [one, two] = [await statement(911), await statement(912)];
  const single = post(one, wait);
  const batch = post(concatBytes(two, one), { 'content-type': SEQUENCE, ...wait });
  while (log.waits.length < 2) await new Promise(setImmediate);
  const known = get(`/entries/${entryIdOf(one)}`, wait);
  while (log.waits.length < 3) await new Promise(setImmediate);
  t.equal((await get(`/entries/${entryIdOf(one)}`)).status, 204, 'without the header at once, as ever');
  t.equal((await post(await statement(913))).status, 202);
  await log.publish();
  publication.resolve();

  const logged = await single;
  t.equal(logged.status, 201);
  t.equal(logged.headers.get('preference-applied'), 'wait=10');
  const bytes = await bytesOf(logged);
  verifyReceipt(decodeReceipt(bytes), one, RECEIPTS);
  const read = await known;
  t.equal(read.status, 200);
  t.equal(read.headers.get('preference-applied'), 'wait=10');
  const answer = await batch;
  t.equal(answer.headers.get('preference-applied'), 'wait=10');
  const results = await bytesOf(answer);
  const first = mapOf(results.subarray(0, skipCbor(results, 0)));
  t.equal(first.get('status'), 201, 'in a batch too');
  verifyReceipt(decodeReceipt(first.get('receipt') as Uint8Array), two, RECEIPTS);
  t.same(log.waits, [10_000, 10_000, 10_000]);

  const ready = await post(one, { prefer: 'respond-async, WAIT="7"; x=y' });
  t.equal(ready.headers.get('preference-applied'), 'wait=7', 'nothing to wait for');
  t.equal(ready.status, 201);
  t.equal((await post(await statement(914))).headers.get('preference-applied'), null);
  const { paths } = await jsonOf<{ paths: Record<string, Record<string, { parameters: unknown }>> }>(
    await get('/openapi.json'),
  );
  for (const operation of [paths['/entries']?.['post'], paths['/entries/{id}']?.['get']])
    t.match(JSON.stringify(operation?.parameters), /"in":"header","name":"prefer"/, 'described');
  t.equal(log.waits.length, 3);

  // The quorum is not met in time, and then the server closes.
  log.waiting = true;
  log.publication = Promise.resolve();
  const late = await post(await statement(915), { prefer: 'wait=86400' });
  t.equal(late.status, 202);
  t.equal(late.headers.get('preference-applied'), 'wait=30', 'the longest there is');
  t.equal(log.waits.at(-1), 30_000);
  log.publication = new Promise(() => {});
  const last = post(await statement(916), { prefer: 'wait=30' });
  while (log.waits.length < 5) await new Promise(setImmediate);
  const closing = app.close();
  t.equal((await last).status, 202, 'answered, not cut off');
  await closing;
});

t.test('waiting is bounded, and a client that left gives up its place', async (t) => {
  const { log, get, post, url } = await serve(t, 5, { limits: { waitsAtOnce: 2, batchesAtOnce: 4 } });
  log.waiting = true;
  log.publication = new Promise(() => {});
  const body = await statement(920);
  await post(body);
  const path = `/entries/${entryIdOf(body)}`;
  const leaving = new AbortController();
  const gone = [0, 1].map(() =>
    fetch(url + path, { headers: { prefer: 'wait=30' }, signal: leaving.signal }).catch(() => undefined),
  );
  while (log.waits.length < 2) await new Promise(setImmediate);
  const third = await get(path, { prefer: 'wait=30' });
  t.equal(third.status, 204, 'one too many is answered at once');
  t.equal(third.headers.get('preference-applied'), null, 'and told so');
  const batch = { 'content-type': SEQUENCE, prefer: 'wait=30' };
  const waiting = fetch(`${url}/entries`, { method: 'POST', body, headers: batch, signal: leaving.signal });
  while (log.waits.length < 3) await new Promise(setImmediate);
  t.equal(
    (await post(body, batch)).headers.get('preference-applied'),
    null,
    'most places stay for batches that do not wait',
  );
  leaving.abort();
  await Promise.all([...gone, waiting.catch(() => undefined)]);
  log.publication = Promise.resolve();
  const applied = async (): Promise<string | null> =>
    (await get(path, { prefer: 'wait=30' })).headers.get('preference-applied');
  while ((await applied()) === null) await new Promise(setImmediate);
  t.equal(log.waits.length, 4, 'a place is free again');
});

t.test('preferences that are none', async (t) => {
  for (const [header, seconds] of [
    ['wait=5', 5],
    ['wait = 5', 5],
    ['Wait="5"', 5],
    ['respond-async, wait=0', 0],
    ['wait=5;a=b, wait=7', 5],
    ['a="x"; b, wait=3', 3],
    ['wait', undefined],
    ['wait=', undefined],
    ['wait=-1', undefined],
    ['wait=1.5', undefined],
    ['wait=1e3', undefined],
    ['wait=9999999999', undefined],
    ['await=5', undefined],
    ['wait=5 seconds', undefined],
    [`${','.repeat(50)}wait=5`, undefined],
    ['', undefined],
  ] as const)
    t.equal(waitOf(header), seconds, header);
  t.equal(waitOf(['a', 'wait=4']), 4);
});

t.test('a log says how it stands with its witnesses', async (t) => {
  const { log, get } = await serve(t, 5);
  t.match(await jsonOf(await get('/v1/log')), { witnessed: false, witnessing: null });
  t.match(await (await get('/metrics')).text(), /^tallystick_witness_quorum_met 1$/m);
  const common = { asked: true, cosignatures: 3, failures: 1, behind: 2 };
  log.known = {
    quorum: 'g',
    met: false,
    witnesses: [
      { ...common, name: 'a"\n', vkey: 'v+1', cosigned: TIME, lastSuccess: TIME, alarm: undefined },
      { ...common, name: 'b', vkey: 'v+2', cosigned: undefined, lastSuccess: undefined, alarm: 'it says' },
      {
        ...common,
        name: 'c',
        vkey: 'v+3',
        asked: false,
        cosigned: undefined,
        lastSuccess: undefined,
        alarm: undefined,
      },
    ],
  };
  const { witnessing } = await jsonOf<{ witnessing: unknown }>(await get('/v1/log'));
  t.same(witnessing, {
    quorum: 'g',
    met: false,
    witnesses: [
      { name: 'a"\n', vkey: 'v+1', cosigned: TIME, behind: 2, alarm: null },
      { name: 'b', vkey: 'v+2', cosigned: null, behind: 2, alarm: 'it says' },
      { name: 'c', vkey: 'v+3', cosigned: null, behind: 2, alarm: null },
    ],
  });
  const text = await (await get('/metrics')).text();
  for (const line of [
    'tallystick_witness_quorum_met 0',
    'tallystick_witness_cosignatures_total{witness="b"} 3',
    'tallystick_witness_failures_total{witness="b"} 1',
    'tallystick_witness_alarm{witness="b"} 1',
    'tallystick_witness_behind_entries{witness="a\\"\\n"} 2',
    `tallystick_witness_last_success_timestamp_seconds{witness="a\\"\\n"} ${TIME}`,
  ])
    t.ok(text.split('\n').includes(line), line);
  t.notMatch(text, /witness="c"/, 'one that is never asked has no series');
});

t.test('SCRAPI: what is refused, and how it is said', async (t) => {
  const { log, post, get, url } = await serve(t, 5, {
    limits: { bodyBytes: 70_000, batchBytes: 200_000 },
  });
  const body = await statement(1);
  const json = { accept: 'application/problem+json' };
  for (const type of ['text/plain', 'application/json', 'application/cbor', 'nonsense', '']) {
    const headers = type === '' ? {} : { 'content-type': type };
    const response = await fetch(`${url}/entries`, { method: 'POST', body, headers });
    await problem(t, response, 415, 'unsupported-media-type');
  }
  await problem(t, await post(new Uint8Array(0)), 400, 'malformed-cbor');
  await problem(t, await post(body, { 'content-encoding': 'gzip' }), 415, 'unsupported-media-type');
  await problem(t, await post(body, { accept: 'application/cbor' }), 406, 'not-acceptable');
  const { size } = log.reader.head();
  const onlyJson = { accept: 'application/json' };
  await jsonProblem(t, await post(body, onlyJson), 406, 'not-acceptable');
  await jsonProblem(t, await post(Uint8Array.of(0xff), onlyJson), 400, 'malformed-cbor');
  await jsonProblem(t, await post(new Uint8Array(0), onlyJson), 400, 'malformed-cbor');
  const sequence = { 'content-type': SEQUENCE, ...onlyJson };
  await jsonProblem(t, await post(body, sequence), 406, 'not-acceptable');
  await jsonProblem(t, await post(Uint8Array.of(0xff), sequence), 400, 'malformed-cbor');
  t.equal(log.reader.head().size, size, 'nothing was logged');
  await problem(t, await post(new Uint8Array(70_001)), 413, 'too-large');
  await jsonProblem(
    t,
    await post(new Uint8Array(200_001), { 'content-type': SEQUENCE, ...json }),
    413,
    'too-large',
  );
  t.equal((await post(new Uint8Array(100).fill(0xff))).status, 400);
  await jsonProblem(t, await get('/entries/zz', json), 400, 'bad-locator');
  for (const accept of [
    'application/cose, */*;q=0.1',
    '*/*',
    'application/*',
    'junk',
    'application/cose;q=0.5, text/html',
  ]) {
    t.equal((await post(body, { accept })).status, 201, accept);
  }

  const failures: [Error, number, RefusalCode | 'internal', string, boolean][] = [
    [refuse('overloaded', 'the queue is full'), 503, 'overloaded', 'Overloaded', true],
    [refuse('shutting-down', 'going'), 503, 'shutting-down', 'Shutting Down', true],
    [refuse('store-failed', 'disk full'), 503, 'store-failed', 'Store Failed', true],
    [new TypeError('secret: /var/lib/log.db'), 500, 'internal', 'Internal Error', false],
    [refuse('corrupt-store', 'secret: tile 7'), 500, 'internal', 'Internal Error', false],
  ];
  for (const [failure, status, code, title, again] of failures) {
    log.failure = failure;
    const response = await post(body);
    const said = await problem(t, response, status, code);
    t.equal(said.title, title);
    t.equal(response.headers.has('retry-after'), again);
    if (code === 'internal') t.notMatch(said.detail, /secret/, 'nothing leaks');
  }
});

t.test('CBOR sequences: one result each', async (t) => {
  const { log, post } = await serve(t, 5, { limits: { batchStatements: 8 } });
  const batch = { 'content-type': SEQUENCE };
  const good = [await statement(910), await statement(911)] as const;
  // Well-formed, but with an indefinite length, which the log refuses alone.
  const loose = Uint8Array.of(0x9f, 0x01, 0xff);
  const response = await post(Buffer.concat([good[0], loose, good[1], good[0]]), batch);
  t.equal(response.status, 200);
  t.equal(response.headers.get('content-type'), SEQUENCE);
  const bytes = await bytesOf(response);
  const results: CborMap[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = skipCbor(bytes, at);
    results.push(mapOf(bytes.subarray(at, end)));
    at = end;
  }
  t.same(
    results.map((one) => one.get('status')),
    [201, 400, 201, 201],
  );
  t.same(
    results.map((one) => one.get('index')),
    [5, undefined, 6, 5],
  );
  t.type(results[1]?.get('code'), 'string');
  t.same([results[1]?.get(-1), typeof results[1]?.get(-2)], ['Malformed request', 'string']);
  for (const [i, body] of [good[0], undefined, good[1], good[0]].entries()) {
    const [result, receipt] = [results[i], results[i]?.get('receipt')];
    if (body === undefined) continue;
    const entry = entryBytes(decodeStatement(body).sign1);
    t.same(result?.get('entry'), new Uint8Array(createHash('sha256').update(entry).digest()));
    t.ok(receipt instanceof Uint8Array && verifyReceipt(decodeReceipt(receipt), entry, RECEIPTS));
  }

  log.waiting = true;
  const waiting = mapOf(await bytesOf(await post(await statement(912), batch)));
  t.equal(waiting.get('status'), 202);
  t.notOk(waiting.has('receipt'));

  const before = log.stored.length;
  await problem(t, await post(new Uint8Array(0), batch), 400, 'bad-request');
  await problem(
    t,
    await post(Buffer.concat(Array.from({ length: 9 }, () => good[0])), batch),
    413,
    'too-large',
  );
  const cut = Buffer.concat([await statement(913), good[1].subarray(0, 50)]);
  const { detail } = await problem(t, await post(cut, batch), 400, 'malformed-cbor');
  t.match(detail, /item 1 .*nothing of the batch was logged/);
  await problem(t, await post(Uint8Array.of(1), { ...batch, accept: COSE }), 406, 'not-acceptable');
  t.equal(log.stored.length, before);
});

t.test('tiles', async (t) => {
  const { log, get, url } = await serve(t, SIZE, { baseUrl: BASE });
  const checkpoint = await get('/checkpoint');
  t.equal(checkpoint.headers.get('content-type'), 'text/plain; charset=utf-8');
  t.match(checkpoint.headers.get('cache-control'), /max-age=[1-5]$/);
  const etag = checkpoint.headers.get('etag') ?? '';
  const key = noteVerifier(ORIGIN, 1, checkpointSigner.publicKey);
  const note = await bytesOf(checkpoint);
  t.equal(openCheckpoint(note, { logKeys: [key] }).checkpoint.size, SIZE);
  const unchanged = await get('/checkpoint', { 'if-none-match': `"other", ${etag}` });
  t.equal(unchanged.status, 304);
  t.equal(unchanged.headers.get('etag'), etag);

  const tile = async (path: string): Promise<Uint8Array> => {
    const response = await get(path);
    t.equal(response.status, 200, path);
    t.equal(response.headers.get('content-type'), 'application/octet-stream');
    t.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    t.equal(response.headers.get('x-content-type-options'), 'nosniff');
    t.equal(response.headers.get('access-control-allow-origin'), '*');
    return bytesOf(response);
  };
  const full = await tile('/tile/0/000');
  const leaves = Buffer.concat(log.stored.map((entry) => hashLeaf(entry.bytes)));
  t.same(Buffer.from(full), leaves.subarray(0, 8192));
  t.same(await tile('/tile/0/000.p/7'), full.subarray(0, 7 * 32), 'a partial one of a full one');
  t.same(Buffer.from(await tile('/tile/0/001.p/2')), leaves.subarray(8192));
  t.equal((await tile('/tile/1/000.p/1')).length, 32);
  t.same(
    decodeBundle(await tile('/tile/entries/001.p/2'), 2),
    log.stored.slice(256).map((entry) => entry.bytes),
  );
  t.equal(decodeBundle(await tile('/tile/entries/000')).length, 256);

  const absent = [
    '/tile/0/001',
    '/tile/0/001.p/3',
    '/tile/0/002.p/1',
    '/tile/1/000',
    '/tile/2/000.p/1',
    '/tile/0/x001/000',
  ];
  for (const path of [...absent, '/tile/entries/001', '/tile/entries/x999/x999/999']) {
    await jsonProblem(t, await get(path), 404, 'not-found');
  }
  const malformed = [
    '0',
    '0/0',
    '00/000',
    '64/000',
    '0/000.p/0',
    '0/000.p/256',
    '0/000.p/07',
    '-1/000',
    '0/x000/000',
    'entries/',
  ];
  for (const path of [...malformed, '0/001%2ep/2', '0%2F000', '0/000/', '0/000.p/']) {
    await jsonProblem(t, await get(`/tile/${path}`), 400, 'malformed-tile');
  }
  // As bytes on the wire: fetch would tidy the dots away.
  const { request } = await import('node:http');
  for (const path of [
    '/tile/../../etc/passwd',
    '/tile/%2e%2e/%2e%2e/etc/passwd',
    '/../etc/passwd',
    '/docs/static/..%2f..%2fpackage.json',
  ]) {
    const status = await new Promise((resolve, reject) => {
      request(url, { path }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    t.ok([400, 403, 404].includes(Number(status)), `${path}: ${String(status)}`);
  }
});

t.test('audit: proofs, entries, search', async (t) => {
  const { log, get } = await serve(t, SIZE, { baseUrl: BASE });
  const json = async <T = unknown>(path: string): Promise<T> => {
    const response = await get(path);
    t.equal(response.status, 200, path);
    t.equal(response.headers.get('content-type'), 'application/json; charset=utf-8');
    t.equal(response.headers.get('access-control-allow-origin'), '*');
    return jsonOf<T>(response);
  };
  const root = (await log.reader.root(treeSize(SIZE))).toHex();
  const info = await json('/v1/log');
  t.match(info, {
    software: 'tallystick',
    version: '1.2.3',
    origin: ORIGIN,
    vkeys: log.info.vkeys,
    open: true,
  });
  t.match(info, {
    size: SIZE,
    root,
    time: TIME,
    witnessed: false,
    urls: { checkpoint: `${BASE}/checkpoint` },
  });
  t.match(await json('/v1/checkpoint'), { size: SIZE, root, note: new RegExp(`^${ORIGIN}\n${SIZE}\n`) });

  const third = at(log, 3);
  const leaf = hashLeaf(third.bytes);
  for (const name of ['index=3', `entry=${third.id}`, `leaf=${leaf.toHex()}`]) {
    for (const size of [SIZE, 5]) {
      const { index, root, path, ...rest } = await json<Proof>(
        `/v1/inclusion?${name}${size === SIZE ? '' : `&size=${size}`}`,
      );
      t.same([index, rest.size], [3, size]);
      const hashes = path.map((hash) => digest(parseHex(hash)));
      verifyInclusion(leafIndex(index), treeSize(size), leaf, hashes, digest(parseHex(root)));
    }
  }
  for (const [query, status, code] of [
    ['', 400, 'bad-request'],
    ['index=3&leaf=' + leaf.toHex(), 400, 'bad-request'],
    ['index=258', 400, 'bad-request'],
    ['index=3&size=3', 400, 'bad-request'],
    ['index=3&size=259', 404, 'beyond-head'],
    ['index=03', 400, 'bad-request'],
    ['index=-1', 400, 'bad-request'],
    ['index=1e2', 400, 'bad-request'],
    ['index=9007199254740992', 400, 'malformed-text'],
    ['index=1&index=2', 400, 'bad-request'],
    ['index=1&siez=5', 400, 'bad-request'],
    [`entry=${third.id.toUpperCase()}`, 400, 'bad-request'],
    [`entry=${'0'.repeat(64)}`, 404, 'not-found'],
    [`leaf=${'0'.repeat(64)}`, 404, 'not-found'],
  ] as const) {
    await jsonProblem(t, await get(`/v1/inclusion?${query}`), status, code);
  }

  const grown = await json<Growth>('/v1/consistency?from=5');
  const hashes = grown.path.map((hash) => digest(parseHex(hash)));
  const roots = [digest(parseHex(grown.fromRoot)), digest(parseHex(grown.toRoot))] as const;
  verifyConsistency(treeSize(5), treeSize(SIZE), hashes, ...roots);
  for (const query of ['from=0', 'from=9&to=8', 'to=8', 'from=']) {
    await jsonProblem(t, await get(`/v1/consistency?${query}`), 400, 'bad-request');
  }
  await jsonProblem(t, await get('/v1/consistency?from=1&to=999'), 404, 'beyond-head');

  const range = await json<Page>('/v1/entries?start=1&end=300');
  t.equal(range.entries.length, 256);
  t.equal(range.next, 257);
  t.same(Uint8Array.fromBase64(range.entries[2]?.bytes ?? ''), third.bytes);
  t.match(await json('/v1/entries?start=257&end=300'), { entries: [{ index: 257 }], next: null });
  t.same(await json('/v1/entries?start=400&end=500'), { entries: [], next: null });
  await jsonProblem(t, await get('/v1/entries?start=5&end=4'), 400, 'bad-request');

  for (const key of ['3', third.id]) {
    const entry = await json<{ payload: string }>(`/v1/entries/${key}`);
    t.match(entry, { index: 3, id: third.id, subject: 'urn:example:3', algorithm: -19, leaf: leaf.toHex() });
    t.equal(atob(entry.payload), 'config 3');
  }
  for (const [key, status, code] of [
    ['258', 404, 'not-found'],
    ['03', 400, 'bad-locator'],
    ['x', 400, 'bad-locator'],
  ] as const) {
    await jsonProblem(t, await get(`/v1/entries/${key}`), status, code);
  }

  const newest = await json<Page>('/v1/search?limit=2');
  t.same(
    newest.entries.map((row) => row.index),
    [257, 256],
  );
  t.equal(newest.next, 256);
  t.equal((await json<Page>(`/v1/search?limit=1&before=${newest.next}`)).entries[0]?.index, 255);
  const one = await json<Page>(
    '/v1/search?subject=urn:example:7&issuer=https%3A%2F%2Fissuer.example&kind=other',
  );
  t.match(one, { entries: [{ index: 7, kid: log.stored[7]?.kid }], next: null });
  t.notOk('bytes' in (one.entries[0] ?? {}));
  for (const query of ['limit=0', 'limit=1001', 'kind=nothing', 'kid=zz', 'subject=', 'before=x']) {
    await jsonProblem(t, await get(`/v1/search?${query}`), 400, 'bad-request');
  }
});

t.test('downloads', async (t) => {
  const { log, get } = await serve(t, 7);
  const entry = at(log, 4);
  const file = async (what: string, type: string, name: string): Promise<Uint8Array> => {
    const response = await get(`/entries/${entry.id}/${what}`);
    t.equal(response.status, 200, what);
    t.equal(response.headers.get('content-type'), type);
    t.equal(response.headers.get('content-disposition'), `attachment; filename="${entry.id}${name}"`);
    return bytesOf(response);
  };
  t.same(await file('entry', COSE, '.cose'), entry.bytes);
  const transparent = detachReceipts(await file('statement', COSE, '.transparent.cose'));
  t.same(transparent.statement, entry.bytes);
  const [receipt = new Uint8Array(0)] = transparent.receipts;
  verifyReceipt(decodeReceipt(receipt), entry.bytes, RECEIPTS);
  const proof = parseTlogProof(await file('proof', 'text/plain; charset=utf-8', '.tlog-proof'));
  const key = noteVerifier(ORIGIN, 1, checkpointSigner.publicKey);
  const { checkpoint } = openCheckpoint(proof.checkpoint, { logKeys: [key] });
  verifyInclusion(proof.index, checkpoint.size, hashLeaf(entry.bytes), proof.path, checkpoint.root);
  for (const what of ['entry', 'statement', 'proof']) {
    await problem(t, await get(`/entries/${'0'.repeat(64)}/${what}`), 404, 'not-found');
    await problem(t, await get(`/entries/4/${what}`), 400, 'bad-locator');
  }
});
