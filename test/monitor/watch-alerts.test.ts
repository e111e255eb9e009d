/** Alerts of a watch are delivered at least once: through outages of receiver and log, deaths of the watch, and floods of one claim. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openClient } from '#src/client/client.ts';
import { HeadsInMemory } from '#src/client/memory.ts';
import { trustKeys } from '#src/client/trust.ts';
import { MOST_ABOUT_ONE, WatchState } from '#src/monitor/watch/state.ts';
import { parseVkey } from '#src/note/key.ts';
import { HOOK, HOUR, SeeWorld, SUBJECT, type Watching } from '../support/see-world.ts';
import { BASE } from '../support/served-log.ts';
import { people, vkeys } from '../support/world.ts';

const violated = { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } as const;

/** A log with a receiver of alerts, and what opens a watch that posts to it. */
async function alerted(
  t: Test,
): Promise<{ w: SeeWorld; watch: (change?: Parameters<SeeWorld['watch']>[0]) => Promise<Watching> }> {
  const w = await SeeWorld.start(t);
  const webhookSecretFile = join(w.dir, 'secret');
  writeFileSync(webhookSecretFile, `whsec_${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  return { w, watch: (change = {}) => w.watch({ webhook: HOOK, webhookSecretFile, ...change }) };
}

const told = ({ posted }: SeeWorld): readonly string[] =>
  posted.map(({ body: { type, data } }) => {
    const verdict = typeof data === 'object' ? (data['verdict'] ?? data['code']) : undefined;
    return `${typeof type === 'string' ? type : ''} ${verdict}`;
  });

t.test('a receiver that is away for three watches gets all, once each, in order', async (t) => {
  const { w, watch } = await alerted(t);
  const commitment = await w.commit();
  w.hookStatus = 503;
  const waited: number[] = [];
  const steps = [
    () => w.prove(commitment, violated),
    () => w.prove(commitment),
    () => w.prove(commitment, violated),
  ];
  for (const step of steps) {
    w.now += 60;
    await step();
    const opened = await watch();
    waited.push((await opened.once()).undelivered);
    await opened.close();
  }
  t.strictSame(waited, [1, 2, 3]);
  const tried = w.posted.length;
  w.hookStatus = 204;
  w.now += HOUR / 2;
  const opened = await watch();
  t.match(await opened.once(), { changes: [], undelivered: 0 }, 'nothing is new');
  await opened.close();
  t.strictSame(told(w).slice(tried), [
    'claim.failed VIOLATED',
    'claim.recovered PROVEN',
    'claim.failed VIOLATED',
  ]);
  t.equal(new Set(w.posted.map(({ id }) => id)).size, 3, 'the same id at each try');
});

t.test('what waits is sent when a watch starts, though its log is away', async (t) => {
  const { w, watch } = await alerted(t);
  await w.prove(await w.commit(), violated);
  w.hookStatus = 503;
  const first = await watch();
  await first.once();
  await first.close();
  w.hookStatus = 204;
  w.away = true;
  w.now += HOUR;
  const second = await watch();
  await t.rejects(second.once(), { code: 'unavailable' });
  await second.close();
  t.strictSame(told(w), ['claim.failed VIOLATED', 'claim.failed VIOLATED'], 'and an outage is no lie');
  const third = await watch();
  w.asleep = () => void third.close();
  t.equal(await third.start(), undefined);
  t.match(third.remarks, [/cannot be looked at: .*; trying again$/]);
});

t.test('a watch that dies while it tells tells again, and one that told does not', async (t) => {
  const { w, watch } = await alerted(t);
  await w.prove(await w.commit(), violated);
  const dying = await watch({
    onChange: () => {
      throw new Error('killed');
    },
  });
  await t.rejects(dying.once(), /killed/);
  await dying.close();
  t.equal(w.posted.length, 0);
  for (const changes of [1, 0]) {
    const opened = await watch();
    t.equal((await opened.once()).changes.length, changes);
    await opened.close();
  }
  t.strictSame(told(w), ['claim.failed VIOLATED']);
});

t.test('a waiver that ends is another alert, as often as that happens', async (t) => {
  const { w, watch } = await alerted(t);
  const commitment = await w.commit();
  await w.prove(commitment, violated);
  for (let i = 0; i < 2; i++) {
    for (const [seconds, act] of [
      [1, async () => undefined],
      [1, () => w.waive(commitment, { notAfter: w.now + 100 })],
      [100, async () => undefined],
    ] as const) {
      w.now += seconds;
      await act();
      const opened = await watch();
      await opened.once();
      await opened.close();
    }
  }
  t.strictSame(told(w), [
    'claim.failed VIOLATED',
    'claim.waived WAIVED',
    'claim.failed VIOLATED',
    'claim.waived WAIVED',
    'claim.failed VIOLATED',
  ]);
  t.equal(new Set(w.posted.map(({ id }) => id)).size, 5, 'receivers take none for one that they had');
  t.match(
    w.posted[1]?.body,
    { type: 'claim.waived', data: { hidden: 'VIOLATED' } },
    'with what the waiver hides',
  );
  await w.waive(commitment, { notAfter: w.now + 100 });
  for (const act of [async () => undefined, () => w.prove(commitment)]) {
    w.now += 1;
    await act();
    const opened = await watch();
    await opened.once();
    await opened.close();
  }
  t.strictSame(told(w).slice(5), ['claim.waived WAIVED', 'claim.recovered PROVEN'], 'mended under a waiver');
});

t.test('another watch that sees the same change gives it the same name', async (t) => {
  const { w, watch } = await alerted(t);
  await w.prove(await w.commit(), violated);
  for (const dir of ['one', 'two']) {
    const opened = await watch({ dir: join(w.dir, dir) });
    await opened.once();
    await opened.close();
    w.now += 1;
  }
  const [one, two] = w.posted;
  t.equal(one?.id, two?.id);
  t.match(one?.id, /^claim_[0-9a-f]{40}$/);
});

t.test('a fork that the first look of a run finds is told', async (t) => {
  const { w, watch } = await alerted(t);
  await w.prove(await w.commit());
  const memory = new HeadsInMemory();
  const trust = trustKeys(vkeys.map(parseVkey));
  const client = () => openClient({ log: BASE, trust, fetch: w.fetch, now: () => w.now * 1000, memory });
  const first = await watch({ client: client() });
  await first.once();
  await first.close();
  const last = w.log.entries.pop() ?? new Uint8Array();
  w.log.entries.push(w.log.entries[1] ?? new Uint8Array(), last);
  const second = await watch({ client: client() });
  await t.rejects(second.once(), { code: 'inconsistent' });
  await second.close();
  t.strictSame(told(w), ['watch.ended inconsistent']);
  t.match(second.remarks, ['the webhook was told']);
});

t.test('an alert waits for no notice: the log refuses that, and the receiver hears all', async (t) => {
  const { w, watch } = await alerted(t);
  await w.prove(await w.commit());
  w.now += 3 * HOUR;
  for (let i = 0; i < 2; i++) {
    const opened = await watch({ notary: people.author });
    await t.rejects(opened.once(), { code: 'wrong-role' });
    await opened.close();
  }
  t.strictSame(new Set(told(w)), new Set(['claim.failed STALE', 'watch.ended wrong-role']));
  const opened = await watch({ notary: people.monitor });
  await opened.once();
  t.match(opened.remarks, ['notice logged: entry 3'], 'it was not remembered as told before');
  await opened.close();
});

t.test('one watch of the same at a time', async (t) => {
  const { w, watch } = await alerted(t);
  await w.commit();
  const first = await watch();
  await t.rejects(watch(), { code: 'locked', message: /another watch of the same subjects/ });
  await (await watch({ subjects: [SUBJECT] })).close();
  await first.close();
  await first.close();
  await (await watch()).close();
});

t.test('what is remembered', async (t) => {
  const w = await SeeWorld.start(t);
  const state = WatchState.open(w.dir, 'state');
  t.teardown(() => state.close());
  state.atOnce(() => {
    state.told('b', 'x', 'VIOLATED', true);
    state.told('a', 'x', 'PROVEN');
    state.told('b', 'y', 'STALE');
  });
  t.strictSame([...state.subjects], ['b', 'a'], 'in the order in which they were told');
  state.told('b', 'x', 'UNKNOWN');
  t.ok(state.isAlerted('b', 'x'), 'what is not known takes no alert back');
  t.strictSame(
    [...state.claimsOf('b')],
    [
      ['x', 'UNKNOWN'],
      ['y', 'STALE'],
    ],
  );
  t.throws(() =>
    state.atOnce(() => {
      state.told('c', 'x', 'PROVEN');
      throw new Error('half');
    }),
  );
  t.notOk(state.subjects.has('c'), 'whole or not at all');
  for (const claim of ['x', 'y']) state.told('b', claim, undefined);
  t.strictSame([...state.subjects], ['a']);

  state.add('a', 'x', { name: 'first', body: '{}' }, 0);
  for (let i = 0; i < MOST_ABOUT_ONE + 50; i++) state.add('b', 'y', { name: `b ${i}`, body: '{}' }, 0);
  t.equal(state.waiting, MOST_ABOUT_ONE + 1, 'of a claim that flaps, the newest');
  t.equal(state.outbox.next(0)?.name, 'first', 'and it pushes out nothing of another');
  state.add('a', 'x', { name: 'first', body: '{}' }, 0);
  t.equal(state.waiting, MOST_ABOUT_ONE + 1, 'the same event waits once');
});
