/** What one client may take of a server: connections, bytes that are read and sent, turns. */
import type { FastifyInstance } from 'fastify';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Test } from 'tap';
import t from 'tap';
import { clientOf } from '../../src/web/clients.ts';
import { proxies } from '../../src/web/connections.ts';
import { Flight } from '../../src/web/flight.ts';
import { jsonOf, SEQUENCE, serve } from '../support/http-served.ts';
import { otherStatement } from '../support/world.ts';

t.test('who is one client', async (t) => {
  for (const [address, client] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['not an address', 'not an address'],
  ] as const)
    t.equal(clientOf(address), client, address);
});

t.test('who is a proxy', async (t) => {
  t.notOk(proxies(undefined)('127.0.0.1'));
  t.notOk(proxies(false)('127.0.0.1'));
  t.ok(proxies(true)('192.0.2.1'));
  t.ok(proxies((_address, hop) => hop === 0)('192.0.2.1'));
  t.ok(proxies('loopback')('::ffff:127.0.0.1'));
  t.notOk(proxies('loopback')('192.0.2.1'));
  t.ok(proxies(['192.0.2.7', 'loopback'])('192.0.2.7'));
});

/** A connection from one of the addresses of this machine. */
async function from(t: Test, address: string, port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: address });
  socket.on('error', () => undefined);
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** What comes back for a request; '' when the connection is closed instead. */
async function ask(socket: Socket, path = '/livez'): Promise<string> {
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const closed = once(socket, 'close').then(() => '');
  const answered = once(socket, 'data').then(([chunk]) => String(chunk).split('\r\n')[0] ?? '');
  return Promise.race([answered, closed]);
}

/** Resolves when the server has begun so many requests more. */
function requests(app: FastifyInstance, count: number): Promise<void> {
  let seen = 0;
  return new Promise((resolve) => {
    app.server.on('request', () => {
      if (++seen === count) resolve();
    });
  });
}

const OK = 'HTTP/1.1 200 OK';

t.test(
  'a client at its limit makes room with its oldest idle connection, and others are not touched',
  async (t) => {
    const { port } = await serve(t, 3, { limits: { connections: 64, connectionsOfOne: 4 } });
    const other = await from(t, '127.0.0.2', port);
    const mine: Socket[] = [];
    for (let i = 0; i < 4; i++) {
      const socket = await from(t, '127.0.0.1', port);
      t.equal(await ask(socket), OK);
      mine.push(socket);
    }
    t.equal(await ask(mine[0] ?? other), OK, 'the oldest is used again, and so is the youngest now');
    const gone = once(mine[1] ?? other, 'close');
    const fifth = await from(t, '127.0.0.1', port);
    t.equal(await ask(fifth), OK);
    await gone;
    t.notOk(mine[0]?.destroyed || mine[2]?.destroyed || mine[3]?.destroyed, 'one made room');
    t.equal(await ask(other), OK);
  },
);

t.test('where all connections of a client are at work, its next is closed', async (t) => {
  const { port, app } = await serve(t, 3, {
    limits: { connections: 64, connectionsOfOne: 3, publicationMs: 60_000 },
  });
  const begun = requests(app, 3);
  const busy = await Promise.all([1, 2, 3].map(() => from(t, '127.0.0.1', port)));
  // Headers that came, and a body that does not.
  for (const socket of busy)
    socket.write(
      'POST /entries HTTP/1.1\r\nHost: x\r\nContent-Type: application/cose\r\nContent-Length: 900\r\n\r\n',
    );
  await begun;
  const next = await from(t, '127.0.0.1', port);
  t.equal(await ask(next), '', 'closed, and nothing of its own was taken for it');
  t.notOk(busy.some(({ destroyed }) => destroyed));
  t.equal(await ask(await from(t, '127.0.0.3', port)), OK, 'another client is served');
});

t.test('an eighth stays free for clients that have none yet', async (t) => {
  const { port } = await serve(t, 3, { limits: { connections: 16, connectionsOfOne: 14 } });
  const many = await Promise.all(Array.from({ length: 14 }, () => from(t, '127.0.0.1', port)));
  t.equal(await ask(await from(t, '127.0.0.2', port)), OK);
  t.equal(await ask(await from(t, '127.0.0.3', port)), OK);
  t.ok(many.length);
});

t.test('a proxy is not limited', async (t) => {
  const { port } = await serve(t, 3, { limits: { connections: 64, connectionsOfOne: 2 }, trustProxy: true });
  const many = await Promise.all(Array.from({ length: 20 }, () => from(t, '127.0.0.1', port)));
  t.strictSame(new Set(await Promise.all(many.map((socket) => ask(socket)))), new Set([OK]));
});

t.test('a connection that sends many requests and reads nothing is closed', async (t) => {
  const { port } = await serve(t, 5);
  const polite = await from(t, '127.0.0.2', port);
  polite.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(10));
  let answers = '';
  while (answers.split(OK).length <= 10) answers += String((await once(polite, 'data'))[0]);
  const rude = await from(t, '127.0.0.1', port);
  const closed = once(rude, 'close');
  rude.pause();
  rude.write('GET /v1/entries?start=0&end=5 HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(400));
  rude.resume();
  await closed;
  t.equal(await ask(polite), OK, 'and others are served');
});

t.test('batches whose bodies do not come hold up no others', async (t) => {
  const { port, post, app } = await serve(t, 5, {
    limits: { batchesAtOnce: 2, batchBytes: 10_000, reading: 100_000, readingOfOne: 30_000 },
  });
  const begun = requests(app, 6);
  const slow = await Promise.all([2, 2, 3, 3, 4, 4].map((n) => from(t, `127.0.0.${n}`, port)));
  for (const socket of slow)
    socket.write(
      `POST /entries HTTP/1.1\r\nHost: x\r\nContent-Type: ${SEQUENCE}\r\nContent-Length: 9000\r\n\r\n`,
    );
  await begun;
  const statement = await otherStatement('a');
  const answer = await post(new Uint8Array(statement), { 'content-type': SEQUENCE });
  t.equal(answer.status, 200);
  const greedy = await from(t, '127.0.0.2', port);
  greedy.write(
    `POST /entries HTTP/1.1\r\nHost: x\r\nContent-Type: ${SEQUENCE}\r\nContent-Length: 9000\r\n\r\n`,
  );
  greedy.write(
    `POST /entries HTTP/1.1\r\nHost: x\r\nContent-Type: ${SEQUENCE}\r\nContent-Length: 9000\r\n\r\n`,
  );
  const fourth = await from(t, '127.0.0.2', port);
  fourth.write(
    `POST /entries HTTP/1.1\r\nHost: x\r\nContent-Type: ${SEQUENCE}\r\nContent-Length: 9000\r\n\r\n`,
  );
  const [chunk] = await once(fourth, 'data');
  t.match(String(chunk), /^HTTP\/1\.1 503/, 'who sends too much at once is asked to wait');
});

t.test('bytes under way are given back however a transfer ends', async (t) => {
  const flight = new Flight({ bytes: 100, bytesOfOne: 60 });
  const closers: (() => void)[] = [];
  const reply = {
    raw: { once: (_event: string, run: () => void) => closers.push(run), destroy: () => undefined },
  };
  const take = (ip: string, bytes: number) => flight.take({ ip } as never, reply as never, bytes);
  const first = take('192.0.2.1', 50);
  t.throws(() => take('192.0.2.1', 20), { code: 'overloaded' }, 'a client has its share');
  take('192.0.2.2', 50);
  t.throws(() => take('192.0.2.3', 1), { code: 'overloaded' }, 'and all of them have theirs');
  first();
  first();
  t.equal(flight.bytes, 50, 'given back once');
  take('192.0.2.1', 50);
  for (const close of closers) close();
  t.equal(flight.bytes, 0);
});

t.test('a page of entries is the same in pieces', async (t) => {
  const { get } = await serve(t, 300);
  type Page = { entries: { index: number }[]; next: number | null };
  const page = await jsonOf<Page>(await get('/v1/entries?start=0&end=300'));
  t.strictSame(
    page.entries.map(({ index }) => index),
    [...Array(256).keys()],
  );
  t.equal(page.next, 256);
  t.match(await jsonOf(await get('/v1/entries?start=256&end=1000')), { entries: { length: 44 }, next: null });
  t.strictSame(await jsonOf(await get('/v1/entries?start=300&end=301')), { entries: [], next: null });
  t.strictSame(await jsonOf(await get('/v1/entries?start=7&end=7')), { entries: [], next: null });
  t.equal((await get('/v1/entries?start=9&end=8')).status, 400);
  const head = await fetch(`${(await serve(t, 3)).url}/v1/entries?start=0&end=3`, { method: 'HEAD' });
  t.equal(head.status, 200);
});
