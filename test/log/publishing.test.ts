/**
 * The publisher and its witnesses, without processes and without waiting: slow, dead and flapping
 * witnesses, answers that are none, back-off, budgets, refreshing. Alarms are in witness-alarms.test.ts.
 */
import t from 'tap';
import { treeSize } from '../../src/bytes/brand.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/bytes/text.ts';
import { WitnessState } from '../../src/log/witnessstate.ts';
import { PUBLISHER_TIMING } from '../../src/log/publishing.ts';
import { cosign, openCheckpoint, parseCheckpoint } from '../../src/note/checkpoint.ts';
import { parseAddCheckpoint } from '../../src/note/addcheckpoint.ts';
import { formatVkey, type NoteSigner } from '../../src/note/key.ts';
import { formatSignatures, parseNote } from '../../src/note/note.ts';
import { openTrusted } from '../../src/note/trust.ts';
import {
  cosigners,
  last,
  logs,
  named,
  never,
  sizesOf,
  settle,
  stands,
  START,
  Tree,
  type Witness,
  world,
  logKeys,
} from '../support/witnessed-world.ts';
import { seedSigner } from '../support/seed-signer.ts';

t.test('the quorum publishes; a late answer is added to the same text', async (t) => {
  const w = world(['a', 'b', 'c'], 'group g 2 a b c\nquorum g');
  const gate = Promise.withResolvers<undefined>();
  named(w, 'c').behave = () => gate.promise;
  await w.offer(5);
  t.same(sizesOf(w), [5], 'without waiting for the third');
  t.equal(last(w).at, 0, 'at once');
  t.same(cosigners(last(w).note, w.policy), ['a', 'b']);
  t.equal(w.publisher.fault, undefined);
  t.match(w.publisher.status(), { quorum: 'g', met: true });
  await w.clock.pass(3000);
  gate.resolve(undefined);
  await settle();
  t.same(sizesOf(w), [5, 5]);
  t.same(cosigners(last(w).note, w.policy), ['a', 'b', 'c'], 'ML-DSA-44 among them');
  t.equal(parseNote(last(w).note).text, parseNote(w.published[0]?.note ?? '').text, 'the same text');
  t.equal(w.kept.length, 2, 'each was kept');
  t.same(
    w.witnesses.map(({ asked }) => asked.length),
    [1, 1, 1],
  );
});

t.test('a witness that never answers delays nothing, and is asked once', async (t) => {
  const w = world(['a', 'b'], 'quorum a');
  named(w, 'b').behave = () => never;
  for (let size = 2; size < 12; size++) {
    await w.offer(size);
    await w.clock.pass(1000);
  }
  t.same(sizesOf(w), [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  t.equal(named(w, 'b').asked.length, 1, 'one request is under way');
  const closing = w.publisher.close();
  await w.clock.pass(10);
  await closing;
  t.equal(last(w).size, 11);
});

t.test('at most one round a second, for the newest head, however many there are', async (t) => {
  const w = world(['a'], 'quorum a');
  for (let i = 0; i < 50; i++) {
    await w.offer(2 + i);
    await w.clock.pass(100);
  }
  await w.clock.pass(1000);
  const { asked } = named(w, 'a');
  for (const [i, at] of asked.entries()) t.ok(i === 0 || at - (asked[i - 1] ?? 0) >= 1000, `asked at ${at}`);
  t.equal(asked.length, 6);
  t.equal(last(w).size, 51);
  t.ok(
    sizesOf(w).every((size, i, all) => i === 0 || size > (all[i - 1] ?? 0)),
    'never back',
  );
});

t.test('witnesses that are needed and slow: every round ends on one note', async (t) => {
  const w = world(['a', 'b'], 'group g all a b\nquorum g');
  const slow: (() => void)[] = [];
  named(w, 'b').behave = () => new Promise((resolve) => slow.push(() => resolve(undefined)));
  for (let i = 0; i < 12; i++) {
    await w.offer(2 + i);
    await w.clock.pass(1000);
    if (i % 3 === 2) slow.shift()?.();
    await settle();
  }
  t.ok(sizesOf(w).length >= 3, `published ${sizesOf(w).join(' ')}`);
  for (const { note } of w.published) t.same(cosigners(note, w.policy), ['a', 'b']);
  t.equal(named(w, 'b').mostInFlight, 1);
});

t.test('a dead witness is left alone for longer and longer, with jitter', async (t) => {
  const w = world(['a', 'b'], 'quorum a', { random: () => 0.5 });
  const b = named(w, 'b');
  b.behave = () => new Response('', { status: 500 });
  await w.offer(2);
  await w.clock.pass(3_600_000);
  const pauses = b.asked.slice(1).map((at, i) => at - (b.asked[i] ?? 0));
  t.same(pauses.slice(0, 6), [1500, 2000, 3000, 5000, 9000, 17_000]);
  t.same(pauses.slice(-3), [300_000, 300_000, 300_000], 'five minutes at most');
  t.ok(b.asked.length < 25, `${b.asked.length} requests in an hour`);
  t.match(w.publisher.status().witnesses[1], {
    name: 'b',
    cosignatures: 0,
    failures: b.asked.length,
    behind: 2,
  });
  t.equal(w.warnings.filter((text) => text === 'witness b: it answered 500').length, b.asked.length);

  const state = (random: number): number => {
    const made = new WitnessState(w.policy.witnesses, PUBLISHER_TIMING);
    for (let i = 0; i < 4; i++) made.failed('', 0, { random, needed: false });
    return made.readyAt;
  };
  t.same([state(0), state(0.999)].map(Math.round), [1000, 8992], 'full jitter');
});

t.test('a witness that the quorum needs is asked again within half a minute', async (t) => {
  const w = world(['a'], 'quorum a', { random: () => 0.999 });
  const a = named(w, 'a');
  a.behave = () => {
    throw new TypeError('connection refused');
  };
  await w.offer(2);
  t.match(w.publisher.fault, /quorum is not met: a: .*cannot be reached/);
  t.match(w.publisher.status(), { met: false });
  await w.clock.pass(1_800_000);
  t.ok(a.asked.slice(1).every((at, i) => at - (a.asked[i] ?? 0) <= 30_000));
  t.same(w.published, [], 'nothing is published');
  a.behave = () => undefined;
  await w.clock.pass(30_000);
  t.same(sizesOf(w), [2]);
  t.equal(w.publisher.fault, undefined);
});

t.test('a round that took longer than the interval is followed by the next at once', async (t) => {
  const w = world(['a', 'b'], 'quorum a');
  const gate = Promise.withResolvers<undefined>();
  named(w, 'a').behave = () => gate.promise;
  await w.offer(2);
  await w.offer(3);
  await w.clock.pass(3000);
  t.same(w.published, []);
  gate.resolve(undefined);
  await w.clock.pass(10);
  t.same([...new Set(sizesOf(w))], [2, 3], 'without another event');
});

t.test('a clock that moves while it is read', async (t) => {
  for (const creep of [0.01, 0.3, 7]) {
    const w = world(['a', 'b'], 'group g all a b\nquorum g', { timing: { refreshMs: 20_000 } });
    w.clock.creep = creep;
    for (let size = 2; size < 40; size++) {
      await w.offer(size);
      await w.clock.pass(1013);
    }
    await w.clock.pass(2000);
    t.equal(last(w).size, 39);
    t.ok(new Set(sizesOf(w)).size > 30, `${new Set(sizesOf(w)).size} heads with ${creep} ms a look`);
    const before = named(w, 'a').asked.length;
    await w.clock.pass(25_000);
    t.ok(named(w, 'a').asked.length > before, 'and refreshes');
  }
});

t.test('Retry-After is respected, within bounds', async (t) => {
  const w = world(['a', 'b'], 'quorum a');
  const [a, b] = [named(w, 'a'), named(w, 'b')];
  a.behave = () => new Response('', { status: 429, headers: { 'retry-after': '20' } });
  b.behave = () => new Response('', { status: 503, headers: { 'retry-after': '999999999' } });
  await w.offer(2);
  await w.clock.pass(299_000);
  t.equal(a.asked[1], 20_000);
  t.equal(b.asked.length, 1);
  await w.clock.pass(2000);
  t.equal(b.asked.length, 2, 'not for ever');
});

t.test('no witness is sent more than its budget in any minute', async (t) => {
  const w = world(['a'], 'quorum a', { timing: { perMinute: 5 } });
  const a = named(w, 'a');
  a.size = 1;
  for (let i = 0; i < 100; i++) {
    await w.offer(2 + i);
    await w.clock.pass(3000);
  }
  for (const from of a.asked)
    t.ok(a.asked.filter((at) => at >= from && at < from + 60_000).length <= 5, `from ${from}`);
  t.ok(sizesOf(w).length >= 20, `${sizesOf(w).length} rounds`);
  t.ok(last(w).size > 90);
});

t.test('the second request after a 409 is in the budget too', async (t) => {
  const w = world(['a'], 'quorum a', { timing: { perMinute: 7, refreshMs: 1000 } });
  const a = named(w, 'a');
  // It forgets what it cosigned, so that every question takes two requests.
  a.behave = () => void (a.size = a.asked.length % 2 === 1 ? 1 : a.size);
  for (let i = 0; i < 120; i++) {
    await w.offer(3 + i);
    await w.clock.pass(1000);
  }
  for (const from of a.asked)
    t.ok(a.asked.filter((at) => at >= from && at < from + 60_000).length <= 7, `from ${from}`);
  t.ok(sizesOf(w).length > 3);
});

t.test('409: the size is adopted, whatever it is, and the proof starts there', async (t) => {
  const w = world(['a', 'b'], 'group g all a b\nquorum g');
  named(w, 'a').size = 3;
  named(w, 'b').size = 7;
  named(w, 'b').behave = (witness, body) =>
    parseAddCheckpoint(body).old === witness.size
      ? undefined
      : stands(witness.size, 'Text/X.tlog.size; charset=utf-8');
  await w.offer(7);
  t.same(cosigners(last(w).note, w.policy), ['a', 'b']);
  t.same(
    w.witnesses.map(({ asked }) => asked.length),
    [2, 2],
  );
  await w.clock.pass(1000);
  await w.offer(9);
  t.same(
    w.witnesses.map(({ asked }) => asked.length),
    [3, 3],
    'remembered',
  );
  named(w, 'a').size = 0;
  await w.clock.pass(1000);
  await w.offer(10);
  t.equal(last(w).size, 10, 'a witness that lost its state begins again');
  t.same(w.alarms, []);
});

t.test('a witness ahead of the round but not of the log is asked for the next one', async (t) => {
  const w = world(['a'], 'quorum a');
  w.grow(9);
  const a = named(w, 'a');
  a.size = 8;
  w.publisher.offer(await w.tree.note(5), await w.tree.head(5));
  await settle();
  t.equal(a.asked.length, 1);
  t.same(w.alarms, [], 'this log has signed that much itself');
  await w.clock.pass(1000);
  await w.offer(9);
  t.same(sizesOf(w), [9]);
});

/** Replies that hold no cosignature. */
async function worthless(
  witness: Witness,
  body: Uint8Array,
): Promise<readonly (readonly [string, Response])[]> {
  const { checkpoint } = parseAddCheckpoint(body);
  const parsed = parseCheckpoint(parseNote(checkpoint).text);
  const other: NoteSigner = { ...witness.signer, signer: seedSigner('ed25519', new Uint8Array(32).fill(99)) };
  const good = await cosign(parsed, witness.signer, START);
  const reply = (...lines: Parameters<typeof formatSignatures>[0]): Response =>
    new Response(formatSignatures(lines));
  const flipped = good.blob.map((byte, i) => (i === 40 ? byte ^ 1 : byte));
  return [
    ['another key under its name', reply({ ...(await cosign(parsed, other, START)), id: good.id })],
    ['another key', reply(await cosign(parsed, other, START))],
    ['a flipped bit', reply({ ...good, blob: flipped })],
    [
      'another tree',
      reply(await cosign({ ...parsed, size: treeSize(parsed.size + 1) }, witness.signer, START)),
    ],
    ['no time', reply(await cosign(parsed, witness.signer, 0))],
    ['a time beyond all clocks', reply({ ...good, blob: good.blob.with(0, 0xff) })],
    ['a short blob', reply({ ...good, blob: good.blob.subarray(0, 20) })],
    ['nothing', new Response('')],
    ['a page', new Response('<html>200 OK</html>')],
    ['too much', new Response('x'.repeat(1_000_000))],
    ['bytes', new Response(Buffer.alloc(1000, 0xff))],
    ['the note itself', new Response(Buffer.from(checkpoint))],
    ['201', new Response(formatSignatures([good]), { status: 201 })],
    ['a redirect', new Response(null, { status: 307, headers: { location: 'http://elsewhere.example/' } })],
    ['no size', stands('')],
    ['a size in words', stands('seven')],
    ['a size with zeros', stands('007')],
    ['no number that is', stands('9'.repeat(40))],
    ['a negative size', stands(-1)],
    ['another size each time', stands(Math.floor(parsed.size / 2))],
    ['404', new Response('', { status: 404 })],
    ['403', new Response('', { status: 403 })],
    ['500', new Response('\u001b[2J\n', { status: 500 })],
  ];
}

t.test('what is not a cosignature is never published', async (t) => {
  const sample = world(['a', 'b'], 'quorum a');
  await sample.offer(6);
  const names = await worthless(
    named(sample, 'b'),
    encodeUtf8(`old 0\n\n${decodeUtf8(await sample.tree.note(6))}`),
  );
  for (const [i, [name]] of names.entries()) {
    const w = world(['a', 'b'], 'quorum a');
    named(w, 'b').behave = async (witness, body) => (await worthless(witness, body))[i]?.[1];
    await w.offer(6);
    t.same(cosigners(last(w).note, w.policy), ['a'], name);
    t.match(w.publisher.status().witnesses[1], { failures: 1, cosignatures: 0 }, name);
    t.same(w.publisher.alarms, [], name);
    t.ok(
      w.warnings.every((text) => /^witness b: .{10,400}$/u.test(text)),
      w.warnings.join(),
    );
  }
});

t.test('unknown lines beside a cosignature are left out', async (t) => {
  const w = world(['a', 'b'], 'quorum a');
  named(w, 'a').behave = async (witness, body) => {
    const lines = await (await witness.honest(body)).text();
    const parsed = parseCheckpoint(parseNote(parseAddCheckpoint(body).checkpoint).text);
    return new Response(
      formatSignatures([await cosign(parsed, { ...witness.signer, name: 'spam' }, 5)]) + lines,
    );
  };
  await w.offer(3);
  t.equal(openCheckpoint(last(w).note, { logKeys }).unknown.length, 2, 'the witnesses alone');
  t.notMatch(decodeUtf8(last(w).note), /spam/);
});

t.test('flapping witnesses: the quorum meets on one note whenever it can', async (t) => {
  const w = world(['a', 'b', 'd'], 'group g 2 a b d\nquorum g');
  let x = 1;
  for (const witness of w.witnesses)
    witness.behave = () => {
      x = (x * 48_271) % 2_147_483_647;
      return x % 3 === 0 ? new Response('', { status: 502 }) : undefined;
    };
  for (let i = 0; i < 60; i++) {
    await w.offer(2 + i);
    await w.clock.pass(1000);
  }
  for (const { note } of w.published) t.ok(cosigners(note, w.policy).length >= 2);
  t.ok(new Set(sizesOf(w)).size > 30, `${new Set(sizesOf(w)).size} heads`);
  t.ok(w.witnesses.every(({ mostInFlight }) => mostInFlight === 1));
  t.same(w.alarms, []);
});

t.test('an idle log asks again for the same head', async (t) => {
  const w = world(['a', 'b'], 'quorum a', { timing: { refreshMs: 600_000 } });
  await w.offer(4);
  await w.clock.pass(1000);
  const times = ({ note }: { note: Uint8Array }): readonly number[] =>
    openTrusted(note, { ...w.policy, logs }).cosignatures.map(({ time }) => time - START);
  t.same(times(last(w)), [0, 0]);
  await w.clock.pass(600_000);
  t.same(times(last(w)), [600, 600]);
  t.equal(parseNote(last(w).note).text, parseNote(w.published[0]?.note ?? '').text);
  t.same(
    w.witnesses.map(({ asked }) => asked.length),
    [2, 2],
  );
  named(w, 'b').behave = () => new Response('', { status: 500 });
  await w.clock.pass(600_000);
  t.same(times(last(w)), [1200, 600], 'the old line stays where no new one comes');
  t.equal(w.publisher.fault, undefined);
  named(w, 'a').behave = (witness, body) => witness.honest(body, START + 5);
  const count = w.published.length;
  await w.clock.pass(600_000);
  t.same([w.published.length, times(last(w))], [count, [1200, 600]], 'an older line is not taken');
});

t.test('quorum none: published at once, cosignatures are added when they come', async (t) => {
  const w = world(['a', 'b'], 'quorum none');
  const gate = Promise.withResolvers<undefined>();
  named(w, 'a').behave = () => gate.promise;
  named(w, 'b').behave = () => new Response('', { status: 500 });
  await w.offer(4);
  t.same(
    w.published.map(({ size, at }) => [size, at]),
    [[4, 0]],
  );
  t.same(cosigners(last(w).note, w.policy), []);
  t.match(w.publisher.status(), { quorum: undefined, met: true });
  gate.resolve(undefined);
  await settle();
  t.same(sizesOf(w), [4, 4]);
  t.same(cosigners(last(w).note, w.policy), ['a']);
  const late = Promise.withResolvers<undefined>();
  named(w, 'a').behave = () => late.promise;
  await w.clock.pass(1000);
  await w.offer(5);
  await w.offer(6);
  late.resolve(undefined);
  await settle();
  t.same(sizesOf(w), [4, 4, 5, 6], 'a line for an older head changes nothing');
  named(w, 'a').behave = () => undefined;
  await w.clock.pass(1000);
  t.same(cosigners(last(w).note, w.policy), ['a'], 'the newest is asked for next');

  const alone = world([], 'quorum none');
  for (const size of [2, 3, 4]) await alone.offer(size);
  t.same(sizesOf(alone), [2, 3, 4], 'without witnesses every head, as signed');
  t.same(alone.kept, []);
});

t.test('a note that cannot be kept is published all the same', async (t) => {
  const w = world(['a'], 'quorum a', { keep: async () => Promise.reject(new Error('disk full')) });
  await w.offer(3);
  t.same(sizesOf(w), [3]);
  t.match(w.warnings, [/could not be kept.*disk full/]);
});

t.test('what is still being kept when something newer is out, or the log stops', async (t) => {
  const keeping = Promise.withResolvers<void>();
  const w = world(['a'], 'quorum none', { keep: () => keeping.promise });
  await w.offer(3);
  await w.offer(4);
  keeping.resolve();
  await settle();
  t.same(sizesOf(w), [3, 4], 'never back');

  const slow = Promise.withResolvers<void>();
  const other = world(['a', 'b'], 'quorum a', { keep: () => slow.promise });
  await other.offer(3);
  t.same(other.published, [], 'durable first');
  const again = world(['a', 'b'], 'quorum a', { keep: () => slow.promise });
  named(again, 'b').behave = () => stands(9);
  named(again, 'b').shows = await new Tree().note(9);
  await again.offer(3);
  t.match(again.publisher.stopped, /size 9/);
  slow.resolve();
  await settle();
  t.same(again.published, [], 'a log that stopped publishes nothing that was on its way');
  t.equal(last(other).size, 3);
});

t.test('closing publishes the last head, or gives up in time', async (t) => {
  const w = world(['a'], 'quorum a');
  await w.offer(2);
  await w.offer(3);
  t.same(sizesOf(w), [2], 'the second has to wait');
  await w.publisher.close();
  t.same(sizesOf(w), [2, 3], 'but not at the end');
  await w.publisher.close();
  await w.offer(4);
  await w.clock.pass(3_600_000);
  t.same(sizesOf(w), [2, 3], 'closed is closed');
  t.equal(named(w, 'a').asked.length, 2);

  const dead = world(['a'], 'quorum a');
  named(dead, 'a').behave = () => new Response('', { status: 500 });
  await dead.offer(2);
  await dead.publisher.close();
  t.same(dead.published, []);

  const silent = world(['a'], 'quorum a');
  named(silent, 'a').behave = () => never;
  await silent.offer(2);
  let closed = false;
  const closing = silent.publisher.close().then(() => (closed = true));
  await silent.clock.pass(5999);
  t.notOk(closed);
  await silent.clock.pass(1);
  await closing;
  await world([], 'quorum none').publisher.close();
});

t.test('one witness with two keys is asked once for both', async (t) => {
  const plain = world(['a', 'c'], 'quorum a');
  const [a, c] = [named(plain, 'a'), named(plain, 'c')];
  const policy = `${a.line}${c.line.replace('c.example\n', 'a.example/\n')}group g all a c\nquorum g\n`;
  const w = plain.again({ policy });
  let keys = [a.signer, c.signer];
  a.behave = async (witness, body) => {
    const reply = await witness.honest(body);
    if (reply.status !== 200) return reply;
    const parsed = parseCheckpoint(parseNote(parseAddCheckpoint(body).checkpoint).text);
    return new Response(formatSignatures(await Promise.all(keys.map((key) => cosign(parsed, key, START)))));
  };
  for (const size of [3, 4, 5]) {
    await w.offer(size);
    await w.clock.pass(1000);
  }
  t.same(sizesOf(w), [3, 4, 5]);
  t.equal(a.asked.length, 3);
  t.equal(openTrusted(last(w).note, { ...w.policy, logs }).cosignatures.length, 2);
  t.match(w.publisher.status().witnesses, [{ cosignatures: 3 }, { cosignatures: 3, behind: 0 }]);
  keys = [a.signer];
  await w.offer(6);
  t.equal(last(w).size, 5, 'one of the two is not both');
  t.match(w.publisher.fault, /quorum is not met: a: its answer holds no cosignature of c/);
  t.match(w.publisher.status().witnesses, [{ cosignatures: 4 }, { cosignatures: 3 }]);
  await w.clock.pass(60_000);
  t.ok(a.asked.length < 20, 'it is left alone for a while');
  keys = [a.signer, c.signer];
  await w.clock.pass(30_000);
  t.equal(last(w).size, 6, 'and asked again');
});

t.test('a policy witness without a URL is not asked', async (t) => {
  const plain = world(['a', 'b'], 'quorum a');
  const policy = `${named(plain, 'a').line}${named(plain, 'b').line.replace(/ http.*/, '')}quorum a\n`;
  const w = plain.again({ policy });
  await w.offer(3);
  t.same(sizesOf(w), [3]);
  t.equal(named(w, 'b').asked.length, 0);
  t.match(w.publisher.status().witnesses, [
    { asked: true },
    { asked: false, vkey: formatVkey('b.example', 4, named(w, 'b').signer.signer.publicKey) },
  ]);
});
