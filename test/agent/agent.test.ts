/**
 * The agent's parts: slots that nobody chooses, a spool that loses nothing, chains, enrolment, budget, challenges
 * (src/agent).
 */
import { refuse } from '../../src/bytes/refusal.ts';
import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { budgetUs, fits } from '../../src/agent/budget.ts';
import { Daemon, type DaemonParts } from '../../src/agent/daemon.ts';
import type { AgentEvent } from '../../src/agent/event.ts';
import { lockAgent, openAgentDatabase } from '../../src/agent/database.ts';
import { checkChain, deliver } from '../../src/agent/deliver.ts';
import { operatorRule, readRules, ruleFor } from '../../src/agent/enrolment.ts';
import { decodeObserved } from '../../src/agent/observed.ts';
import { detection, planOf, runsOf } from '../../src/agent/planner.ts';
import { prove } from '../../src/agent/prove.ts';
import { groupClaims } from '../../src/probe/groups.ts';
import { Seeds } from '../../src/agent/seeds.ts';
import { sha256 } from '../../src/agent/hash.ts';
import { historyOf, type SubjectEntry } from '../../src/appraisal/history.ts';
import { samplingOf, type Sampling } from '../../src/appraisal/sampling.ts';
import { dueIn, epochLength, slotAt, slotLength } from '../../src/appraisal/slots.ts';
import { entryIdOf } from '../../src/client/scrapi.ts';
import { digest, entryId } from '../../src/bytes/brand.ts';
import { Refusal } from '../../src/bytes/refusal.ts';
import { challengeOf } from '../../src/evidence/challenge.ts';
import { openLeaf, verifyOpening } from '../../src/statement/saltedleaf.ts';
import { encodeProof } from '../../src/statement/payload.ts';
import type { RuntimeProof } from '../../src/statement/proof.ts';
import { agentWorld, claimOf, LOCATOR, proofOf, START, type AgentWorld } from '../support/agent-world.ts';
import { people, policyDocumentOf, ownStatement } from '../support/world.ts';

const ROOT = digest(new Uint8Array(32).fill(1));
const SUBJECT = 'prod/db';
const DEEP = new Map([['depth', 3]]);

t.test('slots: where in its slot a proof falls, seed and root decide', async (t) => {
  const seed = new Uint8Array(32).fill(3);
  const slot = slotAt(START + 1234, 270);
  t.same(slot, { number: 6_666_671, length: 270, start: 1_800_001_170, end: 1_800_001_440 });
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(6_666_671n);
  const mac = createHmac('sha256', seed).update(number).update(ROOT).digest();
  t.equal(
    dueIn(slot, seed, ROOT),
    slot.start + Number(BigInt(`0x${mac.toString('hex', 0, 6)}`) % 270n),
    'as written',
  );
  t.equal(dueIn(slot, seed, ROOT), dueIn(slot, seed, ROOT));
  const offsets = (change: (i: number) => [Uint8Array, Uint8Array, number]): Set<number> =>
    new Set(
      Array.from({ length: 400 }, (_, i) => {
        const [s, root, n] = change(i);
        const each = slotAt(n * 270, 270);
        return dueIn(each, s, digest(root)) - each.start;
      }),
    );
  const bytes = (i: number): Uint8Array => createHash('sha256').update(String(i)).digest();
  t.ok(offsets((i) => [seed, ROOT, i]).size > 180, 'every slot another time');
  t.ok(
    offsets((i) => [seed, bytes(i), 5]).size > 180,
    'whoever knows the seed does not know the root before',
  );
  t.ok(offsets((i) => [bytes(i), ROOT, 5]).size > 180, 'whoever knows the root does not know the seed');
  for (const cadence of [2, 5, 60, 3600, 86_400])
    t.ok(2 * slotLength(cadence) <= cadence, `two looks are never more than ${cadence} s apart`);
  t.equal(slotLength(1), 1);
});

t.test('seeds: committed to before, revealed when no slot of them is left', async (t) => {
  const seeds = new Seeds(new Uint8Array(32).fill(9), SUBJECT, epochLength(270));
  t.equal(seeds.epoch, 86_400);
  t.equal(epochLength(86_401), 172_800, 'an epoch is no shorter than a slot');
  const days = [0, 1, 2, 3].map((day) => seeds.told(START + day * 86_400));
  for (const [i, today] of days.entries()) {
    const later = days[i + 1];
    if (later !== undefined) t.same(today.next, later.seedCommitment, 'tomorrow is fixed today');
    const shown = days[i + 2]?.revealed;
    if (shown !== undefined)
      t.same(
        createHash('sha256').update(shown).digest('hex'),
        today.seedCommitment.toHex(),
        'and shown the day after',
      );
  }
  t.not(seeds.seedAt(START).toHex(), seeds.seedAt(START + 86_400).toHex());
  t.not(
    new Seeds(new Uint8Array(32).fill(9), 'other', 86_400).seedAt(START).toHex(),
    seeds.seedAt(START).toHex(),
  );
});

t.test('detection of a violation, by its length', async (t) => {
  t.equal(detection(0, 100), 0);
  t.equal(detection(200, 100), 1);
  t.ok(Math.abs(detection(100, 100) - 5 / 6) < 1e-12);
  // The same by trying: one look anywhere in each slot, a violation that begins anywhere.
  let state = 1;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (const length of [10, 50, 90, 130, 190]) {
    let seen = 0;
    for (let i = 0; i < 20_000; i++) {
      const begin = random() * 100;
      const looks = [0, 100, 200].map((start) => start + random() * 100);
      if (looks.some((at) => at >= begin && at < begin + length)) seen++;
    }
    t.ok(Math.abs(seen / 20_000 - detection(length, 100)) < 0.012, `${length}`);
  }
});

t.test('a proof: challenge, chain, and what the agent keeps', async (t) => {
  const world = await agentWorld(t);
  const declared = await world.commit(SUBJECT, [
    claimOf('on'),
    claimOf('deep', { params: new Map([['depth', 3]]) }),
  ]);
  const nonce = new Uint8Array(20).fill(5);
  const task = await world.task(declared, { nonce });
  const made = await prove(world.agent, task);
  const proof = proofOf(made.statement);
  t.match(proof, { seq: 0, prev: undefined, challenge: { nonce, size: 2, root: task.head.root } });
  // The toy calls its attachment signed, and no registry says what its targets would sign: so the agent saw it, no more.
  const explain = 'nothing is known of what is signed for toy@1';
  t.match(proof.results, [
    { claim: 'on', verdict: 'PROVEN', evidence: 'E1', explain },
    { claim: 'deep', verdict: 'PROVEN', evidence: 'E1', explain },
  ]);
  const [first, second] = world.toy.tasks;
  const expected = createHash('sha256')
    .update(task.head.root)
    .update(Buffer.from(declared.entry.id, 'hex'))
    .update(nonce)
    .digest('hex');
  t.equal(
    first?.challenge.toHex(),
    expected,
    'SHA-256(root ‖ commitment ‖ nonce): the auditor made part of it',
  );
  t.equal(second?.params.get('depth'), 3);
  t.equal(first?.params.get('depth'), 1, 'the default');
  const other = challengeOf(task.head.root, digest(new Uint8Array(32)), nonce);
  t.not(other.toHex(), expected, 'and for another commitment it is another');

  const kept = world.agent.spool.storedById(made.id);
  const tree = decodeObserved(kept?.observed ?? new Uint8Array());
  const { observations } = proof;
  if (observations === undefined) throw new Error('no observations');
  t.same(tree.root, observations.root, 'what was kept opens what was logged');
  verifyOpening(openLeaf(tree, 1), { root: observations.root, count: observations.count });

  const again = proofOf((await prove(world.agent, await world.task(declared))).statement);
  t.match(again, { seq: 1, prev: digest(Buffer.from(made.id, 'hex')) });
  t.not(again.challenge.nonce.toHex(), proof.challenge.nonce.toHex());
  const { delivered } = await deliver(world.log, world.agent.spool, world.agent.signing);
  t.same(
    delivered.map(({ seq }) => seq),
    [0, 1],
  );
  t.equal(world.agent.spool.waitingCount(), 0);
});

t.test('a directory is of one log: that of its first proof, else of its head', async (t) => {
  const world = await agentWorld(t);
  const { store } = world.agent;
  t.same([store.origin(), store.head()], [undefined, undefined]);
  const other = { origin: 'a.example', size: 1, root: ROOT };
  store.setHead(other);
  t.same([store.origin(), store.head()], [other.origin, other]);
  const declared = await world.commit(SUBJECT, [claimOf('on')]);
  await prove(world.agent, await world.task(declared));
  const head = await world.log.head();
  store.setHead(head);
  t.same([store.origin(), store.head()], [head.origin, head], 'also where another log left a head');
});

t.test('crashes: no number twice, no gap, nothing lost', async (t) => {
  const world = await agentWorld(t);
  const declared = await world.commit(SUBJECT, [claimOf('on')]);
  const next = async (): Promise<void> => void (await prove(world.agent, await world.task(declared)));

  // While it looks: nothing was signed.
  world.toy.instead = () => Promise.reject(new Error('power cut'));
  const { probeDeps } = world.agent;
  const aborting = new AbortController();
  aborting.abort(new Error('power cut'));
  await t.rejects(
    prove(
      { ...world.agent, probeDeps: { ...probeDeps, signal: aborting.signal } },
      await world.task(declared),
    ),
    /power cut/,
  );
  world.toy.instead = undefined;
  world.reopen();
  t.equal(world.agent.spool.waitingCount(), 0);

  // After signing, before storing.
  const failing = {
    ...world.agent.signing.signer,
    sign: () => Promise.reject(new Error('power cut')),
  };
  await t.rejects(
    prove(
      { ...world.agent, signing: { ...world.agent.signing, signer: failing } },
      await world.task(declared),
    ),
  );
  world.reopen();
  t.equal(world.agent.spool.link(world.agent.signing.kid, SUBJECT), undefined);

  // After storing, before sending.
  await next();
  world.reopen();
  t.equal(world.agent.spool.waitingCount(), 1);
  await next();

  // The log has it, and the agent never heard so.
  world.log.deaf = true;
  const first = await deliver(world.log, world.agent.spool, world.agent.signing);
  t.match(first, { delivered: [], away: { code: 'unavailable' } });
  t.equal(world.log.proofs().length, 1);
  world.reopen();
  await deliver(world.log, world.agent.spool, world.agent.signing);
  t.equal(world.log.proofs().length, 2, 'sent again, and logged once');

  // Heard so, and died before noting it.
  await next();
  const [waiting] = world.agent.spool.waiting();
  await world.log.submit(waiting?.statement ?? new Uint8Array());
  world.reopen();
  await checkChain(world.log, world.agent.spool, { kid: world.agent.signing.kid, subject: SUBJECT }, false);
  await next();
  await deliver(world.log, world.agent.spool, world.agent.signing);
  t.same(
    world.log.proofs().map(({ proof }) => proof.seq),
    [0, 1, 2, 3],
  );
});

t.test('what a log says without showing it ends nobody', async (t) => {
  const world = await agentWorld(t);
  const declared = await world.commit(SUBJECT, [claimOf('on')]);
  const { spool, signing } = world.agent;
  await prove(world.agent, await world.task(declared));
  const codes = [
    'chain-broken',
    'bad-signature',
    'proof-failed',
    'malformed-receipt',
    'unknown-signer',
    'bad-request',
  ] as const;
  for (const code of codes) {
    Object.assign(world.log, { submit: () => Promise.reject(refuse(code, 'says whoever answers')) });
    t.match(await deliver(world.log, spool, signing), { delivered: [], refused: [], away: {} }, code);
    t.equal(spool.waitingCount(), 1, `${code}: what was proven is kept`);
  }
  for (const code of ['inconsistent', 'corrupt-store'] as const) {
    Object.assign(world.log, { submit: () => Promise.reject(refuse(code, 'found here')) });
    await t.rejects(deliver(world.log, spool, signing), { code });
  }
  Reflect.deleteProperty(world.log, 'submit');
  t.match(await deliver(world.log, spool, signing), { delivered: [{}], away: undefined });
});

t.test('the daemon: whatever answers in place of the log is waited out', async (t) => {
  for (const code of [
    'malformed-note',
    'unknown-signer',
    'proof-failed',
    'bad-request',
    'not-found',
    'too-large',
  ] as const) {
    const world = await agentWorld(t);
    await world.commit(SUBJECT, [claimOf('on', { cadence: 60 })]);
    const { pass, events } = running(world);
    await pass(60);
    Object.assign(world.log, { head: () => Promise.reject(refuse(code, 'a page')) });
    await pass(200);
    t.ok(
      events.some(({ kind }) => kind === 'away'),
      code,
    );
    Reflect.deleteProperty(world.log, 'head');
    await pass(600);
    t.ok(
      events.some(({ kind }) => kind === 'back'),
      `${code}: and goes on`,
    );
    t.equal(world.agent.spool.waitingCount(), 0);
  }
});

t.test('two processes in one directory take different places', async (t) => {
  const world = await agentWorld(t);
  const declared = await world.commit(SUBJECT, [claimOf('on')]);
  const one = world.agent;
  const two = world.reopen();
  const task = await world.task(declared);
  await Promise.all([one, two, one, two, one, two].map((agent) => prove(agent, task)));
  await deliver(world.log, two.spool, two.signing);
  t.same(
    world.log.proofs().map(({ proof }) => proof.seq),
    [0, 1, 2, 3, 4, 5],
  );
  const unlock = lockAgent(world.dir);
  t.throws(() => lockAgent(world.dir), { code: 'locked' }, 'but one daemon');
  unlock();
  lockAgent(world.dir)();
});

t.test('a chain that somebody else continued', async (t) => {
  const world = await agentWorld(t);
  const declared = await world.commit(SUBJECT, [claimOf('on')]);
  const { spool, signing } = world.agent;
  const chain = { kid: signing.kid, subject: SUBJECT };
  await prove(world.agent, await world.task(declared));
  await prove(world.agent, await world.task(declared));
  // The thief, with the same key.
  const [stolen] = spool.waiting();
  const theirs = { ...proofOf(stolen?.statement ?? new Uint8Array()), nextDue: START + 9999 };
  world.log.add(await ownStatement('proof', SUBJECT, encodeProof(theirs), people.agent));
  await t.rejects(deliver(world.log, spool, signing), { code: 'chain-broken' });
  await t.rejects(checkChain(world.log, spool, chain, false), { code: 'chain-broken' });
  t.equal(spool.waitingCount(), 2, 'nothing is thrown away unasked');
  await checkChain(world.log, spool, chain, true);
  t.equal(spool.waitingCount(), 0);
  const made = await prove(world.agent, await world.task(declared));
  t.equal(made.seq, 1, 'after the one in the log');
  t.equal((await deliver(world.log, spool, signing)).delivered.length, 1);
});

t.test('what may be touched', async (t) => {
  const world = await agentWorld(t);
  const rules = readRules(
    [{ subject: 'prod/**', probe: 'toy', targets: ['host.example:*'], maxPerHour: 2, secrets: { a: 'b' } }],
    'targets.yaml',
  );
  world.reopen({ rules });
  const elsewhere = claimOf('elsewhere', { params: new Map([['target', 'other.example:1']]) });
  const declared = await world.commit(SUBJECT, [claimOf('on'), elsewhere]);
  const results = async (): Promise<unknown> =>
    proofOf((await prove(world.agent, await world.task(declared))).statement);
  t.match(await results(), {
    results: [
      { claim: 'on', verdict: 'PROVEN' },
      { claim: 'elsewhere', verdict: 'UNKNOWN' },
    ],
    errors: [{ code: 'target-not-enrolled', claim: 'elsewhere', message: /nothing was sent there/ }],
  });
  t.equal(world.toy.tasks.length, 1, 'it was never contacted');
  t.equal(await world.toy.tasks[0]?.secret('a'), 'secret in b');
  t.equal(await world.toy.tasks[0]?.secret('c'), undefined);
  await results();
  t.match(await results(), { errors: [{ code: 'target-limit', claim: 'on' }, {}] }, 'two an hour, no more');
  world.clock.now += 3_601_000;
  t.match(await results(), { results: [{ verdict: 'PROVEN' }, {}] });

  t.equal(ruleFor(rules, 'test/db', 'toy@1', LOCATOR), undefined, 'another subject');
  t.equal(ruleFor(rules, SUBJECT, 'toys@1', LOCATOR), undefined, 'another probe');
  t.equal(
    ruleFor([operatorRule(['[::1]:443'])], 'any', 'any@1', '[::1]:443')?.probe,
    '*',
    'a target is no pattern',
  );
  // Whoever may log commitments writes the targets: what matches must be what the probe will touch.
  const within: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
    [
      '*.example.com:443',
      ['a.example.com:443'],
      ['127.0.0.2:8443#.example.com:443', 'u@b.example.com:443', 'b?.example.com:443'],
    ],
    ['https://127.0.0.1:*', ['https://127.0.0.1:8443'], ['https://127.0.0.1:x@127.0.0.2:8443']],
    [
      'http://*.example.com/**',
      ['http://a.example.com/b/c?d=e', 'http://a.example.com/'],
      [
        'http://127.0.0.2:80#.example.com/',
        'http://127.0.0.2?.example.com/x',
        String.raw`http://127.0.0.2\.example.com/x`,
      ],
    ],
    ['http://**.example.com', ['http://a.b.example.com'], ['http://127.0.0.2/.example.com']],
    [
      'http://a:*/public/**',
      ['http://a:80/public/x'],
      ['http://a:80/public/../admin', 'http://a:80/public/..%2fadmin', 'http://a:80/public/%2e%2E/admin'],
    ],
    ['/srv/*', ['/srv/a', '/srv/a..b'], ['/srv/..', '/srv/.', '/srv/a/../../etc']],
    ['/srv/**', ['/srv/a/b/', '/srv/a_b'], ['/srv/../etc', '/srv//etc', '/srv/a\0/b']],
    [
      '/opt/collect/*',
      ['/opt/collect/a'],
      ['/opt/collect/../../bin/sh', '/opt/collect/a -x', '["/opt/collect/a"]'],
    ],
    ['/opt/collect/* --host *', ['/opt/collect/a --host b'], ['/opt/collect/a --host b c']],
    ['/opt/collect/** **', ['/opt/collect/a', '/opt/collect/a x /y'], ['/opt/collect/../a x']],
    ['**', ['a:1', 'https://a/b', '/srv/a'], ['/srv/../a', 'a:1#b']],
  ];
  for (const [written, yes, no] of within) {
    const aimed = readRules([{ subject: SUBJECT, probe: 'toy', targets: [written] }], 'targets.yaml');
    const lets = (target: string): boolean => ruleFor(aimed, SUBJECT, 'toy@1', target) !== undefined;
    t.same(
      yes.filter((target) => !lets(target)),
      [],
      `${written} lets these through`,
    );
    t.same(no.filter(lets), [], `${written} stops these`);
  }

  const bad: readonly (readonly [unknown, RegExp])[] = [
    [{}, /expected a list/],
    [['x'], /rule 1: expected a map/],
    [[{ subject: 'a', probe: 'b', targets: ['c'], maxPerHours: 1 }], /no field maxPerHours/],
    [[{ subject: 'a', probe: 'b', targets: [] }], /targets/],
    [[{ subject: 'a', probe: 'b', targets: ['c'], maxPerHour: 0 }], /maxPerHour/],
    [[{ subject: 1, probe: 'b', targets: ['c'] }], /subject/],
    [[{ subject: 'a', probe: 'b', targets: ['c'], secrets: { d: 1 } }], /secrets\.d/],
  ];
  for (const [value, says] of bad)
    t.throws(() => readRules(value, 'f'), { code: 'config-invalid', message: says });
  t.same(readRules(null, 'f'), []);
});

t.test('probes that fail, hang, lie or overflow', async (t) => {
  const world = await agentWorld(t);
  const bugs: unknown[] = [];
  const agent = {
    ...world.agent,
    probeDeps: { ...world.agent.probeDeps, onBug: (error: unknown) => bugs.push(error) },
  };
  const declared = await world.commit(SUBJECT, [
    claimOf('on'),
    claimOf('absent', { probe: 'gone@1' }),
    claimOf('odd', { params: new Map([['width', 3]]) }),
    claimOf('typed', { params: new Map([['depth', 'x']]) }),
  ]);
  const errors = async (instead: AgentWorld['toy']['instead']): Promise<readonly (string | undefined)[]> => {
    world.toy.instead = instead;
    const { results, errors: told = [] } = proofOf(
      (await prove(agent, await world.task(declared))).statement,
    );
    t.ok(results.every(({ verdict }) => verdict === 'UNKNOWN'));
    return told.map(({ code }) => code);
  };
  const rest = ['unknown-probe', 'config-invalid', 'config-invalid'];
  t.same(
    await errors(() => new Promise(() => undefined)),
    ['request-timeout', ...rest],
    'deaf to the signal too',
  );
  t.same(await errors(() => Promise.reject(new Refusal('unavailable', 'nobody\u001b[31m'))), [
    'unavailable',
    ...rest,
  ]);
  t.equal(bugs.length, 0);
  t.same(await errors(() => Promise.reject(new TypeError('x'))), ['probe-failed', ...rest]);
  t.equal(bugs.length, 1, 'a bug is told');
  const empty = { grades: [], attachments: [], contradictions: [], bytes: 0 };
  const population = { source: 'x', total: 1, sampled: 1, method: 'all' };
  t.same(await errors(async () => ({ ...empty, population, value: { on: 'x'.repeat(70_000) } })), [
    'too-large',
    ...rest,
  ]);
  // What no proof can hold is not known, with the reason; what other probes saw stands.
  const many = { ...population, total: 50, sampled: 50 };
  world.toy.instead = async ({ params }) =>
    params.get('depth') === 2
      ? { ...empty, population, value: { on: true } }
      : { ...empty, population: many, value: { on: true } };
  const deep = claimOf('deep', { params: new Map([['depth', 2]]) });
  const both = await world.commit('prod/both', [claimOf('on'), deep]);
  const mixed = proofOf((await prove(agent, await world.task(both))).statement);
  t.match(mixed.results, [{ verdict: 'UNKNOWN' }, { verdict: 'PROVEN' }]);
  t.match(mixed.errors, [
    { code: 'malformed-payload', message: /fewer observations than the 50 sampled/, claim: 'on' },
  ]);
  // Bigger than an entry: the evidence is kept, and named by its digest.
  const data = new Uint8Array(20_000).fill(1);
  world.toy.instead = async () => ({
    ...empty,
    population,
    value: { on: true, long: 'y'.repeat(2_000) },
    grades: [{ path: '', evidence: 'E3', attachments: [0, 1] }],
    attachments: [
      { mediaType: 'application/a', data },
      { mediaType: 'application/b', data: data.slice(1).fill(2) },
    ],
  });
  const only = await world.commit('prod/other', [claimOf('on')]);
  const policy = {
    ...(await world.log.policy()),
    document: policyDocumentOf({ limits: { entryBytes: 30_000 } }),
  };
  const { attachments = [] } = proofOf((await prove(agent, await world.task(only, { policy }))).statement);
  t.equal(attachments.length, 2);
  const byDigest = attachments.filter((each) => each.data === undefined);
  t.ok(byDigest.length > 0);
  for (const each of byDigest)
    t.equal(agent.spool.kept(each.digest?.toHex() ?? '')?.data.length, each.size, 'nothing of it is lost');
});

t.test('an agent does not prove what it committed to itself, and not backwards in time', async (t) => {
  const world = await agentWorld(t);
  const declared = await world.commit(SUBJECT, [claimOf('on')]);
  world.reopen({ signer: people.author });
  await t.rejects(prove(world.agent, await world.task(declared)), { code: 'own-commitment' });
  world.reopen();
  await prove(world.agent, await world.task(declared));
  world.clock.now -= 3_600_000;
  await t.rejects(prove(world.agent, await world.task(declared)), { code: 'clock-behind' });
  t.equal(world.agent.spool.waitingCount(), 1);
});

interface Running {
  readonly daemon: Daemon;
  readonly events: AgentEvent[];
  /** Lets time pass, second by second. */
  readonly pass: (seconds: number) => Promise<void>;
}

function running(world: AgentWorld, change: Partial<DaemonParts> = {}): Running {
  const events: AgentEvent[] = [];
  const daemon = new Daemon({
    agent: world.agent,
    log: world.log,
    subjects: ['prod/**'],
    assertMayProve: () => undefined,
    budget: Infinity,
    heartbeat: 3600,
    pollMs: 10_000,
    random: () => 0.5,
    sleep: () => Promise.resolve(),
    tell: (event) => void events.push(event),
    ...change,
  });
  const pass = async (seconds: number): Promise<void> => {
    const end = world.clock.now + seconds * 1000;
    while (world.clock.now < end) {
      const wake = await daemon.step();
      world.clock.now = Math.min(end, Math.max(world.clock.now + 1000, Math.ceil(wake / 1000) * 1000));
    }
  };
  return { daemon, events, pass };
}

t.test('a full disk is waited for, and nothing that was signed is lost', async (t) => {
  const world = await agentWorld(t);
  t.equal(statSync(join(world.dir, 'agent.db')).mode & 0o777, 0o600, 'it holds salts');
  const many = Array.from({ length: 40 }, (_, i) => claimOf(`claim-${i}`));
  await world.commit(SUBJECT, many);
  const pages: unknown = world.db.pragma('page_count', { simple: true });
  world.db.pragma(`max_page_count = ${String(pages)}`);
  const stop = new AbortController();
  const pauses: number[] = [];
  const { daemon, events } = running(world, {
    sleep: async (ms) => {
      pauses.push(ms);
      if (pauses.length === 2) {
        t.same(world.log.proofs(), [], 'what cannot be kept is not sent');
        world.db.pragma('max_page_count = 100000');
      }
      if (pauses.length === 3) stop.abort();
    },
  });
  await daemon.run(stop.signal);
  t.same(pauses.slice(0, 2), [1500, 3000], 'longer each time');
  const kinds = events.map(({ kind }) => kind);
  t.same(kinds, ['stuck', 'stuck', 'proven', 'delivered']);
  t.match(events[0], { why: /agent\.db cannot be used \(SQLITE_FULL\): .*unsent proofs are in it/ });
  t.match(
    world.log.proofs().map(({ proof }) => proof.seq),
    [0],
    'the chain has no gap',
  );
  const broken = mkdtempSync(join(world.dir, 'broken-'));
  writeFileSync(join(broken, 'agent.db'), 'no database'.repeat(1000));
  t.throws(() => openAgentDatabase(broken), { code: 'corrupt-store' });
});

t.test('the daemon: one proof in each slot, none late, heartbeats between', async (t) => {
  const world = await agentWorld(t);
  await world.commit(SUBJECT, [claimOf('on', { cadence: 600 }), claimOf('daily', { cadence: 86_400 })]);
  const { pass } = running(world);
  await pass(4 * 3600);
  const proofs = world.log.proofs().map(({ proof }) => proof);
  const of = (id: string) => proofs.filter(({ results }) => results.some(({ claim }) => claim === id));
  const slots = of('on').flatMap(({ results }) =>
    results.flatMap(({ claim, slot }) => (claim === 'on' && slot !== undefined ? [slot] : [])),
  );
  t.ok(slots.length >= 50, `${slots.length} slots of 270 s`);
  const seeds = world.agent.seedsOf(SUBJECT, await world.commit(SUBJECT, [claimOf('on')], {}));
  for (const [i, { number, due, actual, beacon }] of slots.entries()) {
    t.equal(number, (slots[0]?.number ?? 0) + i, 'each slot once');
    t.ok(actual >= due && (actual - due <= 1 || i === 0), 'on time, but the one that it began in');
    const slot = slotAt(due, 270);
    t.equal(slot.number, number);
    t.equal(
      dueIn(slot, seeds.seedAt(slot.start), digest(beacon?.root ?? new Uint8Array())),
      due,
      'recomputed',
    );
  }
  const starts = of('on').map(({ window }) => window.start);
  for (const [i, at] of starts.entries())
    if (i > 0) t.ok(at - (starts[i - 1] ?? 0) < 600, 'never further apart than the cadence');
  const proven = proofs.map(({ window, nextDue }) => ({ window, nextDue }));
  for (const [i, { nextDue }] of proven.entries()) {
    const next = proven[i + 1];
    if (next !== undefined) t.ok(next.window.end <= nextDue, 'what was promised was kept');
  }
});

t.test('readers recompute the slots: who keeps them is never accused, who chooses is', async (t) => {
  const world = await agentWorld(t);
  const claim = claimOf('on', { cadence: 7200 });
  const declared = await world.commit(SUBJECT, [claim]);
  const { pass } = running(world, { pollMs: 600_000 });
  await pass(86_400);
  world.log.away = true;
  await pass(20_000);
  world.log.away = false;
  await pass(86_400);
  await world.deploy(SUBJECT, declared.entry.id);
  await pass(2 * 86_400);
  const entries = world.log.entries.map(({ bytes, parsed, time }, index) => ({
    index,
    id: entryId(entryIdOf(bytes)),
    time,
    parsed,
  }));
  /** `i`: of the proofs that have a result, NaN of heartbeats. */
  const audit = (
    change: (proof: RuntimeProof, i: number) => RuntimeProof | undefined,
    asked = claim,
  ): Sampling => {
    let i = 0;
    const told = entries.flatMap((entry): readonly SubjectEntry[] => {
      if (entry.parsed.kind !== 'proof') return [entry];
      const proof = change(entry.parsed.proof, entry.parsed.proof.results.length > 0 ? i++ : NaN);
      return proof === undefined ? [] : [{ ...entry, parsed: { ...entry.parsed, proof } }];
    });
    const isHead = (size: number, root: Uint8Array): boolean =>
      sha256(...world.log.entries.slice(0, size).map(({ bytes }) => bytes)).toHex() === digest(root).toHex();
    const [sampling] = samplingOf(asked, declared, historyOf(told), isHead);
    if (sampling === undefined) throw new Error('nobody proved it');
    return sampling;
  };
  const honest = audit((proof) => proof);
  const { missed, late, outside, faults } = honest;
  t.same({ missed, late, outside, faults }, { missed: [], late: [], outside: [], faults: [] });
  t.ok(honest.kept > 50 && honest.open > 20, `${honest.kept} recomputed, ${honest.open} not yet`);
  /** The proof of the 20th slot, with another slot. */
  const slotted = (change: Partial<NonNullable<RuntimeProof['results'][number]['slot']>>) =>
    audit((proof, i) => {
      const [result] = proof.results;
      if (i !== 20 || result?.slot === undefined) return proof;
      return { ...proof, results: [{ ...result, slot: { ...result.slot, ...change } }] };
    });
  const { slot } =
    entries.flatMap(({ parsed }) => (parsed.kind === 'proof' ? parsed.proof.results : []))[20] ?? {};
  if (slot === undefined) throw new Error('the 20th has a slot');
  t.match(slotted({ due: slot.due + 600, actual: slot.actual + 600 }).faults, [
    /was due at .*: it chose its moment/,
  ]);
  t.match(slotted({ actual: slot.due - 1 }).faults, [/was not made in its slot/]);
  const made = { size: 3, root: digest(new Uint8Array(32)) };
  t.match(slotted({ beacon: made }).faults, [/a beacon that the log did not have then/]);
  t.same(slotted({ actual: slot.actual + 90 }).late, [slot.actual + 90], 'told, and no fault');
  const skipping = audit((proof, i) => (i === 20 || i === 21 ? undefined : proof));
  t.match(skipping, { missed: { length: 2 }, faults: [] });
  t.ok((skipping.missed[0] ?? 0) < (skipping.missed[1] ?? 0), 'oldest first');
  // Who says that it looked at the end of time, keeps no reader busy until then.
  const [early, atLast] = [1_800_057_600, 250_000_041_600];
  const own = new Seeds(new Uint8Array(32), SUBJECT, 86_400);
  const times = [early, early + 2 * 86_400, atLast, atLast + 2 * 86_400];
  let looks = 0;
  const endless = audit(
    (proof) => {
      const [result] = proof.results;
      const start = result?.slot === undefined ? undefined : times[looks++];
      if (start === undefined || result?.slot === undefined) return undefined;
      const slot = { ...result.slot, number: start + 5 };
      return {
        ...proof,
        window: { start, end: start },
        sampling: own.told(start),
        results: [{ ...result, slot }],
      };
    },
    { ...claim, cadence: 1 },
  );
  t.equal(endless.missed.length, 10_000);
  t.same([endless.missed[0], endless.missed.at(-1)], [early + 86_400 - 9_995, atLast + 4]);
  const bare = audit((proof, i) => {
    const [result] = proof.results;
    if (![20, 21, 22].includes(i) || result === undefined) return proof;
    const { slot: _, ...rest } = result;
    return { ...proof, results: [rest] };
  });
  t.match(bare, { missed: { length: 3 }, outside: { length: 3 }, faults: [] });
  const sampling = (change: (told: NonNullable<RuntimeProof['sampling']>) => RuntimeProof['sampling']) =>
    audit(({ sampling: told, ...proof }) => {
      const changed = told && change(told);
      return changed === undefined ? proof : { ...proof, sampling: changed };
    });
  t.match(
    sampling((told) => ({ ...told, revealed: new Uint8Array(32) })).faults,
    { 0: /the seed that it revealed of .* is not the one committed to/ },
    'a seed made up later',
  );
  t.match(sampling(({ seedCommitment }) => ({ seedCommitment })).faults, { 0: /it did not reveal the seed/ });
  t.match(sampling((told) => ({ ...told, seedCommitment: digest(new Uint8Array(32)) })).faults, {
    0: /it changed the seed/,
  });
  t.match(
    sampling(() => undefined),
    { kept: 0, faults: [] },
    'who commits to nothing shows nothing',
  );
});

t.test('the daemon: heartbeats, deployments, a new commitment', async (t) => {
  const world = await agentWorld(t);
  const declared = await world.commit(SUBJECT, [claimOf('daily', { cadence: 86_400, deadline: 300 })]);
  const { pass } = running(world, { heartbeat: 600 });
  await pass(1900);
  const beats = world.log.proofs().map(({ proof }) => proof);
  t.match(beats[0]?.results, [{ claim: 'daily', verdict: 'PROVEN' }], 'at once the first time');
  t.ok(
    beats.slice(1).filter(({ results }) => results.length === 0).length >= 2,
    'and then it sends a heartbeat',
  );
  const before = beats.length;
  await world.deploy(SUBJECT, declared.entry.id);
  const deployed = world.clock.now / 1000;
  await pass(30);
  const answer = world.log.proofs()[before]?.proof;
  t.match(answer?.results, [{ claim: 'daily' }]);
  t.ok(
    (answer?.window.start ?? 0) >= deployed && (answer?.window.end ?? 0) <= deployed + 30,
    'within seconds',
  );
  await pass(60);
  t.equal(world.log.proofs().length, before + 1, 'once');
  const { id } = declared.entry;
  // A slot of the usual ten minutes may begin within the half minute below, and be proven too.
  const rare = { cadence: 86_400 };
  const next = await world.commit(SUBJECT, [claimOf('daily', rare), claimOf('more', rare)], {
    supersedes: digest(Buffer.from(id, 'hex')),
  });
  await pass(30);
  t.match(world.log.proofs().at(-1)?.proof, {
    commitment: digest(Buffer.from(next.entry.id, 'hex')),
    seq: before + 1,
    results: [{ claim: 'daily' }, { claim: 'more' }],
  });
});

t.test('the daemon: what has nothing to be proven is told once, and when it has', async (t) => {
  const world = await agentWorld(t);
  const { pass, events } = running(world, { subjects: ['web/typo', 'prod/*', 'dev/*'] });
  const told = () => events.splice(0).filter(({ kind }) => kind === 'idle' || kind === 'begun');
  await world.commit('dev/a', [claimOf('on')]);
  await pass(60);
  t.same(told(), [
    { kind: 'idle', subject: 'web/typo' },
    { kind: 'idle', subject: 'prod/*' },
  ]);
  await world.commit('prod/b', [claimOf('on')], { approvals: 1 });
  await pass(60);
  t.same(told(), [{ kind: 'idle', subject: 'prod/b' }], 'it waits for its approval');
  for (const subject of ['web/typo', 'dev/c']) await world.commit(subject, [claimOf('on')]);
  await pass(60);
  t.same(told(), [
    { kind: 'begun', subject: 'web/typo' },
    { kind: 'begun', subject: 'dev/c' },
  ]);
});

t.test('the daemon: the log is away', async (t) => {
  const world = await agentWorld(t);
  await world.commit(SUBJECT, [claimOf('on', { cadence: 60 })]);
  const first = running(world);
  await first.pass(60);
  const before = world.log.proofs().length;
  world.log.away = true;
  await first.pass(300);
  const waiting = world.agent.spool.waitingCount();
  t.ok(waiting >= 8, `${waiting} proofs are kept`);
  const retries = first.events.flatMap((event) => (event.kind === 'away' ? [event.retryMs] : []));
  t.ok(retries.length >= 3 && retries.length < 12, 'asked less and less often');
  t.same(
    retries,
    retries.toSorted((a, b) => a - b),
  );
  // Started again while the log is still away.
  world.reopen();
  const second = running(world);
  await second.pass(120);
  t.ok(world.agent.spool.waitingCount() > waiting, 'it works from what it knew');
  world.log.away = false;
  await second.pass(600);
  t.equal(world.agent.spool.waitingCount(), 0);
  const seqs = world.log.proofs().map(({ proof }) => proof.seq);
  t.same(
    seqs,
    seqs.map((_, i) => i),
    'all of them, in order',
  );
  t.ok(seqs.length > before + waiting);
  t.ok(second.events.some(({ kind }) => kind === 'back'));
});

t.test('the daemon: with a directory that knows nothing, an absent log is waited for', async (t) => {
  const world = await agentWorld(t);
  await world.commit(SUBJECT, [claimOf('on')]);
  world.log.away = true;
  const { pass } = running(world);
  await pass(100);
  t.equal(world.agent.spool.waitingCount(), 0, 'a chain that nobody looked up is not begun');
  world.log.away = false;
  await pass(200);
  t.match(world.log.proofs()[0]?.proof, { seq: 0, results: [{ verdict: 'PROVEN' }] });
});

t.test('the daemon: CPU runs out', async (t) => {
  t.equal(budgetUs(10), 36_000_000, '1 % of a core is 36 s an hour');
  t.equal(fits('critical-path', 90, 10, 100), true);
  t.equal(fits('critical-path', 91, 10, 100), false);
  t.equal(fits('background', 45, 10, 100), false);
  const world = await agentWorld(t);
  world.toy.cpu = 1_000_000;
  await world.commit('prod/critical', [claimOf('on')], { tier: 'critical-path' });
  await world.commit(
    'prod/rest',
    [claimOf('on'), claimOf('low', { severity: 'low', params: new Map([['depth', 2]]) })],
    {
      tier: 'background',
    },
  );
  const { pass, events } = running(world, { budget: 30_000_000 });
  await pass(3600);
  const of = (subject: string) => world.log.proofs().filter((each) => each.subject === subject);
  const skipped = of('prod/rest').flatMap(({ proof }) =>
    (proof.errors ?? []).filter(({ code }) => code === 'budget'),
  );
  t.ok(skipped.length > 0, 'what was left out is said');
  t.ok(of('prod/critical').every(({ proof }) => proof.errors === undefined));
  t.ok(of('prod/critical').length >= 13, 'what matters most goes on');
  t.ok(skipped.every(({ message }) => message.includes('background')));
  t.ok(world.toy.spent <= 30_000_000, `${world.toy.spent} µs`);
  t.ok(events.some(({ kind }) => kind === 'skipped'));
  const honest = of('prod/rest').every(({ proof }) =>
    (proof.errors ?? []).every(({ claim }) => !proof.results.some((each) => each.claim === claim)),
  );
  t.ok(honest, 'and not judged');
});

t.test('the daemon: claims that share a look share its cost', async (t) => {
  const world = await agentWorld(t);
  world.toy.cpu = 1_000_000;
  const claims = [claimOf('a', { severity: 'critical' }), claimOf('b'), claimOf('c', { severity: 'low' })];
  const declared = await world.commit(SUBJECT, claims, { tier: 'critical-path' });
  const { pass } = running(world, { budget: 2_500_000 });
  await pass(600);
  const [first, second, third] = world.log.proofs().map(({ proof }) => proof);
  const proven = (proof: RuntimeProof | undefined): readonly string[] =>
    (proof?.results ?? []).map(({ claim }) => claim).toSorted();
  t.same(proven(first), ['a', 'b', 'c']);
  t.same(proven(second), ['a', 'b', 'c'], 'what one look saw is told of all that it answers');
  t.match(third, { results: [], errors: [{ claim: 'a' }, { claim: 'b' }, { claim: 'c' }] }, 'or of none');

  const other = [...claims, claimOf('daily', { cadence: 86_400 }), claimOf('deep', { params: DEEP })];
  const costs = world.agent.store.costs('toy@1', LOCATOR);
  const runs = runsOf(groupClaims(other, declared.declaration));
  const plans = other.map((claim) => planOf(claim, { of: runs.get(claim.id) ?? '', cost: costs }, []));
  t.match(plans, [
    { claim: 'a', sameRun: undefined, cost: { cpuUs: 1_000_000 } },
    { claim: 'b', sameRun: 'a', cost: undefined, coreParts: undefined },
    { claim: 'c', sameRun: 'a', cost: undefined },
    { claim: 'daily', sameRun: undefined, cost: { runs: 2 } },
    { claim: 'deep', sameRun: undefined, cost: { runs: 2 } },
  ]);
});

t.test('the daemon: a key that is not enrolled, and one that somebody else has', async (t) => {
  const world = await agentWorld(t);
  await world.commit(SUBJECT, [claimOf('on')]);
  let known = false;
  const { pass, events } = running(world, {
    assertMayProve: () => {
      if (!known) throw new Refusal('unknown-key', 'not enrolled');
    },
  });
  await pass(100);
  t.match(events, [{ kind: 'barred', subject: SUBJECT, refusal: { code: 'unknown-key' } }], 'told once');
  t.equal(world.agent.spool.waitingCount(), 0, 'nothing is signed that would be refused');
  known = true;
  const declared = await world.commit('prod/other', [claimOf('on')]);
  await pass(100);
  t.same(new Set(world.log.proofs().map(({ subject }) => subject)), new Set([SUBJECT, 'prod/other']));
  const thief = proofOf((await prove(world.agent, await world.task(declared))).statement);
  const [waiting] = world.agent.spool.waiting();
  const theirs = encodeProof({ ...thief, nextDue: thief.nextDue + 1 });
  world.log.add(await ownStatement('proof', 'prod/other', theirs, people.agent));
  t.ok(waiting);
  await t.rejects(pass(20), { code: 'chain-broken' }, 'that ends it');
});
