/** Observations that a proof rests on are opened for a reader, against the logged root; and destroyed only by an announced rule. */
import t from 'tap';
import { deliver } from '../../src/agent/deliver.ts';
import { Daemon } from '../../src/agent/daemon.ts';
import { openObservations } from '../../src/agent/opened.ts';
import { announceRetention } from '../../src/agent/retention.ts';
import type { AgentEvent } from '../../src/agent/event.ts';
import { prove } from '../../src/agent/prove.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/bytes/text.ts';
import { checkOpenings, formatOpenings, parseOpenings } from '../../src/declare/openings-file.ts';
import { parseStatement } from '../../src/statement/parse.ts';
import { agentWorld, claimOf, START, type AgentWorld } from '../support/agent-world.ts';

const SUBJECT = 'prod/db';
const DAY = 86_400;
const CLAIM = { claim: undefined, all: false };

/** A world with one logged proof of two claims. */
async function proven(t: Parameters<typeof agentWorld>[0]): Promise<AgentWorld & { readonly id: string }> {
  const world = await agentWorld(t);
  const declared = await world.commit(SUBJECT, [claimOf('on'), claimOf('off', { expr: '!o.toy.on' })]);
  const made = await prove(world.agent, await world.task(declared));
  await deliver(world.log, world.agent.spool, world.agent.signing);
  return Object.assign(world, { id: made.id });
}

t.test('what a claim rests on is opened, and whoever gets it can check it', async (t) => {
  const { agent, id } = await proven(t);
  const opened = openObservations(agent.spool, { id }, { claim: 'off', all: false });
  t.ok(opened.leaves.length > 0);
  t.ok(opened.leaves.every(({ claim }) => claim === 'off'));
  const bySeq = openObservations(agent.spool, { seq: 0, subject: undefined }, { claim: 'off', all: false });
  t.strictSame(bySeq.leaves, opened.leaves, 'the number in the chain names the same proof');
  const whole = openObservations(agent.spool, { id }, { claim: undefined, all: true });
  t.equal(whole.leaves.length, whole.proof.observations?.count);

  const text = formatOpenings(whole.leaves);
  const read = parseOpenings(encodeUtf8(text), 'openings.json');
  const entry = parseStatement(opened.stored.statement);
  const checks = checkOpenings(id, entry, read);
  t.equal(checks.length, whole.leaves.length);
  t.ok(checks.every(({ outcome }) => outcome === 'ok'));
  t.ok(
    checkOpenings('0'.repeat(64), entry, read).every(({ outcome }) => outcome === 'failed'),
    'leaves of another entry',
  );
});

t.test('a leaf that was changed, or given to a claim that does not rest on it, is refused', async (t) => {
  const { agent, id } = await proven(t);
  const { leaves, stored } = openObservations(agent.spool, { id }, { claim: undefined, all: true });
  const entry = parseStatement(stored.statement);
  const [first] = leaves;
  if (first === undefined) throw new Error('no leaf');
  const other = Uint8Array.from([0xf4]);
  for (const change of [
    { opening: { ...first.opening, value: other } },
    { opening: { ...first.opening, path: '/else' } },
    { opening: { ...first.opening, salt: new Uint8Array(16) } },
    { opening: { ...first.opening, index: first.opening.index + 1 } },
    { opening: { ...first.opening, proof: [] } },
    { claim: 'nobody' },
  ])
    t.match(
      checkOpenings(id, entry, [{ ...first, ...change }]),
      [{ outcome: 'failed' }],
      Object.keys(change).join(' '),
    );
  const text = formatOpenings(leaves);
  for (const bad of [
    text.replace('openings.v1', 'openings.v2'),
    text.replace(id, id.slice(2)),
    text.replace('"claim"', '"claims"'),
    '{}',
    '',
  ])
    t.throws(() => parseOpenings(encodeUtf8(bad), 'openings.json'), { code: 'malformed-payload' });
  t.match(decodeUtf8(encodeUtf8(text)), /^\{\n {2}"schema": "tallystick\.openings\.v1",\n {2}"openings": \[/);
});

t.test('what cannot be opened says why', async (t) => {
  const world = await proven(t);
  const { agent, id } = world;
  const refused = (
    wanted: Parameters<typeof openObservations>[1],
    what: { code: string; message?: RegExp },
    claim?: string,
  ): void => {
    t.throws(() => openObservations(agent.spool, wanted, { claim, all: false }), what);
  };
  refused({ id: 'f'.repeat(64) }, { code: 'not-found', message: /made no proof with the entry id/ });
  refused({ seq: 7, subject: SUBJECT }, { code: 'not-found', message: /no proof 7 of prod\/db/ });
  refused({ id }, { code: 'not-found', message: /has no claim nobody; it has on, off/ }, 'nobody');
  const declared = await world.commit(SUBJECT, [claimOf('on')]);
  const waiting = await prove(agent, await world.task(declared));
  refused({ id: waiting.id }, { code: 'not-yet' });
  const second = await world.commit('prod/web', [claimOf('on')]);
  await prove(agent, await world.task(second));
  refused({ seq: 0, subject: undefined }, { code: 'usage', message: /several chains.*prod\/db, prod\/web/ });
  // Somebody changed what was stored.
  world.db
    .prepare('UPDATE proof SET observed = (SELECT observed FROM proof WHERE id = ?) WHERE id = ?')
    .run(waiting.id, id);
  refused({ id }, { code: 'corrupt-store', message: /do not lead to the logged root/ });
});

t.test('nothing is destroyed before its rule was announced, and before the time that it names', async (t) => {
  const world = await proven(t);
  const { agent, id, log } = world;
  const late = START + 500 * DAY;
  t.equal(agent.retention.prune(late, true), 0, 'by default nothing');
  log.away = true;
  const rule = { subjects: [SUBJECT], age: 400 * DAY, from: START + 7 * DAY, reason: 'kept 400 days' };
  const parts = { log, retention: agent.retention, signing: agent.signing };
  await t.rejects(announceRetention(parts, rule), { code: 'unavailable' });
  t.strictSame(agent.retention.rules(), [], 'a rule that was not logged is not in force');
  log.away = false;
  await announceRetention(parts, rule);
  const [{ index } = { index: -1 }] = agent.retention.rules();
  t.match(log.entries[index]?.parsed, { kind: 'notice', subject: SUBJECT, notice: { topic: 'retention' } });
  t.equal(agent.retention.prune(START + 6 * DAY, true), 0, 'not before its time');
  t.equal(agent.retention.prune(START + 399 * DAY, true), 0, 'not before its age');
  t.equal(agent.retention.due(late), 1);
  t.equal(agent.retention.prune(late, true), 1);
  t.throws(() => openObservations(agent.spool, { id }, CLAIM), {
    code: 'not-found',
    message: new RegExp(`pruned by the rule of entry ${index}`),
  });
  t.ok(agent.spool.storedById(id)?.statement, 'the proof stays');
});

t.test('a hold stops it, and proofs that are not logged keep their observations', async (t) => {
  const world = await proven(t);
  const { agent, log } = world;
  const parts = { log, retention: agent.retention, signing: agent.signing };
  await announceRetention(parts, { subjects: [SUBJECT], age: DAY, from: START, reason: 'a day' });
  await announceRetention(parts, { subjects: [SUBJECT], age: undefined, from: START, reason: 'litigation' });
  t.equal(agent.retention.prune(START + 30 * DAY, true), 0);
  await announceRetention(parts, { subjects: [SUBJECT], age: DAY, from: START, reason: 'a day again' });
  const declared = await world.commit(SUBJECT, [claimOf('on')]);
  const waiting = await prove(agent, await world.task(declared));
  t.equal(agent.retention.prune(START + 30 * DAY, true), 1, 'the logged one');
  t.ok((agent.spool.storedById(waiting.id)?.observed.length ?? 0) > 0);
});

t.test('a running agent destroys once an hour, and says so', async (t) => {
  const world = await proven(t);
  const { agent, log, clock } = world;
  const parts = { log, retention: agent.retention, signing: agent.signing };
  await announceRetention(parts, { subjects: [SUBJECT], age: DAY, from: START, reason: 'a day' });
  const told: AgentEvent[] = [];
  const daemon = new Daemon({
    agent,
    log,
    subjects: [SUBJECT],
    assertMayProve: () => undefined,
    budget: 3_600_000_000,
    heartbeat: 86_400,
    pollMs: 60_000,
    random: () => 0.5,
    sleep: async () => undefined,
    tell: (event) => void told.push(event),
  });
  clock.now = (START + 3 * DAY) * 1000;
  await daemon.step();
  t.match(
    told.filter(({ kind }) => kind === 'pruned'),
    [{ kind: 'pruned', count: 1 }],
  );
});

t.test('what was destroyed is not in the files any more', async (t) => {
  const { readdirSync, readFileSync } = await import('node:fs');
  const world = await proven(t);
  const { agent, log, id, dir } = world;
  const observed = agent.spool.storedById(id)?.observed.slice(0, 40) ?? new Uint8Array();
  const holds = (): boolean =>
    readdirSync(dir).some((name) => readFileSync(`${dir}/${name}`).includes(Buffer.from(observed)));
  t.ok(holds());
  const parts = { log, retention: agent.retention, signing: agent.signing };
  await announceRetention(parts, { subjects: [SUBJECT], age: DAY, from: START, reason: 'a day' });
  agent.retention.prune(START + 3 * DAY, true);
  t.notOk(holds());
});
