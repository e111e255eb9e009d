/** Notaries over a log in memory with a clock of its own: what they log and when, what fails, what is no notice. */
import t from 'tap';
import { refuse } from '#src/bytes/refusal.ts';
import { entryId, leafIndex, treeSize } from '#src/bytes/brand.ts';
import { Fullest } from '#src/notary/fullest.ts';
import { MOST_OPENED } from '#src/notary/noticed.ts';
import { notaryTrust, type Notary } from '#src/notary/notary.ts';
import { openWitnessed } from '#src/registration/notices.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { NotaryWorld, START, trustOf, WITNESSES, witnessOf } from '../support/notary-world.ts';
import { people } from '../support/world.ts';
import { seedSigner } from '../support/seed-signer.ts';

const HOUR = 3600;
const MINUTE = 60;

/** Steps every minute for so long, the log publishing its head each time. Returns the minutes in which notices came. */
async function pass(
  w: NotaryWorld,
  notaries: readonly Notary[],
  minutes: number,
  each = () => {},
): Promise<number[]> {
  const wrote: number[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    each();
    await w.publish();
    const before = w.notices.length;
    for (const notary of notaries) await notary.step();
    if (w.notices.length > before) wrote.push(minute);
    w.now += MINUTE;
  }
  return wrote;
}

t.test('every hour on a log that grows, with all cosignatures', async (t) => {
  const w = await NotaryWorld.start();
  const notary = w.notary();
  t.strictSame(await pass(w, [notary], 181, () => w.grow(1)), [0, 60, 120, 180]);
  for (const index of w.notices) {
    const parsed = parseStatement(w.log.entries[index] ?? new Uint8Array());
    if (parsed.kind !== 'notice' || parsed.notice.topic !== 'witnessed') throw new Error('no notice');
    const { checkpoint, cosignatures } = openWitnessed(index, parsed.notice, w.trust);
    t.equal(cosignatures.length, 3);
    t.equal(checkpoint.size, index, 'the newest head');
    t.same(checkpoint.root, w.log.root(index));
  }
  t.match(notary.status, { written: 4, failures: 0, fault: undefined, last: { time: START + 3 * HOUR } });
  t.strictSame(w.warnings, []);
});

t.test('every ten minutes where a cadence is below two hours, until it is not', async (t) => {
  const w = await NotaryWorld.start();
  const notary = w.notary();
  await w.commit('a', 2 * HOUR);
  t.strictSame(await pass(w, [notary], 61, () => w.grow(1)), [0, 60]);
  await w.commit('b', 2 * HOUR - 1);
  t.strictSame(await pass(w, [notary], 21, () => w.grow(1)), [9, 19]);
  await w.commit('c', 60);
  await w.commit('b', 2 * HOUR);
  t.strictSame(await pass(w, [notary], 11, () => w.grow(1)), [8], 'another subject has one still');
  await w.commit('c', 2 * HOUR);
  t.strictSame(await pass(w, [notary], 60, () => w.grow(1)), [57]);
});

t.test('an idle log gets one a day', async (t) => {
  const w = await NotaryWorld.start();
  const notary = w.notary();
  t.strictSame(await pass(w, [notary], 3 * 24 * 60 + 1), [0, 1440, 2880, 4320]);
  t.equal(w.log.entries.length, 5, 'one entry and four notices');
  w.grow(1);
  t.strictSame(await pass(w, [notary], 61), [59], 'and something is covered within the hour');
});

t.test('after each policy, at once', async (t) => {
  const w = await NotaryWorld.start();
  const notary = w.notary();
  await pass(w, [notary], 5);
  await w.policy({ requireAudience: true });
  t.strictSame(await pass(w, [notary], 30), [0]);
});

t.test('a restart writes none, several write one, and a monitor stands in', async (t) => {
  const w = await NotaryWorld.start();
  w.grow(5);
  const first = w.notary();
  t.strictSame(await pass(w, [first], 30, () => w.grow(1)), [0]);
  const again = Array.from({ length: 5 }, () => w.notary());
  t.strictSame(await pass(w, again, 29, () => w.grow(1)), [], 'all of them read the log');
  const monitors = [15, 20, 25].map((minutes) => w.notary({ lateness: minutes * MINUTE }));
  t.strictSame(
    await pass(w, [first, ...monitors], 62, () => w.grow(1)),
    [1, 61],
    'the log itself is on time',
  );
  t.strictSame(
    monitors.map(({ status }) => status.written),
    [0, 0, 0],
  );
  t.strictSame(await pass(w, monitors, 160, () => w.grow(1)), [74, 149], 'the log itself is gone');
  t.strictSame(
    monitors.map(({ status }) => status.written),
    [2, 0, 0],
    'one of them stands in',
  );
  t.equal(monitors[2]?.status.last?.index, w.notices.at(-1));
});

t.test('no quorum, no notice', async (t) => {
  const w = await NotaryWorld.start();
  const notary = w.notary();
  await notary.step();
  t.strictSame(w.notices, [], 'nothing is published');
  for (const by of [[], WITNESSES.slice(0, 1), [witnessOf('x'), witnessOf('y')]]) {
    await w.publish(by);
    await notary.step();
    t.strictSame(w.notices, []);
  }
  await w.publish(WITNESSES.slice(1));
  await notary.step();
  t.equal(w.notices.length, 1);
});

t.test('a failure is kept, told once, tried again later, and ends nothing', async (t) => {
  const w = await NotaryWorld.start();
  const notary = w.notary();
  w.refusal = refuse('unknown-key', 'key ab is not enrolled');
  const tries: number[] = [];
  let before = 0;
  for (let minute = 0; minute < 60; minute++) {
    await w.publish();
    await notary.step();
    if (notary.status.failures > before) tries.push(minute);
    before = notary.status.failures;
    w.now += MINUTE;
  }
  t.strictSame(tries, [0, 1, 3, 7, 15, 25, 35, 45, 55], 'doubled, up to ten minutes');
  t.match(notary.status, { written: 0, last: undefined, fault: /unknown-key.*key ab is not enrolled/ });
  t.equal(w.warnings.length, 1);
  w.refusal = new TypeError('a bug');
  w.now += 10 * MINUTE;
  await notary.step();
  t.match(notary.status.fault, /\(failed\): a bug/);
  w.refusal = undefined;
  w.now += 10 * MINUTE;
  await notary.step();
  t.match(notary.status, { written: 1, fault: undefined });
  t.match(w.warnings, [/unknown-key/, /a bug/, /logged again: entry 1/]);
});

t.test('notices that are no evidence silence nobody', async (t) => {
  const stranger = seedSigner('ed25519', new Uint8Array(32).fill(9));
  const attacks: [string, (w: NotaryWorld) => Promise<unknown>][] = [
    ['a head without quorum', async (w) => w.say(await w.head(WITNESSES.slice(0, 1)))],
    ['a head that strangers cosigned', async (w) => w.say(await w.head([witnessOf('x'), witnessOf('y')]))],
    [
      'a head of the future',
      async (w) => w.say(await w.head(WITNESSES, { size: 1e6, root: new Uint8Array(32) })),
    ],
    ['a key of nobody', async (w) => w.say(await w.head(WITNESSES.slice(2)), stranger)],
  ];
  for (const [what, attack] of attacks) {
    const w = await NotaryWorld.start();
    w.grow(10);
    await attack(w);
    const notary = w.notary();
    await w.publish();
    await notary.step();
    t.equal(notary.status.written, 1, what);
  }
});

t.test('replayed heads do not make a notary write more', async (t) => {
  const w = await NotaryWorld.start();
  const old = await w.head();
  const notary = w.notary();
  w.grow(3);
  await pass(w, [notary], 1);
  let n = 0;
  const replays = async (): Promise<void> => {
    await w.say(old, seedSigner('ed25519', new Uint8Array(32).fill(++n)));
  };
  for (let minute = 0; minute < 20; minute++) {
    await replays();
    await w.publish();
    await notary.step();
    w.now += MINUTE;
  }
  t.equal(notary.status.written, 1);
  const again = w.notary();
  await again.step();
  t.equal(again.status.written, 0, 'nor after a restart');
});

t.test('a flood of 100,000 notices costs a bounded time', async (t) => {
  const w = await NotaryWorld.start();
  const index = await w.say(await w.head(WITNESSES.slice(0, 1)));
  const entry = w.log.entries[index] ?? new Uint8Array();
  const size = 100_000;
  let opened = 0;
  let pages = 0;
  const notary = w.notary({
    reader: {
      head: () => ({ ...w.reader.head(), size: treeSize(size) }),
      search: async ({ kind, before = size, limit }) => {
        pages++;
        const from = Math.max(0, before - limit);
        const at = (i: number) => ({ ...ROW, index: leafIndex(from + i) });
        const rows =
          kind === 'notice' ? Array.from({ length: before - from }, (_, i) => at(i)).toReversed() : [];
        return { rows, next: from === 0 || kind !== 'notice' ? undefined : from };
      },
      entry: async (key) => {
        opened++;
        return { ...ROW, index: leafIndex(Number(key)), bytes: entry };
      },
    },
  });
  await w.publish();
  await notary.step();
  t.equal(opened, MOST_OPENED);
  t.ok(pages < 10, `${pages} pages`);
  t.equal(notary.status.written, 1, 'and silences nobody');
  await notary.step();
  t.equal(opened, MOST_OPENED, 'nor is it read again');
});
const ROW = {
  id: entryId('00'.repeat(32)),
  kind: 'notice',
  subject: '',
  issuer: '',
  kid: '',
  time: 0,
} as const;

t.test('whose cosignatures count', async (t) => {
  t.equal(notaryTrust(trustOf([], 0)), undefined, 'no witnesses, no notices');
  const any = notaryTrust(trustOf(WITNESSES, 0));
  if (any === undefined) throw new Error('there are witnesses');
  const w = await NotaryWorld.start();
  const notary = w.notary({ trust: () => any });
  await w.publish([]);
  await notary.step();
  t.equal(w.notices.length, 0);
  await w.publish(WITNESSES.slice(0, 1));
  await notary.step();
  t.equal(w.notices.length, 1, 'without a quorum, any witness');
  t.equal(notaryTrust(w.trust), w.trust);
});

t.test('the fullest of the checkpoints of the last half minute', async (t) => {
  const w = await NotaryWorld.start();
  const [two, three, newer] = [
    await w.head(WITNESSES.slice(1)),
    await w.head(),
    await w.head(WITNESSES.slice(1)),
  ];
  const fullest = new Fullest();
  t.equal(fullest.note, undefined);
  for (const [note, at, expected] of [
    [two, 0, two],
    [three, 10, three],
    [newer, 20, three],
    [newer, 30_009, three],
    [newer, 30_010, newer],
    [two, 30_020, two],
  ] as const) {
    fullest.offer(note, at);
    t.equal(fullest.note, expected, `at ${at}`);
  }
});

t.test('its key is revoked: nothing is logged, and the monitor stands in', async (t) => {
  const w = await NotaryWorld.start();
  w.grow(1);
  const own = w.notary({ log: async () => Promise.reject(refuse('unknown-key', 'key ab was revoked')) });
  const monitor = w.notary({ lateness: 15 * MINUTE, log: async (note) => w.say(note, people.monitor) });
  t.strictSame(await pass(w, [own, monitor], 20), [15]);
  t.match(own.status.fault, /revoked/);
});
