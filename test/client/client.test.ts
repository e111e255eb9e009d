/** The client against a real server that behaves, and one that does not. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { digest, leafIndex, treeSize } from '#src/bytes/brand.ts';
import { encodeCbor, type CborValue } from '#src/bytes/cbor.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { PROBLEM_URI } from '#src/bytes/refusal.ts';
import { encodeUtf8, parseHex } from '#src/bytes/text.ts';
import { splitSequence, submitBatch } from '#src/client/batch.ts';
import { entryIdOf, fetchReceipt, submitStatement } from '#src/client/scrapi.ts';
import { findNewest } from '#src/client/search.ts';
import { TileReader } from '#src/client/tiles.ts';
import { exchange, type Transport } from '#src/client/transport.ts';
import { LogView } from '#src/client/view.ts';
import { signStatement } from '#src/cose/statement.ts';
import { signCheckpoint } from '#src/note/checkpoint.ts';
import { verifierOf, type NoteSigner } from '#src/note/key.ts';
import { parseTlogProof, verifyTlogProof } from '#src/note/tlogproof.ts';
import { policyOfLogs, type TrustPolicy } from '#src/note/trust.ts';
import { encodeBundle } from '#src/tree/bundle.ts';
import { hashLeaf, nobleHasher } from '#src/tree/hash.ts';
import { emptyEdge, grow } from '#src/tree/grow.ts';
import { bundlePath, tilePath } from '#src/tree/tile.ts';
import { seedSigner } from '../support/seed-signer.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** A server on a free port; `asked` counts requests. */
async function serve(t: Test, handler: Handler): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handler(request, response, Buffer.concat(chunks)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, asked: () => asked };
}

/** A world in which waiting takes no time and is written down. */
function world(over: Partial<Transport> = {}): Transport & { readonly slept: number[] } {
  const slept: number[] = [];
  const sleep = async (ms: number): Promise<void> => void slept.push(ms);
  return { fetch, now: () => Date.UTC(2026, 0, 1), random: () => 0.5, sleep, slept, ...over };
}

const signer = seedSigner('ed25519', new Uint8Array(32).fill(1));
const statement = (subject: string): Promise<Uint8Array> =>
  signStatement(
    { issuer: 'https://issuer.example', subject, contentType: 'text/plain' },
    encodeUtf8(subject),
    signer,
  );
const send = (response: ServerResponse, status: number, type?: string, body?: Uint8Array | string): void => {
  if (type !== undefined) response.setHeader('content-type', type);
  response.writeHead(status).end(body);
};

const status =
  (code: number, headers: Record<string, string> = {}, body?: Uint8Array | string) =>
  (r: ServerResponse) =>
    void r.writeHead(code, headers).end(body);
const problem = (code: string): CborValue =>
  new Map<string | number, CborValue>([
    [-1, 'Rejected'],
    [-2, 'wrong\u001b[2J key'],
    [PROBLEM_URI, new Map([['code', code]])],
  ]);
const logged = (status: number, more: [string, CborValue][] = []): Uint8Array =>
  encodeCbor(new Map([['status', status], ...more]));

t.test('one exchange is bounded in bytes, time and place', async (t) => {
  const elsewhere = await serve(t, (_, response) => send(response, 200, 'text/plain', 'elsewhere'));
  const { url, asked } = await serve(t, ({ url }, response) => {
    if (url === '/huge') {
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', more);
      return more();
    }
    if (url === '/silent') return;
    if (url === '/half') {
      response.write('half');
      return;
    }
    if (url === '/cut')
      return void response.writeHead(200, { 'content-length': '10' }).write('half', () => response.destroy());
    const places: Record<string, string> = {
      '/away': elsewhere.url,
      '/near': '/near/by',
      '/near/by': '/here',
      '/round': '/round',
      '/nowhere': 'http://[',
    };
    const place = places[url ?? ''];
    if (place !== undefined) return void response.writeHead(302, { location: place }).end();
    send(response, 200, 'text/plain', 'here');
  });
  const get = (path: string, over?: Partial<Transport>, method: 'GET' | 'POST' = 'GET') =>
    exchange(world(over), new URL(`${url}${path}`), { method, accept: 'text/plain', maxBytes: 1000 });
  t.same((await get('/here')).body, encodeUtf8('here'));
  t.same((await get('/near')).url.pathname, '/here', 'a redirect within the origin is followed');
  await t.rejects(get('/away'), { code: 'unavailable', message: /redirects to http/ });
  t.equal(elsewhere.asked(), 0, 'another origin is never asked');
  await t.rejects(get('/round'), { code: 'unavailable' });
  await t.rejects(get('/nowhere'), { code: 'unavailable', message: /redirects to nowhere/ });
  await t.rejects(get('/near', {}, 'POST'), { code: 'unavailable' }, 'a submission is not redirected');
  await t.rejects(get('/huge'), { code: 'too-large' });
  await t.rejects(get('/silent', { timeoutMs: 50 }), {
    code: 'unavailable',
    message: /did not answer in time/,
  });
  await t.rejects(get('/half', { timeoutMs: 200 }), {
    code: 'unavailable',
    message: /did not answer in time/,
  });
  await t.rejects(get('/cut'), { code: 'unavailable', message: /cannot be reached/ });
  const untrusted: typeof fetch = () =>
    Promise.reject(
      new TypeError('fetch failed', {
        cause: Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
      }),
    );
  await t.rejects(
    exchange({ fetch: untrusted, now: Date.now }, new URL('https://log.example/'), {
      accept: '*/*',
      maxBytes: 1,
    }),
    { code: 'unavailable', message: /certificate is not trusted here.*NODE_EXTRA_CA_CERTS/ },
  );
  const nobody = exchange(world(), new URL('http://127.0.0.1:1/'), { accept: '*/*', maxBytes: 1 });
  await t.rejects(nobody, { code: 'unavailable', message: /ECONNREFUSED|bad port/ });
  t.ok(asked() > 0);
});

/** Bytes in the form of a receipt (COSE_Sign1 without a payload), with a text for a signature. */
const receiptSaying = (text: string) =>
  concatBytes(parseHex('d28443a10127a0f6'), encodeCbor(encodeUtf8(text)));

t.test('submitting: at once, later, busy, refused', async (t) => {
  const ours = await statement('ours');
  const id = entryIdOf(ours);
  let answers: ((response: ServerResponse) => void)[] = [];
  const seen: string[] = [];
  const { url, asked } = await serve(t, ({ method, url, headers }, response, body) => {
    seen.push(`${method} ${url} ${headers['content-type'] ?? ''} ${body.length}`);
    (answers.length > 1 ? answers.shift() : answers[0])?.(response);
  });
  const receipt = receiptSaying('1, 2, 3');

  answers = [status(201, { location: `https://public.example/entries/${id}` }, receipt)];
  t.strictSame(await submitStatement(world(), url, ours), {
    id,
    entry: new Uint8Array(ours),
    location: `${url}/entries/${id}`,
    receipt,
  });
  t.strictSame(seen, [`POST /entries application/cose ${ours.length}`]);

  const patient = world();
  answers = [
    status(503, { 'retry-after': '2' }),
    status(429, { 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' }),
    status(503, { 'retry-after': 'soon' }),
    status(202, { location: '/entries/other-id', 'retry-after': '0' }),
    status(204),
    status(204),
    status(200, {}, receipt),
  ];
  const after = await submitStatement(patient, url, ours);
  t.equal(after.location, `${url}/entries/other-id`, 'a foreign log may name its entries otherwise');
  t.same(after.receipt, receipt);
  t.strictSame(
    patient.slept,
    [2000, 7000, 500, 50, 2000, 4000],
    'its own times, else back-off; never at once',
  );

  const prefers: (string | undefined)[] = [];
  let clock = Date.UTC(2026, 0, 1);
  let says: (path: string) => unknown = () => null;
  const holding = world({
    waitUntil: clock + 45_000,
    now: () => clock,
    fetch: async (input, init) => {
      const asked = input instanceof URL ? input.pathname : '';
      if (!asked.startsWith('/entries')) return Response.json(says(asked));
      prefers.push(new Headers(init?.headers).get('prefer') ?? undefined);
      if (prefers.length > 1) clock += 30_000;
      return fetch(input, init);
    },
  });
  answers = [status(503), status(202), status(200, {}, receipt)];
  t.same((await submitStatement(holding, url, ours)).receipt, receipt);
  t.strictSame(prefers, ['wait=30', 'wait=30', 'wait=15'], 'the log may hold its answer for so long in all');

  const quorum = { quorum: 'two', met: false, witnesses: [] };
  const late = { name: 'W\u001b2', behind: 1 };
  for (const [about, ready, code, message] of [
    [{ witnessing: quorum }, { reasons: ['no quorum: W2'] }, 'not-yet', /the log says: no quorum: W2/],
    [{ witnessing: { ...quorum, met: true } }, { reasons: ['full'] }, 'not-yet', /the log says: full/],
    [
      { witnessing: { ...quorum, met: true, witnesses: [late, { name: 'W1', behind: 0 }] } },
      {},
      'not-yet',
      /the quorum "two" waits for W\?2\)/,
    ],
    [{ witnessing: null }, { reasons: [] }, 'not-yet', /ask later for/],
    ['?', [], 'not-yet', /ask later for/],
  ] as const) {
    clock = Date.UTC(2026, 0, 1);
    prefers.length = 0;
    says = (path) => (path === '/readyz' ? ready : about);
    answers = [status(503), status(202), status(204)];
    await t.rejects(submitStatement(holding, url, ours), { code, message });
    t.strictSame(prefers, ['wait=30', 'wait=30', 'wait=15'], 'and is then asked no more');
  }

  answers = [status(204)];
  const before = asked();
  await t.rejects(fetchReceipt(world(), url, id), { code: 'not-yet' });
  t.ok(asked() - before <= 34, 'endless 204 comes to an end');
  answers = [status(204, { 'retry-after': '999999999' })];
  const impatient = world();
  await t.rejects(fetchReceipt(impatient, url, id), { code: 'not-yet' });
  t.strictSame(impatient.slept, [], 'nobody waits for thirty years');
  answers = [status(202, { 'retry-after': '3600' })];
  await t.rejects(submitStatement(world(), url, ours), { code: 'not-yet' });
  answers = [
    status(
      503,
      { 'content-type': 'application/problem+json' },
      JSON.stringify({ title: 'Overloaded', code: 'overloaded' }),
    ),
  ];
  await t.rejects(submitStatement(world(), url, ours), { code: 'overloaded', message: /Overloaded/ });

  const cbor = (value: CborValue) =>
    status(400, { 'content-type': 'application/concise-problem-details+cbor' }, encodeCbor(value));
  answers = [cbor(problem('unknown-key'))];
  await t.rejects(submitStatement(world(), url, ours), {
    code: 'unknown-key',
    message: /400: Rejected: wrong\?\[2J key/,
  });
  const odd: [(r: ServerResponse) => void, string][] = [
    [cbor(problem('no-code-of-ours')), 'bad-request'],
    [cbor(7), 'bad-request'],
    [
      status(400, { 'content-type': 'application/concise-problem-details+cbor' }, Uint8Array.of(0xff)),
      'bad-request',
    ],
    [status(400, { 'content-type': 'application/problem+json' }, '{'), 'bad-request'],
    [status(400, { 'content-type': 'application/json' }, '"x"'), 'unavailable'],
    [status(400, { 'content-type': 'text/html' }, '<h1>'), 'unavailable'],
    [status(403), 'unavailable'],
    [status(404), 'not-found'],
    [status(413), 'unavailable'],
    ...(
      ['inconsistent', 'quorum-unmet', 'usage', 'config-invalid', 'proof-failed', 'corrupt-store'] as const
    ).map((code): [(r: ServerResponse) => void, string] => [cbor(problem(code)), 'bad-request']),
    [status(500, { 'content-type': 'text/html' }, '<h1>'), 'unavailable'],
    [status(201, {}, Buffer.alloc(70_000)), 'too-large'],
  ];
  for (const [answer, code] of odd) {
    answers = [answer];
    await t.rejects(submitStatement(world(), url, ours), { code }, code);
  }
  await t.rejects(submitStatement(world(), url, Uint8Array.of(1)), { code: 'malformed-statement' });
});

t.test('many statements in one request', async (t) => {
  const statements = [await statement('a'), await statement('b'), await statement('c')];
  let answer: Uint8Array = new Uint8Array();
  const { url } = await serve(t, ({ method, url }, response, body) => {
    if (method === 'GET') return send(response, 200, 'application/cose', receiptSaying(url ?? ''));
    t.same(splitSequence(Uint8Array.from(body)), statements);
    send(response, 200, 'application/cbor-seq', answer);
  });
  const refused = encodeCbor(
    new Map<string | number, CborValue>([
      ['status', 400],
      ['code', 'wrong-role'],
      [-1, 'Rejected'],
      [-2, 'no'],
    ]),
  );
  answer = concatBytes(logged(201, [['receipt', Uint8Array.of(9)]]), refused, logged(202));
  const results = await submitBatch(world(), url, statements);
  t.match(results[0], {
    kind: 'logged',
    registration: { id: entryIdOf(statements[0] ?? answer), receipt: Uint8Array.of(9) },
  });
  t.match(results[1], { kind: 'refused', refusal: { code: 'wrong-role', message: 'Rejected: no' } });
  const id = entryIdOf(statements[2] ?? answer);
  t.match(
    results[2],
    { registration: { receipt: receiptSaying(`/entries/${id}`) } },
    'a receipt that comes later is fetched',
  );
  const bad = [
    concatBytes(refused, refused),
    new Uint8Array(),
    encodeCbor(1),
    Uint8Array.of(0xa1),
    refused.subarray(1),
  ];
  for (const bytes of bad) {
    answer = bytes;
    await t.rejects(submitBatch(world(), url, statements), {
      code: /unavailable|malformed-cbor|non-deterministic/,
    });
  }
});

/** A log of `count` entries as files, at every size asked for. */
async function makeLog(t: Test, count: number) {
  const origin = 'log.example/client';
  const keys: NoteSigner[] = [
    { name: origin, type: 1, signer: seedSigner('ed25519', new Uint8Array(32).fill(2)) },
  ];
  const entries = Array.from({ length: count }, (_, i) => encodeUtf8(`entry ${i}`));
  const files = new Map<string, Uint8Array>();
  const publish = async (
    size: number,
    alter: (entry: Uint8Array, i: number) => Uint8Array = (e) => e,
  ): Promise<Uint8Array> => {
    const kept = entries.slice(0, size).map(alter);
    const grown = grow(emptyEdge(), concatBytes(...kept.map(hashLeaf)), nobleHasher);
    for (const { level, index, width, hashes } of grown.tiles)
      files.set(`/${tilePath(level, index, width)}`, hashes);
    for (let i = 0; i * 256 < size; i++) {
      const bundle = kept.slice(i * 256, i * 256 + 256);
      files.set(`/${bundlePath(i, bundle.length)}`, encodeBundle(bundle));
    }
    const checkpoint = { origin, size: grown.size, root: grown.root, extensions: [] };
    const note = await signCheckpoint(checkpoint, keys, 0);
    files.set('/checkpoint', note);
    return note;
  };
  const { url } = await serve(t, ({ url }, response) => {
    const file = files.get(url ?? '');
    if (file === undefined) send(response, 404);
    else send(response, 200, 'application/octet-stream', file);
  });
  const policy = policyOfLogs(keys.map(verifierOf));
  return { url, files, entries, policy, publish, tiles: new TileReader(world(), `${url}/`) };
}

const newest = async (tiles: TileReader, policy: TrustPolicy): Promise<LogView> =>
  LogView.of(tiles, await tiles.checkpoint(), policy);

t.test('a view believes nothing that the checkpoint does not sign', async (t) => {
  const { tiles, files, entries, policy, publish } = await makeLog(t, 700);
  const early = LogView.of(tiles, await publish(3), policy);
  await publish(256);
  const middle = await newest(tiles, policy);
  await publish(700);
  const view = await newest(tiles, policy);
  t.equal(view.head.size, 700);
  for (const index of [0, 255, 256, 511, 512, 699]) {
    const entry = await view.entry(index);
    t.same(entry.bytes, entries[index]);
    const proof = parseTlogProof(entry.proof);
    t.equal(verifyTlogProof(proof, hashLeaf(entry.bytes), policy).checkpoint.size, 700);
  }
  await t.rejects(view.entry(700), { code: 'beyond-head' });
  await t.resolves(view.assertOneHistory(early.head));
  await t.resolves(view.assertOneHistory(middle.head));
  await t.resolves(early.assertOneHistory(view.head), 'whichever comes first');
  await t.resolves(view.assertOneHistory(view.head));
  const other = digest(new Uint8Array(32));
  for (const size of [0, 1, 3, 256, 700]) {
    await t.rejects(
      view.assertOneHistory({ size: treeSize(size), root: other }),
      { code: 'inconsistent' },
      `size ${size}`,
    );
  }
  await t.rejects(newest(tiles, policyOfLogs([])), { code: 'unknown-signer' });

  const partial = files.get('/tile/entries/002.p/188');
  const full = encodeBundle(Array.from({ length: 256 }, (_, i) => entries[512 + i] ?? encodeUtf8('later')));
  files.delete('/tile/entries/002.p/188');
  files.set('/tile/entries/002', full);
  t.same((await view.entry(699)).bytes, entries[699], 'a partial file may have given way to the full one');
  const lies: [string, Uint8Array, RegExp][] = [
    ['/tile/entries/002', encodeBundle([...entries.slice(512, 699), encodeUtf8('a lie')]), /proof-failed/],
    ['/tile/entries/002', encodeBundle(entries.slice(512, 600)), /malformed-tile/],
    ['/tile/entries/002', full.subarray(1), /malformed-tile/],
    ['/tile/entries/002', new Uint8Array(), /malformed-tile/],
    ['/tile/0/002.p/188', new Uint8Array(188 * 32), /proof-failed/],
    ['/tile/0/002.p/188', new Uint8Array(187 * 32), /malformed-tile/],
    ['/tile/0/002.p/188', new Uint8Array(9000), /too-large/],
  ];
  for (const [path, lie, code] of lies) {
    const truth = files.get(path) ?? new Uint8Array();
    files.set(path, lie);
    await t.rejects(view.entry(699), { code }, `${path} with ${lie.length} bytes`);
    files.set(path, truth);
  }
  if (partial !== undefined) files.set('/tile/entries/002.p/188', partial);

  // Tiles that do not fit the checkpoint prove nothing against the log.
  const tile = '/tile/0/000';
  const truth = files.get(tile) ?? new Uint8Array();
  files.set(tile, truth.with(5, 0).with(6, 0));
  await t.rejects(view.assertOneHistory(early.head), { code: 'proof-failed' });
  files.set(tile, truth);

  // A fork: the same log with one entry changed, everything else well signed.
  await publish(700, (entry, i) => (i === 1 ? encodeUtf8('forked') : entry));
  const forked = await newest(tiles, policy);
  await t.rejects(forked.assertOneHistory(early.head), { code: 'inconsistent', message: /two histories/ });
  await t.rejects(forked.assertOneHistory(view.head), { code: 'inconsistent' });
  t.equal((await forked.entry(0)).index, leafIndex(0));
});

t.test('searching is a hint, read with care', async (t) => {
  let page: unknown;
  const asked: string[] = [];
  const { url } = await serve(t, ({ url }, response) => {
    asked.push(url ?? '');
    send(response, 200, 'application/json', typeof page === 'string' ? page : JSON.stringify(page));
  });
  const find = () => findNewest(world(), url, { subject: 'a&b', kind: 'commitment' });
  const id = 'ab'.repeat(32);
  page = { entries: [{ index: 7, id, more: 1 }], next: 3 };
  t.strictSame(await find(), { index: 7, id });
  t.strictSame(asked, ['/v1/search?subject=a%26b&kind=commitment&limit=1']);
  page = { entries: [], next: null };
  t.equal(await find(), undefined);
  page = { entries: [], next: 5 };
  await t.rejects(find(), { code: 'unavailable' }, 'short pages without end');
  t.match(asked.at(-1), /before=5/);
  page = '{';
  await t.rejects(
    find(),
    { code: 'not-found', message: /something else than JSON/ },
    'a page in place of an answer',
  );
  for (const odd of [
    '7',
    'null',
    {},
    { entries: [{ index: -1, id }], next: null },
    { entries: [{ index: 1, id: 'x' }], next: null },
  ]) {
    page = odd;
    await t.rejects(find(), { code: 'unavailable' }, JSON.stringify(odd));
  }
});
