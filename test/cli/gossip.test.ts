/** Gossip: heads of peers, honest, forked, silent, lying; alone and in the client verbs. */
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { comparePeers, MAX_PEERS, peerUrl, type PeerResult } from '#src/client/gossip.ts';
import { TileReader } from '#src/client/tiles.ts';
import type { Transport } from '#src/client/transport.ts';
import { LogView } from '#src/client/view.ts';
import { makeIncident } from '#src/incident/incident.ts';
import { parseIncident } from '#src/incident/parse.ts';
import { verifyIncident } from '#src/incident/verify.ts';
import { originHash } from '#src/note/checkpoint.ts';
import { formatVkey, parseVkey, verifierOf } from '#src/note/key.ts';
import { appendSignatures } from '#src/note/note.ts';
import { policyOfLogs, type TrustPolicy } from '#src/note/trust.ts';
import { flipByte, foreign, forgedLine, HostileLog } from '../support/hostile-log.ts';
import { witness } from '../support/incident-examples.ts';
import { tallystick } from './support/run-cli.ts';
import { entryIdOf, otherStatement } from '../support/world.ts';

/** Somebody who holds heads: answers as `answer` says, and remembers what it was asked. */
interface Peer {
  readonly url: string;
  readonly asked: string[];
  answer: (request: IncomingMessage, response: ServerResponse) => unknown;
  serve(note: Uint8Array): void;
}

async function peer(t: Test): Promise<Peer> {
  const server = createServer((request, response) => {
    self.asked.push(request.url ?? '');
    self.answer(request, response);
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const self: Peer = {
    url: `http://127.0.0.1:${port}/heads`,
    asked: [],
    answer: (_, response) => response.writeHead(404).end(),
    serve: (note) => void (self.answer = (_, response) => response.end(note)),
  };
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return self;
}

const transport: Transport = { fetch, now: Date.now, timeoutMs: 400, patienceMs: 0 };

async function grown(
  t: Test,
  size: number,
  ...options: Parameters<typeof HostileLog.start>
): Promise<HostileLog> {
  const log = await HostileLog.start(...options);
  t.teardown(() => log.close());
  while (log.entriesOf().length < size) log.append(await otherStatement(`entry ${log.entriesOf().length}`));
  return log;
}

const newest = async (tiles: TileReader, policy: TrustPolicy): Promise<LogView> =>
  LogView.of(tiles, await tiles.checkpoint(), policy);

const trustIn = (log: HostileLog) => policyOfLogs(log.vkeys.map(parseVkey));

interface Round {
  readonly compare: (...peers: readonly Peer[]) => Promise<readonly PeerResult[]>;
  readonly view: LogView;
}

/** The head that a branch shows, and comparing with it; tiles are the branch's too. */
async function holding(log: HostileLog, branch = 'main'): Promise<Round> {
  const tiles = new TileReader(transport, log.urlOf(branch));
  const view = await newest(tiles, trustIn(log));
  const common = { transport, policy: trustIn(log), held: view, tiles };
  return { view, compare: (...peers) => comparePeers({ ...common, peers: peers.map(({ url }) => url) }) };
}

const filler = (count: number, what: string): Uint8Array[] =>
  Array.from({ length: count }, (_, n) => new TextEncoder().encode(`${what} ${n}`));

t.test('one history', async (t) => {
  const log = await grown(t, 300, foreign('big.example', 300));
  const [a, b, c] = [await peer(t), await peer(t), await peer(t)];
  log.frozen = 280;
  a.serve(await log.note(280));
  b.serve(await log.note(7));
  c.serve(await log.note(300));
  const { compare } = await holding(log);
  t.match(await compare(a, b, c), [
    { kind: 'agrees', peer: a.url, newer: false, head: { opened: { checkpoint: { size: 280 } } } },
    { kind: 'agrees', peer: b.url, newer: false, head: { opened: { checkpoint: { size: 7 } } } },
    { kind: 'agrees', peer: c.url, newer: true, head: { opened: { checkpoint: { size: 300 } } } },
  ]);
  t.strictSame(
    a.asked,
    [`/heads/${originHash(log.origin)}/checkpoint`],
    'one request, of the monitoring form',
  );

  b.serve(appendSignatures(await log.note(7), [forgedLine(verifierOf(witness))]));
  t.match(await compare(b), [{ kind: 'agrees' }], "a witness's bad line is no reason to overlook the log's");
  a.serve(await log.note(0));
  t.match(await compare(a), [{ kind: 'agrees', newer: false }], 'the empty tree begins every tree');
  t.strictSame(await compare(), [], 'no peers, nothing asked');
});

t.test('two histories: at one size, smaller, larger; each is proof', async (t) => {
  const log = await grown(t, 20, foreign('two.example', 20));
  log.fork(12, 'b', filler(10, 'b'));
  const there = await peer(t);
  const provenBy = async (result: PeerResult | undefined): Promise<void> => {
    if (result?.kind !== 'conflict') return void t.fail(`no conflict: ${result?.kind}`);
    const { evidence, about } = result;
    const said = { detector: 'test', detected: '2027-01-15T08:00:00Z', what: 'seen', about, evidence };
    const incident = makeIncident({ origin: log.origin, vkeys: log.vkeys, ...said });
    t.equal(verifyIncident(incident, trustIn(log)).outcome, 'proven');
  };
  const { compare } = await holding(log);
  const abouts = new Set<string>();
  for (const size of [20, 13, 19, 16]) {
    there.serve(await log.note(size, 'b'));
    const [result] = await compare(there);
    t.match(
      result,
      { kind: 'conflict', evidence: { kind: 'split-view', heads: [String, String] } },
      `${size}`,
    );
    await provenBy(result);
    if (result?.kind !== 'conflict') continue;
    t.equal(result.evidence.prefix === undefined, size === 20, 'two sizes need the proof of the beginning');
    abouts.add(result.about);
  }
  t.equal(abouts.size, 4, 'each pair is an incident of its own');
  there.serve(await log.note(12, 'b'));
  t.match(await compare(there), [{ kind: 'agrees' }], 'before the fork they are one');

  // Larger than what we hold: whose tiles the log serves decides whether it can be shown at once.
  there.serve(await log.note(22, 'b'));
  t.match(await compare(there), [{ kind: 'unreconciled', why: /404/ }], 'it serves our branch alone');
  log.append(...filler(3, 'more'));
  t.match(
    await compare(there),
    [{ kind: 'unreconciled', why: /leads to another root/ }],
    'and what it serves does not fit',
  );
  const grownView = await holding(log);
  await provenBy((await grownView.compare(there))[0]);
  const tiles = new TileReader(transport, log.urlOf('b'));
  const small = LogView.of(tiles, await log.note(15), trustIn(log));
  const common = { transport, policy: trustIn(log), tiles, peers: [there.url] };
  const [other] = await comparePeers({ ...common, held: small });
  t.match(
    other,
    { kind: 'conflict', evidence: { prefix: { root: /=$/ } } },
    'the tiles of the other branch show it too',
  );
  await provenBy(other);

  log.tamper('tile/0/000.p/23', flipByte(3));
  there.serve(await log.note(13, 'b'));
  t.match(await grownView.compare(there), [{ kind: 'unreconciled' }], 'tiles that fit no head accuse nobody');
});

t.test('peers that are silent, lie or never end, each for itself', async (t) => {
  const log = await grown(t, 5);
  const other = await grown(t, 5, foreign());
  const impostor = await grown(t, 5, { ...foreign(log.origin), entries: log.entriesOf() });
  const note = await log.note();
  const hostile: readonly (readonly [kind: PeerResult['kind'], why: RegExp, answer: Peer['answer']])[] = [
    ['unreachable', /holds no head of this log/, (_, response) => response.writeHead(404).end()],
    ['unreachable', /answered 500/, (_, response) => response.writeHead(500).end('oh')],
    ['unreachable', /answered 503/, (_, response) => response.writeHead(503, { 'retry-after': '1' }).end()],
    ['unreachable', /cannot be reached/, (_, response) => response.destroy()],
    ['unreachable', /in time/, () => undefined],
    ['unreachable', /in time/, (_, response) => response.write('log.example')],
    ['unreachable', /more than/, (_, response) => response.end(Buffer.alloc(500_000, 'a'))],
    [
      'unreachable',
      /redirects to/,
      (_, response) => response.writeHead(302, { location: `${log.url}/checkpoint` }).end(),
    ],
    ['unverified', /line/, (_, response) => response.end('nonsense')],
    ['unverified', /./, (_, response) => response.end()],
    ['unverified', /is of the log "other/, async (_, response) => response.end(await other.note())],
    ['unverified', /by a known key/, async (_, response) => response.end(await impostor.note())],
    ['unverified', /does not verify/, (_, response) => response.end(flipByte(25)(note))],
    ['unverified', /./, (_, response) => response.end(note.subarray(0, -9))],
    ['agrees', /./, (_, response) => response.end(note)],
  ];
  const peers: Peer[] = [];
  for (const [, , answer] of hostile) {
    const each = await peer(t);
    each.answer = answer;
    peers.push(each);
  }
  log.asked.length = 0;
  const { compare } = await holding(log);
  const results = await compare(...peers);
  t.equal(results.length, hostile.length);
  for (const [i, [kind, why]] of hostile.entries()) {
    const result = results[i];
    t.equal(result?.kind, kind, String(why));
    t.equal(result?.peer, peers[i]?.url, 'in order');
    if (result !== undefined && 'why' in result) t.match(result.why, why);
    t.equal(peers[i]?.asked.length, 1, 'asked once');
  }
  t.strictSame(log.asked, ['/checkpoint'], 'nobody sent us anywhere');

  const { view } = await holding(log);
  const common = { transport, policy: trustIn(log), held: view, tiles: new TileReader(transport, log.url) };
  const many = Array.from({ length: MAX_PEERS + 1 }, () => log.url);
  await t.rejects(comparePeers({ ...common, peers: many }), { code: 'config-invalid' });
  for (const bad of [
    'file:///etc/passwd',
    'nonsense',
    'ftp://a.example',
    'https://a.example/?to=',
    'https://a.example/#',
  ])
    t.throws(() => peerUrl(bad, log.origin), { code: 'config-invalid' }, bad);
  t.equal(peerUrl('https://a.example/x//', 'o').href, `https://a.example/x/${originHash('o')}/checkpoint`);
});

t.test('client verbs compare with peers', async (t) => {
  const log = await grown(t, 6);
  log.fork(4, 'b', [await otherStatement('x'), await otherStatement('y'), await otherStatement('z')]);
  const dir = t.testdir({ 'log.vkey': `${log.vkeys.join('\n')}\n` });
  const there = await peer(t);
  const around = { cwd: dir, fetch };
  const state = (name: string) => `--state-dir ${join(dir, name)}`;
  const entry = entryIdOf(log.entriesOf()[2] ?? new Uint8Array());
  const verbs = [
    `get ${entry} --log ${log.url}`,
    `get 2 --log ${log.url}`,
    `fsck ${log.url}`,
    `policy show --log ${log.url}`,
  ];
  const run = (line: string, name: string, ...peers: readonly string[]) =>
    tallystick(
      `${line} --vkey log.vkey ${state(name)} ${peers.map((url) => `--peer ${url}`).join(' ')}`,
      around,
    );

  for (const [i, verb] of verbs.entries()) {
    there.serve(await log.note(3));
    t.match(await run(verb, `fine${i}`, there.url), { code: 0, err: '' }, verb);
    there.answer = (_, response) => response.writeHead(404).end();
    const alone = await run(verb, `fine${i}`, there.url);
    t.match(alone, { code: 0, err: /was not compared with: .* holds no head/ });
    t.equal(alone.err.split('was not compared with').length, 2, 'it is said once');
    there.answer = (_, response) => response.end('nonsense');
    t.match(await run(verb, `fine${i}`, there.url), {
      code: 0,
      err: /warning: peer .* serves what the log did not sign/,
    });
    there.serve(await log.note(7, 'b'));
    t.match(await run(verb, `fine${i}`, there.url), {
      code: 0,
      err: /warning: .* does not show how it fits/,
    });
    there.serve(await log.note(5, 'b'));
    const split = await run(verb, `split${i}`, 'http://127.0.0.1:1/nobody', there.url);
    t.match(
      split,
      { code: 4, err: /inconsistent: the log signed two histories: .*the other head is from http/ },
      verb,
    );
    const evidence = join(dir, `split${i}`, 'evidence');
    const [file = '', ...more] = readdirSync(evidence);
    t.strictSame(more, []);
    t.match(parseIncident(readFileSync(join(evidence, file))), {
      evidence: { kind: 'split-view', prefix: {} },
    });
    t.match(await tallystick(`verify-incident ${join(evidence, file)} --vkey log.vkey`, around), { code: 0 });
  }
  log.frozen = 4;
  there.serve(await log.note(6));
  t.match(await run(`fsck ${log.url}`, 'stale', there.url), {
    code: 0,
    err: /holds a newer head, of 6 entries/,
  });
  log.frozen = undefined;
  t.match(await run(`get 2 --log ${log.url}`, 'bad', 'nonsense'), { code: 78, err: /no http/ });
});

/** What a HostileLog lacks: `status` asks for its facts, `submit` posts. */
function answering(log: HostileLog): typeof fetch {
  const facts = { version: '0', origin: log.origin, size: 6, root: 'r', time: 0, vkeys: [], open: false };
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.pathname.endsWith('/v1/log')) return Response.json(facts);
    if (url.pathname.endsWith('/readyz')) return Response.json({ ready: true, reasons: [] });
    if (init?.method === 'POST')
      return fetch(
        new URL(
          `entries/${entryIdOf(log.entriesOf()[1] ?? new Uint8Array())}`,
          url.href.replace(/entries.*/, ''),
        ),
      );
    return fetch(input, init);
  };
}

t.test('every verb that asks a log remembers its head', async (t) => {
  const log = await grown(t, 6);
  log.fork(4, 'b', [await otherStatement('x'), await otherStatement('y'), await otherStatement('z')]);
  const dir = t.testdir({ 'log.vkey': `${log.vkeys.join('\n')}\n`, 's.cose': '' });
  writeFileSync(join(dir, 's.cose'), await otherStatement('entry 1'));
  const answers = answering(log);
  const around = { cwd: dir, fetch: answers };
  const seen = join(dir, 'seen');
  const heads = () => readdirSync(join(seen, 'heads'));
  const verbs: readonly ((url: string) => string)[] = [
    (url) => `fsck ${url}`,
    (url) => `status --log ${url}`,
    (url) => `get 1 --log ${url}`,
    (url) => `policy show --log ${url}`,
    (url) => `submit s.cose --log ${url}`,
  ];
  for (const verb of verbs) {
    const told = await tallystick(`${verb(log.urlOf('main'))} --vkey log.vkey --state-dir ${seen}`, around);
    t.match(told, { code: 0 }, `${verb('')} ${told.err}`);
    t.strictSame(heads(), [originHash(log.origin)]);
    const again = await tallystick(`${verb(log.urlOf('b'))} --vkey log.vkey --state-dir ${seen}`, around);
    t.match(again, { code: 4, err: /inconsistent/ }, verb(''));
    t.match(again.err, /verify-incident/);
  }
  const [file = ''] = readdirSync(join(seen, 'evidence'));
  t.equal(readdirSync(join(seen, 'evidence')).length, 1, 'the same thing five times is one incident');
  t.match(await tallystick(`verify-incident ${join(seen, 'evidence', file)} --vkey log.vkey`, around), {
    code: 0,
  });

  const unasked = await tallystick(`status --log ${log.url} --state-dir ${seen}`, around);
  t.match(unasked, { code: 0, out: /checked +no: no verifier key/ });
  const there = await peer(t);
  there.serve(await log.note(6));
  const peers = `--peer ${there.url} --peer ${there.url}/`;
  const vain = await tallystick(`status --log ${log.url} --state-dir ${seen} ${peers}`, around);
  t.match(vain, { code: 1, err: /usage: --peer compares signed heads, and no verifier key is given/ });
  const asked = (more: string) =>
    tallystick(`status --log ${log.url} --state-dir ${seen} --vkey log.vkey ${more}`, around);
  t.match(await asked(peers), { code: 0, out: /\npeers +2 agree\n/ });
  t.match(await asked(`${peers} --peer http://127.0.0.1:1/`), { code: 0, out: /\npeers +2 of 3 agree\n/ });
  t.match((await asked(`--json --peer ${there.url}`)).json, {
    peers: [{ url: there.url, result: 'agrees' }],
  });
  const other = await grown(t, 3, foreign());
  writeFileSync(join(dir, 'other.vkey'), other.vkeys.join('\n'));
  const unknown = await tallystick(`status --log ${log.url} --vkey other.vkey --state-dir ${seen}`, around);
  t.match(unknown, { code: 0, out: /checked +no: no key of this log is trusted/ });
  const strange = `status --log ${log.url} --vkey other.vkey --state-dir ${seen} --peer ${there.url}`;
  t.match(await tallystick(strange, around), { code: 1, err: /no key of this log is trusted/ });

  log.shown = 2;
  const back = await tallystick(`fsck ${log.url} --vkey log.vkey --state-dir ${seen}`, around);
  t.match(back, { code: 4, err: /went back from 6 entries to 2/ });
  const rollback = readdirSync(join(seen, 'evidence')).find((name) => name !== file) ?? '';
  const told = await tallystick(
    `verify-incident ${join(seen, 'evidence', rollback)} --vkey log.vkey`,
    around,
  );
  t.match(told, { code: 6, out: /said to have gone back from 6 entries to 2/ });
});

t.test('a fork that no witness cosigned is a fork all the same', async (t) => {
  const log = await grown(t, 7);
  const vkey = formatVkey(witness.name, witness.type, witness.signer.publicKey);
  const lines = [...log.vkeys.map((each) => `log ${each}`), `witness w ${vkey}`, 'quorum w', ''];
  const dir = t.testdir({ 'full.policy': lines.join('\n') });
  const around = { cwd: dir, fetch: answering(log) };
  log.fork(4, 'b', await Promise.all(['v', 'w', 'x', 'y', 'z'].map((each) => otherStatement(each))));
  const there = await peer(t);
  const evidence = (name: string) => readdirSync(join(dir, name, 'evidence'));
  const verbs = [`fsck ${log.url}`, `status --log ${log.url}`, `get 1 --log ${log.url}`];
  for (const [i, verb] of verbs.entries()) {
    const run = (name: string, more = '') =>
      tallystick(`${verb} --policy full.policy --state-dir ${join(dir, `${name}${i}`)} ${more}`, around);
    log.serving = 'main';
    log.cosigners = [witness];
    t.match(await run('seen'), { code: 0 }, verb);
    log.cosigners = [];
    t.match(await run('seen'), { code: 5, err: /quorum-unmet/ }, 'one history, and no quorum');
    there.serve(await log.note(6));
    log.serving = 'b';
    t.match(await run('seen'), { code: 4, err: /inconsistent: the log signed two histories/ }, verb);
    t.match(await run('new', `--peer ${there.url}`), { code: 4, err: /the other head is from http/ }, verb);
    for (const name of [`seen${i}`, `new${i}`]) {
      const [file = ''] = evidence(name);
      const path = join(dir, name, 'evidence', file);
      t.match(await tallystick(`verify-incident ${path} --policy full.policy`, around), { code: 0 });
    }
    t.match(await run('other'), { code: 5 }, 'to those who have seen nothing');
    t.notOk(existsSync(join(dir, `other${i}`, 'heads')), 'what nobody cosigned is not remembered');
  }
});
