/** The server around the routes: methods, limits, closing, TLS, Accept (src/http). */
import t from 'tap';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCbor, scanCbor, type CborValue } from '../../src/bytes/cbor.ts';
import { skipCbor } from '../../src/bytes/cbor-skip.ts';
import { Refusal } from '../../src/bytes/refusal.ts';
import { accepts, liking } from '../../src/web/accept.ts';
import { buildApp } from '../../src/http/app.ts';
import { FakeLog, statement } from '../support/fake-log.ts';
import { COSE, SEQUENCE, serve } from '../support/http-served.ts';

/** Sends bytes on a connection of their own and resolves with all that comes back before it is closed. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let reply = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (data) => (reply += data.toString()));
    socket.on('error', () => undefined).on('close', () => resolve(reply));
  });
}

t.test('methods: 405, HEAD, OPTIONS, unknown paths', async (t) => {
  const { url } = await serve(t, 3);
  const ask = (method: string, path: string, headers = {}) => fetch(url + path, { method, headers });
  for (const [method, path, allow] of [
    ['GET', '/entries', 'POST, OPTIONS'],
    ['PUT', '/entries', 'POST, OPTIONS'],
    ['POST', '/checkpoint', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/tile/0/000.p/3', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/v1/log', 'GET, HEAD, OPTIONS'],
    ['POST', '/docs/', 'GET, HEAD, OPTIONS'],
  ] as const) {
    const response = await ask(method, path);
    t.equal(response.status, 405, `${method} ${path}`);
    t.equal(response.headers.get('allow'), allow);
    t.match(response.headers.get('content-type'), /problem/);
    await response.arrayBuffer();
  }
  const unread = await fetch(`${url}/checkpoint`, {
    method: 'POST',
    body: 'x',
    headers: { 'content-type': 'a/b' },
  });
  t.equal(unread.status, 405, 'whatever the body');

  for (const path of [
    '/checkpoint',
    '/tile/0/000.p/3',
    '/v1/log',
    '/.well-known/scitt-keys',
    '/metrics',
    '/',
  ]) {
    const [head, get] = [await ask('HEAD', path), await ask('GET', path)];
    t.equal(head.status, 200, path);
    t.equal(head.headers.get('content-type'), get.headers.get('content-type'));
    if (path !== '/metrics') t.equal(head.headers.get('content-length'), get.headers.get('content-length'));
    t.equal((await head.arrayBuffer()).byteLength, 0);
    await get.arrayBuffer();
  }

  const preflight = { origin: 'https://x.example', 'access-control-request-method': 'GET' };
  const read = await ask('OPTIONS', '/v1/log', preflight);
  t.equal(read.status, 204);
  t.match(Object.fromEntries(read.headers), {
    allow: 'GET, HEAD, OPTIONS',
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, HEAD',
  });
  const write = await ask('OPTIONS', '/entries', preflight);
  t.equal(write.status, 204);
  t.equal(
    write.headers.get('access-control-allow-origin'),
    null,
    'no submissions from scripts of other origins',
  );
  const exposed = (await ask('GET', '/checkpoint')).headers.get('access-control-expose-headers');
  t.match(exposed, /etag, location/);

  for (const [path, type] of [
    ['/nothing', 'application/problem+json'],
    ['/entries/a/b/c', 'application/concise-problem-details+cbor'],
    ['/.well-known/other', 'application/concise-problem-details+cbor'],
    ['/Checkpoint', 'application/problem+json'],
    ['/checkpoint/', 'application/problem+json'],
  ] as const) {
    const response = await ask('GET', path);
    t.equal(response.status, 404, path);
    t.equal(response.headers.get('content-type'), type);
    t.equal(response.headers.get('x-content-type-options'), 'nosniff');
    t.match(response.headers.get('x-request-id'), /^[0-9a-f]{8}-[0-9a-z]+$/);
  }
  const asked = await ask('GET', '/nothing', { accept: 'application/cbor' });
  t.equal(asked.headers.get('content-type'), 'application/concise-problem-details+cbor');
});

const from = (client: string) => ({ 'x-forwarded-for': client });

t.test('rates are limited per client, reads and writes apart', async (t) => {
  const limits = { writesPerWindow: 2, readsPerWindow: 3, rateWindowMs: 60_000 };
  const { url } = await serve(t, 3, { limits, trustProxy: true });
  const post = async (client: string) =>
    fetch(`${url}/entries`, {
      method: 'POST',
      body: await statement(1),
      headers: { 'content-type': COSE, accept: `${COSE}, application/json`, ...from(client) },
    });
  for (const status of [201, 201, 429, 429]) t.equal((await post('192.0.2.1')).status, status);
  const over = await post('192.0.2.1');
  t.match(over.headers.get('retry-after'), /^[1-9]\d*$/);
  t.match(await over.json(), {
    code: 'rate-limited',
    title: 'Too Many Requests',
    detail: 'Only 2 requests per 60 seconds are allowed.',
  });
  t.equal((await post('192.0.2.2')).status, 201, 'another client');
  for (const last of [1, 2]) t.equal((await post(`2001:db8::${last}`)).status, 201);
  t.equal((await post('2001:db8::3')).status, 429, 'one IPv6 network is one client');

  const batch = async (): Promise<number> => {
    const headers = { 'content-type': SEQUENCE, ...from('192.0.2.9') };
    return (await fetch(`${url}/entries`, { method: 'POST', body: await statement(1), headers })).status;
  };
  t.same([await batch(), await batch(), await batch()], [200, 200, 429], 'a batch is one submission');

  const paths = ['/v1/log', '/v1/search', '/.well-known/scitt-keys', '/v1/log'];
  const statuses = [];
  for (const path of paths) statuses.push((await fetch(url + path, { headers: from('192.0.2.1') })).status);
  t.same(statuses, [200, 200, 200, 429], 'all reads together');
  for (const path of ['/checkpoint', '/tile/0/000.p/3', '/livez', '/readyz', '/metrics']) {
    t.equal((await fetch(url + path, { headers: from('192.0.2.1') })).status, 200, path);
  }

  const plain = await serve(t, 3, { limits });
  const got = [];
  for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']) {
    got.push((await fetch(`${plain.url}/v1/log`, { headers: from(client) })).status);
  }
  t.same(got, [200, 200, 200, 429], 'X-Forwarded-For is believed only when told so');
});

t.test('limits on bytes and time', async (t) => {
  const limits = {
    urlBytes: 300,
    headerBytes: 2_048,
    headersMs: 150,
    requestMs: 200,
    checkEveryMs: 20,
    batchesAtOnce: 1,
  };
  const { log, url, port } = await serve(t, 3, { limits, baseUrl: 'https://log.example' });
  const long = await fetch(`${url}/v1/search?subject=${'x'.repeat(300)}`);
  t.equal(long.status, 414);
  t.match(await long.json(), { code: 'uri-too-long' });
  t.match(await (await fetch(`${url}/entries/${'x'.repeat(301)}`)).text(), /uri-too-long/);
  const coded = await fetch(`${url}/entries/%E0%A4%A`);
  t.equal(coded.status, 400);
  t.equal(coded.headers.get('x-content-type-options'), 'nosniff');

  const head = 'POST /entries HTTP/1.1\r\nHost: x\r\nContent-Type: application/cose\r\n';
  for (const [text, status, code] of [
    [`GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(4_000)}\r\n\r\n`, 431, 'headers-too-large'],
    ['nonsense\r\n\r\n', 400, 'bad-request'],
    ['GET / HTTP/1.1\r\nHost: x\r\nX-Slow', 408, 'request-timeout'],
    [`${head}Content-Length: 300\r\n\r\nslow`, 408, 'request-timeout'],
    [`${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400, 'bad-request'],
    [`${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400, 'bad-request'],
    ['GET / HTTP/1.1\r\n\r\n', 400, ''],
  ] as const) {
    const reply = await raw(port, text);
    t.match(reply, new RegExp(`^HTTP/1.1 ${status} `), `${status} ${code}`);
    t.ok(reply.includes(code));
  }
  const chunked = `${head}Transfer-Encoding: chunked\r\nConnection: close\r\nAccept: application/cose, application/json\r\n\r\n`;
  t.match(await raw(port, `${chunked}40000\r\n${'x'.repeat(0x20001)}`), /^HTTP\/1.1 413 .*"too-large"/s);

  // A client that leaves in the middle of its body takes nothing with it.
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`${head}Content-Length: 300\r\n\r\nsome`, () => socket.destroy());
    });
    socket.on('close', () => resolve());
  });

  // A batch holds its place until it is answered.
  const { promise, resolve } = Promise.withResolvers<void>();
  log.gate = promise;
  const batch = async () =>
    fetch(`${url}/entries`, {
      method: 'POST',
      body: await statement(1),
      headers: { 'content-type': SEQUENCE, accept: `${SEQUENCE}, application/json` },
    });
  const [first, second] = [batch(), batch()];
  const refused = await Promise.race([first, second]);
  t.equal(refused.status, 503);
  t.match(refused.headers.get('retry-after'), /^\d+$/);
  t.match(await refused.json(), { code: 'overloaded' });
  resolve();
  const statuses = await Promise.all([first, second].map(async (one) => (await one).status));
  t.same(new Set(statuses), new Set([200, 503]));
  const after = await batch();
  t.equal(after.status, 200, 'and gives it back');
  t.equal((await fetch(`${url}/livez`)).status, 200, 'all is well after that');
});

t.test('URLs without a base, closing, TLS', async (t) => {
  const { log, app, url, port } = await serve(t, 3);
  const post = async (n: number) =>
    fetch(`${url}/entries`, { method: 'POST', body: await statement(n), headers: { 'content-type': COSE } });
  t.match((await post(1)).headers.get('location'), new RegExp(`^${url}/entries/[0-9a-f]{64}$`));

  const { promise, resolve } = Promise.withResolvers<void>();
  log.gate = promise;
  const inHand = post(70);
  while (log.calls < 2) await new Promise(setImmediate);
  const closed = app.close();
  resolve();
  t.equal((await inHand).status, 201, 'what is in hand is answered');
  await closed;
  t.equal(await raw(port, 'GET / HTTP/1.1\r\n'), '', 'and nothing new is taken');

  const slow = await serve(t, 3, { limits: { drainMs: 20 } });
  const reader = connect(slow.port, '127.0.0.1').on('error', () => undefined);
  reader.write('GET /docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((started) => reader.once('readable', started));
  await slow.app.close();
  t.pass('a client that does not read does not keep it from closing');
  reader.destroy();

  const dir = mkdtempSync(join(tmpdir(), 'tallystick-tls-'));
  const [keyPath, certPath] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=localhost',
  ];
  try {
    execFileSync('openssl', [...args, '-keyout', keyPath, '-out', certPath, '-days', '2'], {
      stdio: 'ignore',
    });
  } catch {
    t.comment('openssl is not installed: TLS was not tried');
    return;
  }
  const tls = { key: readFileSync(keyPath), cert: readFileSync(certPath) };
  const secure = await buildApp(await FakeLog.of(2), { version: '1', tls });
  t.teardown(() => secure.close());
  await secure.listen({ port: 0, host: '127.0.0.1' });
  const { port: tlsPort } = secure.server.address() as AddressInfo;
  const status = await new Promise((done, fail) => {
    const options = {
      port: tlsPort,
      host: '127.0.0.1',
      path: '/v1/log',
      ca: tls.cert,
      servername: 'localhost',
    };
    httpsRequest(options, (response) => done(response.resume().statusCode))
      .on('error', fail)
      .end();
  });
  t.equal(status, 200);
});

t.test('Accept', async (t) => {
  t.ok(accepts(undefined, COSE));
  for (const [accept, taken] of [
    ['*/*', true],
    ['application/*', true],
    [COSE, true],
    ['APPLICATION/COSE', true],
    ['text/html, application/cose;q=0.001', true],
    ['text/html', false],
    ['application/cose;q=0', false],
    ['*/*, application/cose;q=0', false],
    ['application/*;q=0, */*', false],
    ['', true],
    ['junk', true],
    [';;;,,,', true],
    ['text/html;q=2', true],
    ['application/cose;q=0, junk', false],
  ] as const) {
    t.equal(accepts(accept, COSE), taken, accept);
  }
  t.ok(
    liking('application/json, */*', ['application/json']) >
      liking('application/json, */*', ['application/cbor']),
  );
  t.ok(
    liking('application/json;q=0.5, */*', ['application/json']) <
      liking('application/json;q=0.5, */*', ['application/cbor']),
  );
  fc.assert(fc.property(fc.string(), (text) => typeof accepts(text, COSE) === 'boolean'));
});

t.test('skipCbor', async (t) => {
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null), fc.uint8Array());
  const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    ),
  }));
  fc.assert(
    fc.property(value, fc.uint8Array(), (item, after) => {
      const bytes = encodeCbor(item);
      const all = Buffer.concat([bytes, after]);
      return skipCbor(all, 0) === bytes.length && scanCbor(bytes, 0) === bytes.length;
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        const end = skipCbor(bytes, 0);
        return end > 0 && end <= bytes.length;
      } catch (error) {
        return error instanceof Refusal && error.code === 'malformed-cbor';
      }
    }),
  );
  // RFC 8949 appendix A and F: what is well-formed, and what is not.
  for (const good of [
    'f97e00',
    'fb3ff199999999999a',
    'c11a514b67b0',
    '5f42010243030405ff',
    '7f657374726561646d696e67ff',
    '9f018202039f0405ffff',
    'bf61610161629f0203ffff',
    'f7',
    'f820',
    '80',
    'a0',
    'd818d81800',
  ]) {
    t.equal(skipCbor(Uint8Array.fromHex(good), 0), good.length / 2, good);
  }
  for (const bad of [
    '',
    '18',
    '1c',
    '5f',
    '5f4101',
    '5f6100ff',
    '5f5f4100ffff',
    'ff',
    '81ff',
    'bf00ff',
    'df00',
    '1f',
    'f800',
    'f81f',
    '9bffffffffffffffff00',
    'bbffffffffffffffff0000',
    '5bffffffffffffffff',
    'a1',
    'c0',
    '81'.repeat(33) + '00',
  ]) {
    t.throws(() => skipCbor(Uint8Array.fromHex(bad), 0), { code: 'malformed-cbor' }, bad);
  }
});
