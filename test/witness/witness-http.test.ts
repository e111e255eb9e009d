/** A witness as others meet it: its server on a socket, `tallystick witness` as a process, and over time. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { Refusal } from '#src/bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, parseHex } from '#src/bytes/text.ts';
import { parseTrustPolicy } from '#src/note/trust.ts';
import { openCheckpoint, originHash, parseCheckpoint } from '#src/note/checkpoint.ts';
import { parseVkey, verifierOf, type NoteSigner } from '#src/note/key.ts';
import { appendSignatures, parseNote, parseSignatures } from '#src/note/note.ts';
import { parseIncident } from '#src/incident/parse.ts';
import { verifyIncident } from '#src/incident/verify.ts';
import { Gossip } from '#src/witness/gossip.ts';
import { IncidentFiles } from '#src/witness/incidents.ts';
import { readKnownLogs, type KnownLogs } from '#src/witness/logs.ts';
import { witnessServer, type WitnessServerOptions } from '#src/witness/server.ts';
import type { Answer, WitnessParts } from '#src/witness/witness.ts';
import { chooseVerifier } from '#src/workers/kernels.ts';
import { knownLogs, NAME, openWitness, OWN, policyFile, TestLog, TIME } from '../support/witness-world.ts';
import { SIGNERS, timesOf, witnessDir, type Opened } from '../support/witness-world.ts';
import { parseSubtreeReply } from '../support/subtree.ts';
import { seedSigner } from '../support/seed-signer.ts';

const log = new TestLog('log.example/a');
const fork = new TestLog('log.example/a', [1], 3);
const second = new TestLog('second.example/b', [1, 6]);

interface Served extends Opened {
  readonly url: string;
  readonly port: number;
  readonly post: (
    path: string,
    body: Uint8Array<ArrayBuffer>,
    headers?: Record<string, string>,
  ) => Promise<Response>;
  readonly add: (body: Uint8Array<ArrayBuffer>) => Promise<string>;
}

/** Serves a witness until the test ends. */
async function serve(
  t: Test,
  dir: string,
  logs: KnownLogs,
  parts: Partial<WitnessParts> = {},
  options: Partial<WitnessServerOptions> = {},
): Promise<Served> {
  const opened = openWitness(dir, logs, parts);
  const { witness } = opened;
  const common = { version: '1.2.3', writesPerWindow: 0, readsPerWindow: 0, incidents: () => 0 };
  const app = await witnessServer(witness, { ...common, ...options });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  t.teardown(async () => {
    await app.close();
    await opened.close();
  });
  const post: Served['post'] = (path, body, headers = {}) =>
    fetch(url + path, { method: 'POST', body, headers });
  return {
    ...opened,
    url,
    port: Number(new URL(url).port),
    post,
    add: async (body) => {
      const reply = await post('/add-checkpoint', body);
      const text = await reply.text();
      return reply.status === 409 ? `409 ${text.trim()}` : String(reply.status);
    },
  };
}

/** Signers that take their time, as on another thread: meanwhile requests gather for the next round. */
const SLOW: readonly NoteSigner[] = SIGNERS.map((signer) => ({
  ...signer,
  signer: {
    publicKey: signer.signer.publicKey,
    sign: async (message) => {
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
      return signer.signer.sign(message);
    },
  },
}));

const folder = process.env['TALLYSTICK_VECTORS'];
const skip = folder === undefined && 'TALLYSTICK_VECTORS is not set';

t.test('the worked exchange', { skip }, async (t) => {
  const { keys, add_checkpoint, subtree, checkpoint, tree } = JSON.parse(
    readFileSync(`${folder}/vectors.json`, 'utf8'),
  );
  const signerOf = (name: string, type: 4 | 6, seed: string): NoteSigner => ({
    name,
    type,
    signer: seedSigner(type === 6 ? 'ml-dsa-44' : 'ed25519', parseHex(seed)),
  });
  const logs = readKnownLogs(encodeUtf8(`log ${keys.log_vkey}\nquorum none\n`));
  const [origin = ''] = logs.keys();
  const root3 = Buffer.from(parseHex(tree.root3)).toString('base64');
  const time = 1_763_800_000;
  const w1 = signerOf('witness.example/w1', 4, keys.w1_seed);
  const { post, url, state } = await serve(t, witnessDir(t), logs, { signers: [w1], now: () => time * 1000 });
  const { size, root } = parseCheckpoint(`${origin}\n3\n${root3}\n`);
  state.commit([{ origin, size, root, time: time - 9, signed: undefined, keys: '', halted: '' }]);
  const reply = await post('/add-checkpoint', encodeUtf8(add_checkpoint.request));
  t.equal(reply.status, 200);
  t.equal(await reply.text(), add_checkpoint.response, 'byte for byte');
  const served = await fetch(`${url}/${add_checkpoint.origin_hash}/checkpoint`);
  t.equal(await served.text(), checkpoint.signed);

  const w2 = signerOf('witness.example/w2', 6, keys.w2_seed);
  const other = await serve(t, witnessDir(t), logs, { signers: [w2], now: () => time * 1000 });
  const first = add_checkpoint.request.replace(/^old 3\n[^]*?\n\n/, 'old 0\n\n');
  const line = await (await other.post('/add-checkpoint', encodeUtf8(first))).text();
  t.equal(line.length, checkpoint.w2_line_len, 'ML-DSA-44 alone');
  const cosigned = decodeUtf8(appendSignatures(first.replace('old 0\n\n', ''), parseSignatures(line)));
  const hashes = [
    'ZXw/kse5jGw9ioP9LiFBhAS+ny1NGVjG/hVXGLZyfF0=',
    'gQf7+L/wJJxESv2rheMmO9G6bnHinknT65AFKhg5wLU=',
  ];
  const body = `subtree ${subtree.range}\n${subtree.hash}\n${hashes.join('\n')}\n\n${cosigned}`;
  const signed = await other.post('/sign-subtree', encodeUtf8(body));
  t.equal(signed.status, 200);
  const { blob } = parseSubtreeReply(await signed.text(), verifierOf(w2));
  t.equal(sha256(blob.subarray(8)), subtree.sig_sha256);
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

t.test('every status', async (t) => {
  const { url, post, add } = await serve(t, witnessDir(t), knownLogs(log, second));
  const ok = await post('/add-checkpoint', await log.request(0, 4));
  t.equal(ok.status, 200);
  t.strictSame(timesOf(t, log, await log.note(4), await ok.text()), [TIME, TIME]);
  t.equal(ok.headers.get('cache-control'), 'no-store');

  const stale = await post('/add-checkpoint', await log.request(0, 4));
  t.equal(stale.status, 409);
  t.equal(stale.headers.get('content-type'), 'text/x.tlog.size', 'exactly, as clients compare it');
  t.equal(await stale.text(), '4\n');
  t.equal(await add(await second.request(3, 4)), '409 0', 'of a log never cosigned');

  t.equal(await add(encodeUtf8('nonsense')), '400');
  t.equal(await add(new Uint8Array(0)), '400');
  t.equal(await add(await new TestLog('nobody.example').request(0, 2)), '404');
  t.equal(await add(await log.request(4, 5, await log.note(5, { by: second.signers }))), '403');
  t.equal(await add(await log.request(4, 3)), '400', 'old above size, before 409');
  t.equal(await add(await log.request(5, 3)), '400');
  t.equal(await add(await fork.request(4, 4)), '422', 'another root');
  t.equal(await add(await fork.request(4, 5)), '422', 'a proof of another tree');
  t.equal(await add(await log.request(4, 5)), '200');
  t.equal(await add(await log.request(5, 5)), '200');

  const problem = await post('/add-checkpoint', await fork.request(5, 5));
  t.equal(problem.status, 422);
  t.equal(problem.headers.get('content-type'), 'application/problem+json');
  t.match(await problem.json(), { code: 'proof-failed', detail: /two histories/ });

  for (const type of ['text/plain', 'application/octet-stream', 'application/json', 'x/y; z="', '']) {
    const reply = await post('/add-checkpoint', await log.request(0, 5), { 'content-type': type });
    t.equal(reply.status, 409, `as "${type}"`);
  }
  const note = await (await fetch(`${url}/${originHash(log.origin)}/checkpoint`)).text();
  const cosigned = encodeUtf8(note);
  const subtree = async (body: Uint8Array<ArrayBuffer>): Promise<number> =>
    (await post('/sign-subtree', body)).status;
  t.equal(await subtree(log.subtree(2, 4, 5, cosigned)), 200);
  t.equal(await subtree(encodeUtf8('subtree')), 400);
  t.equal(
    await subtree(encodeUtf8(decodeUtf8(log.subtree(2, 4, 5, cosigned)).replace(log.origin, 'x.example'))),
    404,
  );
  t.equal(await subtree(log.subtree(2, 4, 5, await log.note(5))), 403);
  t.equal(await subtree(fork.subtree(2, 4, 5, cosigned)), 422);
  const flood = Array.from({ length: 60 }, () => subtree(log.subtree(2, 4, 5, cosigned)));
  const [early, late] = [await Promise.all(flood), await subtree(log.subtree(2, 4, 5, cosigned))];
  t.strictSame(
    [...new Set(early)].filter((status) => status !== 503),
    [200],
    'a flood is answered or sent away',
  );
  t.equal(late, 200, 'and passes');
});

t.test('what anyone may read', async (t) => {
  const evil = new TestLog('evil.example/<script>&"\'');
  const { url, add, state } = await serve(t, witnessDir(t), knownLogs(log, second, evil));
  t.equal(await add(await log.request(0, 4)), '200');
  t.equal(await add(await evil.request(0, 4)), '200');
  state.halt(evil.origin, 'because <b>');
  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(url + path, init);
  const read = await get(`/${originHash(log.origin)}/checkpoint`);
  t.equal(read.headers.get('access-control-allow-origin'), '*');
  t.match(read.headers.get('content-type'), /^text\/plain/);
  const note = new Uint8Array(await read.arrayBuffer());
  const opened = openCheckpoint(note, {
    logKeys: log.signers.map(verifierOf),
    witnessKeys: OWN,
    verify: chooseVerifier(),
  });
  t.equal(opened.cosignatures.length, 2);
  t.strictSame(opened.unknown, []);
  t.equal((await get(`/${originHash(second.origin)}/checkpoint`)).status, 404, 'never cosigned');
  t.equal((await get(`/${'0'.repeat(64)}/checkpoint`)).status, 404);
  t.equal((await get(`/${originHash(log.origin).toUpperCase()}/checkpoint`)).status, 404);

  const page = await (await get('/')).text();
  t.match(page, NAME);
  t.match(page, 'second.example/b');
  t.notMatch(page, '<script>');
  t.notMatch(page, '<b>');
  t.match(page, 'evil.example/&lt;script&gt;');
  t.match(await (await get('/v1/witness')).json(), {
    name: NAME,
    vkeys: [/witness.example/, /witness.example/],
    incidents: 0,
    logs: [
      {
        origin: log.origin,
        size: 4,
        root: log.root(4).toHex(),
        cosigned: '2027-01-15T08:00:00Z',
        halted: null,
      },
      { origin: second.origin, size: null, cosigned: null },
      { origin: evil.origin, halted: 'because <b>' },
    ],
  });
  t.equal((await get('/livez')).status, 200);
  t.equal((await get('/readyz')).status, 200);
  const metrics = await (await get('/metrics')).text();
  t.match(metrics, 'tallystick_witness_answers_total{answer="cosigned"} 2');
  t.match(metrics, 'tallystick_witness_halted_logs 1');
  t.notMatch(metrics, 'evil.example', 'no label is a stranger’s');
  const wrong = await get('/add-checkpoint');
  t.equal(wrong.status, 405);
  t.equal(wrong.headers.get('allow'), 'POST, OPTIONS');
  t.equal((await get('/sign-subtree', { method: 'DELETE' })).status, 405);
});

t.test('bombs', async (t) => {
  const { post, add, port, witness } = await serve(
    t,
    witnessDir(t),
    knownLogs(log),
    {},
    { writesPerWindow: 60 },
  );
  t.equal(await add(await log.request(0, 4)), '200');
  const line = `${Buffer.alloc(32).toString('base64')}\n`;
  t.equal(
    await add(encodeUtf8(`old 4\n${line.repeat(64)}\n${decodeUtf8(await log.note(5))}`)),
    '400',
    '64 hashes',
  );
  t.equal(await add(encodeUtf8(`old 4\n${line.repeat(2800)}\n${decodeUtf8(await log.note(5))}`)), '400');
  t.equal((await post('/add-checkpoint', new Uint8Array(131_073))).status, 413, 'a body too large');
  t.equal((await post('/add-checkpoint', new Uint8Array(131_072))).status, 400, 'and one that is not');
  t.equal((await post('/sign-subtree', new Uint8Array(2_000_000))).status, 413);
  const signature =
    decodeUtf8(await log.note(5))
      .split('\n')
      .at(-2) ?? '';
  const many = `${decodeUtf8(await log.request(4, 5))}${`${signature}\n`.repeat(99)}`;
  t.equal(await add(encodeUtf8(many)), '200', '100 lines of one key');
  t.equal(await add(encodeUtf8(`${many}${signature}\n`)), '400', '101 lines');
  t.equal(await add(encodeUtf8(`old 5\n\n${'\n'.repeat(100_000)}`)), '400');
  t.equal(await add(encodeUtf8(`old 5\n\n${'a\n'.repeat(50_000)}\n${signature}\n`)), '400');
  t.equal(await add(encodeUtf8(`old 99999999999999999999\n\n${decodeUtf8(await log.note(5))}`)), '400');

  const half = connect(port, '127.0.0.1');
  half.write('POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nold 5\n');
  t.equal(await add(await log.request(5, 6)), '200', 'a client that stops in the middle holds up nobody');
  half.destroy();
  t.equal(witness.counts.contradictions, 0);

  const statuses = new Set<string>();
  for (let i = 0; i < 60; i++) statuses.add(await add(encodeUtf8('x')));
  t.strictSame([...statuses], ['400', '429'], 'a client that asks too often');
});

t.test('races from many connections', async (t) => {
  const logs = [log, new TestLog('other.example/c')];
  const forks = [fork, new TestLog('other.example/c', [1], 5)];
  const { url, state, add } = await serve(t, witnessDir(t), knownLogs(...logs), { signers: SLOW });
  const cosigned = new Map<string, string>();
  let good = 0;
  /** A client that follows one of the trees, wherever the witness stands. */
  const client = async (tree: TestLog, steps: number): Promise<void> => {
    let old = 0;
    for (let i = 0; i < steps; i++) {
      const size = old + 1 + (i % 3);
      const note = await tree.note(size);
      const body = await tree.request(old, size, note);
      const reply = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
      const text = await reply.text();
      if (reply.status === 409) old = Number(text);
      else if (reply.status === 200) {
        const key = `${tree.origin} ${size}`;
        t.equal(cosigned.get(key) ?? tree.root(size).toHex(), tree.root(size).toHex(), `one root: ${key}`);
        cosigned.set(key, tree.root(size).toHex());
        [good, old] = [good + 1, size];
      } else {
        t.equal(reply.status, 422);
      }
    }
  };
  const clients = Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? logs : forks)[i % 2]!);
  /** Sizes served only ever grow. */
  let watching = true;
  const watch = async (): Promise<void> => {
    let seen = 0;
    while (watching) {
      const reply = await fetch(`${url}/${originHash(log.origin)}/checkpoint`);
      const text = await reply.text();
      if (reply.status !== 200) continue;
      const { size, root } = parseCheckpoint(parseNote(text).text);
      t.ok(size >= seen, 'no rollback');
      t.equal(cosigned.get(`${log.origin} ${size}`) ?? root.toHex(), root.toHex());
      seen = size;
    }
  };
  const watched = watch();
  await Promise.all(clients.map((tree) => client(tree, 10)));
  watching = false;
  await watched;
  t.ok(good > 5, `${good} cosigned`);
  for (const [i, honest] of logs.entries()) {
    const held = state.held.get(honest.origin)!;
    t.equal(cosigned.get(`${honest.origin} ${held.size}`), held.root.toHex(), 'what is held was answered');
    for (const tree of [honest, forks[i]!]) {
      const status = tree.root(held.size).toHex() === held.root.toHex() ? '200' : '422';
      t.equal(await add(await tree.request(held.size, held.size)), status, 'one history is left');
    }
  }
});

t.test('gossip', async (t) => {
  const logs = knownLogs(log);
  const mine = witnessDir(t);
  const theirs = await serve(t, witnessDir(t), logs);
  const { witness, add } = await serve(t, mine, logs);
  t.equal(await add(await log.request(0, 5)), '200');
  const warnings: string[] = [];
  const onWarning = (text: string): void => void warnings.push(text);
  const where = join(mine, 'incidents');
  const incidents = new IncidentFiles({ dir: where, detector: NAME, now: () => TIME * 1000, onWarning });
  const transport = { fetch, now: () => TIME * 1000, patienceMs: 0 };
  const peers = [theirs.url, 'http://127.0.0.1:1'];
  const common = { witness, incidents, transport, verify: chooseVerifier(), onWarning };
  const gossip = new Gossip({ ...common, peers });
  await gossip.round();
  t.match(gossip.counts, { agrees: 0, unreachable: 2, conflict: 0 }, 'nothing there yet: no attack');
  t.equal(await theirs.add(await log.request(0, 5)), '200');
  await gossip.round();
  t.match(gossip.counts, { agrees: 1, conflict: 0 });
  t.notOk(witness.isHalted(log.origin));
  t.equal(await theirs.add(await log.request(5, 6)), '200');
  await gossip.round();
  t.match(gossip.counts, { unreconciled: 1, conflict: 0 }, 'without the log’s URL sizes cannot be compared');

  t.equal(await add(await log.request(5, 7)), '200');
  const lying = await serve(t, witnessDir(t), logs);
  t.equal(await lying.add(await fork.request(0, 7)), '200');
  const other = new Gossip({ ...common, peers: [lying.url] });
  await other.round();
  t.equal(other.counts.conflict, 1);
  t.ok(witness.isHalted(log.origin));
  t.equal(await add(await log.request(7, 8)), '503', 'fail closed');
  t.equal(incidents.count, 1);
  const [name = ''] = /[0-9a-f]{64}\.json/.exec(warnings.join(' ')) ?? [];
  const incident = parseIncident(readFileSync(join(where, name)));
  t.match(incident, { origin: log.origin, detector: NAME, evidence: { kind: 'split-view' } });
  const policy = parseTrustPolicy(policyFile(log));
  t.match(verifyIncident(incident, policy), { proven: true, outcome: 'proven' }, 'with the log’s key alone');
  await other.round();
  t.equal(other.counts.conflict, 1, 'a halted log is not compared again');
  t.throws(() => new Gossip({ ...common, peers: ['ftp://x'] }), { code: 'config-invalid' });
});

t.test('two histories at the same moment', async (t) => {
  const origins = Array.from({ length: 6 }, (_, i) => `race.example/${i}`);
  const logs = origins.map((origin) => new TestLog(origin));
  const { url, state } = await serve(t, witnessDir(t), knownLogs(...logs), { signers: SLOW });
  const bodies = await Promise.all(
    logs.flatMap((honest) => {
      const forked = new TestLog(honest.origin, [1], 3);
      return [honest, forked].flatMap((tree) =>
        [4, 5, 4, 6].map(async (size) => ({ tree, size, body: await tree.request(0, size) })),
      );
    }),
  );
  const replies = await Promise.all(
    bodies.map(({ body }) => fetch(`${url}/add-checkpoint`, { method: 'POST', body })),
  );
  const winners = replies.flatMap(({ status }, i) => (status === 200 ? [bodies[i]!] : []));
  t.strictSame(winners.map(({ tree }) => tree.origin).toSorted(), origins, 'of each log exactly one');
  for (const { tree, size } of winners)
    t.match(state.held.get(tree.origin), { size, root: tree.root(size) }, 'which is what is held');
  t.ok(replies.every(({ status }) => status === 200 || status === 409));
});

/** A request, a restart, or a clock that moves. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ forked: fc.boolean(), old: fc.nat(8), size: fc.nat(8), follow: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
    { weight: 1, arbitrary: fc.integer({ min: -50, max: 50 }) },
  ),
  { minLength: 1, maxLength: 25 },
);

t.test('any sequence of requests, restarts and clocks', async (t) => {
  const notes = new Map<string, Uint8Array<ArrayBuffer>>();
  const noteOf = async (tree: TestLog, size: number): Promise<Uint8Array<ArrayBuffer>> => {
    const key = `${tree === fork} ${size}`;
    const note = notes.get(key) ?? (await tree.note(size));
    notes.set(key, note);
    return note;
  };
  const logs = knownLogs(log);
  const signers = SIGNERS.slice(0, 1);
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const dir = witnessDir(t);
      let clock = TIME;
      let opened = openWitness(dir, logs, { signers, now: () => clock * 1000 });
      let stored: { size: number; root: string } = { size: 0, root: '' };
      let last = 0;
      for (const step of sequence) {
        if (step === 'restart') {
          await opened.close();
          opened = openWitness(dir, logs, { signers, now: () => clock * 1000 });
        } else if (typeof step === 'number') clock += step;
        else {
          const tree = step.forked ? fork : log;
          const old = step.follow ? stored.size : step.old;
          const body = await tree.request(old, step.size, await noteOf(tree, step.size));
          const answer = await opened.witness.addCheckpoint(body).catch((error: unknown) => error);
          const wanted = expected(tree, old, step.size, stored);
          if (clock + 60 < last && wanted === 'cosigned') continue; // refused: the clock
          deepStrictEqual(wordOf(answer), wanted);
          if (wanted !== 'cosigned') continue;
          stored = { size: step.size, root: tree.root(step.size).toHex() };
          const { time, size, root } = opened.state.held.get(log.origin)!;
          deepStrictEqual({ size, root: root.toHex() }, stored);
          ok(time >= last && time >= clock, 'time goes on');
          last = time;
        }
      }
      await opened.close();
    }),
    { numRuns: 40 },
  );
});

/** The table of tlog-witness once more, for trees that are known. */
function expected(tree: TestLog, old: number, size: number, stored: { size: number; root: string }): string {
  if (old > size) return 'bad-request';
  if (old !== stored.size) return `stale ${stored.size}`;
  if (old === 0) return 'cosigned';
  return tree.root(old).toHex() === stored.root ? 'cosigned' : 'proof-failed';
}

function wordOf(answer: unknown): string {
  if (answer instanceof Refusal) return answer.code;
  const { kind, size } = answer as Answer & { size?: number };
  return kind === 'stale' ? `stale ${size}` : kind;
}

/** A run of `tallystick witness`; `ready` resolves with its URL, rejects when it ends first. */
interface Run {
  readonly child: ChildProcess;
  readonly ready: Promise<string>;
  readonly ended: Promise<number | null>;
  readonly err: () => string;
}

function start(t: Test, dir: string, ...args: string[]): Run {
  const main = join(import.meta.dirname, '../..', 'src', 'cli', 'bin.cjs');
  const common = ['witness', '--witness-dir', dir, '--port', '0', '--log-level', 'warn'];
  const child = spawn(process.execPath, [main, ...common, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  let err = '';
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const ready = new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      err += chunk.toString();
      const [, url] = /URL +(http:\S+)/.exec(err) ?? [];
      if (url !== undefined && err.includes('tlog-policy')) resolve(url);
    });
    void ended.then((code) => reject(new Error(`ended with ${code}: ${err}`)));
  });
  ready.catch(() => undefined);
  return { child, ready, ended, err: () => err };
}

const postTo = async (url: string, body: Uint8Array<ArrayBuffer>): Promise<string> => {
  const reply = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
  return `${reply.status} ${(await reply.text()).trim()}`.slice(0, 40).split('\n')[0] ?? '';
};

t.test('the command', async (t) => {
  const dir = witnessDir(t, false);
  const first = start(t, dir, '--name', NAME);
  const url = await first.ready;
  t.match(first.err(), 'knows no log yet', 'and says what to do next');
  const [, line = ''] = /^ {2}(witness .*)$/m.exec(first.err()) ?? [];
  t.match(parseTrustPolicy(`${line}\nquorum none\n`).witnesses, [{ verifier: { name: NAME, type: 4 }, url }]);
  for (const key of ['witness-ed25519.pem', 'witness-ml-dsa-44.pem'])
    t.equal(statSync(join(dir, key)).mode % 0o1000, 0o600, key);
  t.match(await postTo(url, await log.request(0, 3)), /^404/);

  writeFileSync(join(dir, 'logs.policy'), policyFile(log));
  first.child.kill('SIGHUP');
  for (let tries = 0; tries < 200 && !(await postTo(url, await log.request(0, 3))).startsWith('2'); tries++);
  t.equal(await postTo(url, await log.request(0, 3)), '409 3', 'a log that was added while it ran');
  const { vkeys }: { vkeys: string[] } = JSON.parse(await (await fetch(`${url}/v1/witness`)).text());
  t.strictSame(
    vkeys.map((vkey) => parseVkey(vkey).type),
    [4, 6],
  );

  const rival = start(t, dir);
  t.equal(await rival.ended, 78, 'two on one directory');
  t.match(rival.err(), 'locked');

  first.child.kill('SIGTERM');
  t.equal(await first.ended, 0, 'stops when told');
  writeFileSync(join(dir, 'logs.policy'), policyFile(second));
  const lost = start(t, dir);
  t.equal(await lost.ended, 78);
  t.match(lost.err(), /log\.example\/a was cosigned up to size 3 .*--forget log\.example\/a\)/);
  writeFileSync(join(dir, 'logs.policy'), policyFile(log, second));
  const still = start(t, dir, '--forget', log.origin);
  t.equal(await still.ended, 78);
  t.match(still.err(), 'still listed');

  const killed = start(t, dir);
  const at = await killed.ready;
  t.equal((await postTo(at, await log.request(3, 9))).slice(0, 3), '200');
  killed.child.kill('SIGKILL');
  await killed.ended;
  const again = start(t, dir);
  const now = await again.ready;
  t.equal(await postTo(now, await fork.request(0, 9)), '409 9', 'what was answered is remembered');
  t.equal((await postTo(now, await fork.request(9, 9))).slice(0, 3), '422');
  again.child.kill('SIGTERM');
  t.equal(await again.ended, 0);

  writeFileSync(join(dir, 'logs.policy'), policyFile(second));
  const forgotten = start(t, dir, '--forget', log.origin);
  await forgotten.ready;
  t.match(forgotten.err(), 'is forgotten');
  forgotten.child.kill('SIGTERM');
  await forgotten.ended;

  rmSync(join(dir, 'witness-ml-dsa-44.pem'));
  const keyless = start(t, dir);
  t.equal(await keyless.ended, 78);
  t.match(keyless.err(), 'key-file');
  t.notOk(existsSync(join(dir, 'witness-ml-dsa-44.pem')), 'no new key in the old name');
});
