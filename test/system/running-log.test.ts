/** A log of the command line, on a socket: what it says of itself, proofs at once, and clients that break off. */
import { once } from 'node:events';
import { readFileSync, renameSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import t from 'tap';
import { digest, leafIndex, treeSize } from '#src/bytes/brand.ts';
import { concatBytes } from '#src/bytes/compare.ts';
import { parseHex } from '#src/bytes/text.ts';
import { encodePolicy } from '#src/statement/payload.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { hashLeaf } from '#src/tree/hash.ts';
import { verifyInclusion } from '#src/tree/verify.ts';
import { beginLog, keyIn, serveLog } from '../support/running-log.ts';
import { entryIdOf, ownStatement } from '../support/world.ts';

t.setTimeout(120_000);

t.test('/readyz warns of a policy that will lock everybody out, and the log stays ready', async (t) => {
  const { data, origin, log } = await beginLog(t, 'log.example/ending');
  const url = await serveLog(t, log);
  const ready = async (): Promise<unknown> => (await fetch(`${url}/readyz`)).json();
  t.strictSame(await ready(), { ready: true, reasons: [] }, 'nothing to warn of');
  const genesis = readFileSync(join(data, 'genesis.cose'));
  const parsed = parseStatement(genesis);
  if (parsed.kind !== 'policy') throw new Error('a log begins with its policy');
  const { document } = parsed.policy;
  const notAfter = Math.floor(Date.now() / 1000) + 5 * 86_400;
  const ending = {
    ...document,
    replaces: digest(parseHex(entryIdOf(genesis))),
    keys: document.keys.map((key) => ({ ...key, notAfter })),
  };
  const policy = await ownStatement(
    'policy',
    origin,
    encodePolicy(ending),
    keyIn(join(data, 'keys', 'admin.pem')),
    {
      log: origin,
    },
  );
  const [outcome] = await log.submit([policy]);
  t.match(outcome, { kind: 'logged', index: 1 }, JSON.stringify(outcome));
  t.match(await ready(), {
    ready: true,
    reasons: [],
    warnings: [/^the last admin key ends in [45] days: enrol/],
  });
  t.match(await (await fetch(`${url}/metrics`)).text(), /^tallystick_ready 1$/m);
});

t.test('an entry has a proof as soon as its submission is answered', async (t) => {
  const { log, statement } = await beginLog(t, 'log.example/proofs');
  const url = await serveLog(t, log);
  const submit = async (n: number): Promise<void> => {
    const entry = await statement(`entry ${n}`, `subject/${n % 3}`);
    const answer = await fetch(`${url}/entries`, {
      method: 'POST',
      headers: { 'content-type': 'application/cose' },
      body: entry,
    });
    t.equal(answer.status, 201);
    for (const query of [`entry=${entryIdOf(entry)}`, `leaf=${hashLeaf(entry).toHex()}`]) {
      const asked = await fetch(`${url}/v1/inclusion?${query}`);
      const proof = (await asked.json()) as { index: number; size: number; root: string; path: string[] };
      t.equal(asked.status, 200, `${query}: ${JSON.stringify(proof)}`);
      const path = proof.path.map((hash) => digest(parseHex(hash)));
      const [index, size] = [leafIndex(proof.index), treeSize(proof.size)];
      verifyInclusion(index, size, hashLeaf(entry), path, digest(parseHex(proof.root)));
    }
  };
  for (let n = 0; n < 10; n++) await submit(n);
  await Promise.all(Array.from({ length: 50 }, (_, n) => submit(10 + n)));
});

/** Lines of at least this level are faults of ours (pino: error). */
const ERROR = 50;

t.test('pipelined, cut and half-closed requests are no faults of the log', async (t) => {
  const lines: { readonly level: number }[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      for (const line of String(chunk).trim().split('\n')) lines.push(JSON.parse(line));
      done();
    },
  });
  const { log, statement } = await beginLog(t, 'log.example/broken-off');
  const url = await serveLog(t, log, { log: pino({ level: 'debug' }, sink) });
  const port = Number(new URL(url).port);
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: log.example\r\n\r\n`;
  const head = (length: number): string =>
    `POST /entries HTTP/1.1\r\nhost: log.example\r\ncontent-type: application/cose\r\ncontent-length: ${length}\r\n\r\n`;
  const [one, two] = [await statement('one'), await statement('two')];
  const post = (entry: Uint8Array): Buffer => Buffer.concat([Buffer.from(head(entry.length)), entry]);
  // The log takes 32 of one connection at once.
  const many = (path: string, count = 14): Buffer => Buffer.from(get(path).repeat(count));

  /** Sends bytes, then closes one half or the whole; the bytes that came back. */
  const send = async (bytes: Uint8Array, end: 'half' | 'reset' | 'whole' | 'answered'): Promise<string> => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    await once(socket, 'connect');
    await new Promise<unknown>((resolve) => socket.write(bytes, resolve));
    if (end === 'answered') {
      while ((answer.match(/HTTP\/1\.1 /g) ?? []).length < 30) await once(socket, 'data');
      socket.end();
    } else if (end === 'half') {
      socket.end();
    } else if (end === 'reset') socket.resetAndDestroy();
    else socket.destroy();
    await closed;
    return answer;
  };
  const pipelined = concatBytes(many('/v1/log'), post(one), many('/checkpoint'), post(two));
  const answers = await send(pipelined, 'answered');
  t.equal(answers.match(/HTTP\/1\.1 200 /g)?.length, 28, 'each pipelined read is answered');
  t.equal(answers.match(/HTTP\/1\.1 201 /g)?.length, 2, 'and each submission');

  const cuts: readonly Uint8Array[] = [
    pipelined,
    concatBytes(pipelined, pipelined),
    Buffer.from(get('/checkpoint').slice(0, 20)),
    Buffer.from(head(500)),
    post(one).subarray(0, -5),
    concatBytes(post(await statement('three')), Buffer.from('GET /chec')),
    concatBytes(many('/v1/search?kind=other'), Buffer.from('no HTTP at all\r\n\r\n')),
    concatBytes(many('/tile/entries/000.p/1'), post(await statement('four'))),
    Buffer.from('POST /entries HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'),
    Buffer.from('\x16\x03\x01\x02\x00\x01'),
    Buffer.alloc(0),
  ];
  for (const cut of cuts) for (const end of ['half', 'reset', 'whole'] as const) await send(cut, end);
  // The log still answers, and the lines of what was cut have come by then, since they are written in order.
  for (let n = 0; n < 5; n++) t.equal((await fetch(`${url}/livez`)).status, 200);
  t.strictSame(
    lines.filter(({ level }) => level >= ERROR),
    [],
    'no line of ours says error',
  );
  t.ok(lines.length > 40, `${lines.length} lines were looked at`);
});

t.test('/readyz says that the file of the store is gone, before anything is submitted', async (t) => {
  const { data, log } = await beginLog(t, 'log.example/gone');
  const url = await serveLog(t, log);
  const ready = async (): Promise<readonly [number, string]> => {
    const reply = await fetch(`${url}/readyz`);
    return [reply.status, await reply.text()];
  };
  const path = join(data, 'log.db');
  t.match(await ready(), [200, /"ready":true/]);
  renameSync(path, `${path}.aside`);
  const [status, text] = await ready();
  t.equal(status, 503);
  t.match(text, /the file of the store was moved, replaced or deleted/);
  t.notMatch(text, data, 'no path of this machine');
  renameSync(`${path}.aside`, path);
  t.match(await ready(), [200, /"ready":true/], 'and it is ready again');
});
