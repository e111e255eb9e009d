/** `readPast`: all of a period, what is needed around it, and who vouches that nothing was left out. */
import t, { type Test } from 'tap';
import type { PastRecord } from '#src/appraisal/past/types.ts';
import { entryId, treeSize, digest } from '#src/bytes/brand.ts';
import { formatHex } from '#src/bytes/text.ts';
import { readPast, type PastOptions } from '#src/client/past/read.ts';
import { withinBounds } from '#src/client/past/times.ts';
import type { ClientOptions } from '#src/client/ports.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { inventoryHash } from '#src/statement/inventory.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { encodeNotice } from '#src/statement/payload.ts';
import { withWitnesses, type Past } from '../support/past-world.ts';
import { HOUR, MIRROR, SeeWorld, START, SUBJECT } from '../support/see-world.ts';
import { entryIdOf, nextPolicyStatement, ORIGIN, people, policyDocumentOf } from '../support/world.ts';

const DAY = 86_400;
const violated = { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } as const;

type World = SeeWorld & Past;

/** Four days of two looks an hour apart at noon, each after a witnessed head. The second day: a violation. */
async function fourDays(t: Test): Promise<World> {
  const w = withWitnesses(await SeeWorld.start(t));
  const commitment = await w.commit({ approvals: 1 });
  await w.approve(commitment);
  for (let day = 0; day < 4; day++)
    for (let look = 0; look < 2; look++) {
      w.now = START + day * DAY + 12 * HOUR + look * HOUR;
      await w.witness();
      w.now += 60;
      await w.prove(commitment, day === 1 ? violated : {});
      await w.commit({ claims: [] }, `other/${w.now}`);
    }
  w.now = START + 4 * DAY;
  await w.witness();
  w.now += 60;
  return w;
}

const secondDay = { since: START + DAY, until: START + 2 * DAY };

async function read(
  w: World,
  options: Partial<ClientOptions> = {},
  more: PastOptions = { slots: false },
  period = secondDay,
): Promise<PastRecord> {
  return readPast(await w.reader(options).snapshot(), SUBJECT, period, more);
}

const indices = ({ entries }: PastRecord): readonly number[] => entries.map(({ index }) => index);

t.test('all of a period, and the links next to it', async (t) => {
  const w = await fourDays(t);
  // 0 policy, 1 commitment, 2 approval, then: notice, proof, other.
  const record = await read(w);
  t.strictSame(indices(record), [1, 2, 4, 7, 10, 13, 16], 'links before, the two of the day, one after');
  t.strictSame(
    record.heads.map(({ index }) => index),
    [6, 9, 12, 15],
    'and the heads around',
  );
  t.match(record, { subject: SUBJECT, origin: ORIGIN, size: w.log.entries.length, now: w.now, complete: {} });
  t.equal(record.entries[4]?.time, START + DAY + 12 * HOUR + 60);
  t.ok(record.evidence.size >= 4);
  for (const { parsed } of record.entries) {
    if (parsed.kind !== 'proof') continue;
    const { size, root } = parsed.proof.challenge;
    t.ok(record.wasHead(size, root));
    t.notOk(record.wasHead(size, new Uint8Array(32)));
    t.equal(record.loggedAt(size), w.times[size]);
    t.equal(record.loggedAt(size - 1), w.times[size - 1]);
  }
  t.strictSame(record.policyEntries, [
    { index: 0, id: entryIdOf(w.log.entries[0] ?? new Uint8Array()), time: START },
  ]);
  const further = await read(w, {}, {});
  t.strictSame(indices(further).slice(-3), [19, 22, 25], 'proofs of later days reveal seeds');
  const whole = await read(w, {}, {}, { since: START, until: START + 30 * DAY });
  t.equal(whole.entries.length, 2 + 8);
});

t.test('the same from a mirror and with --full; times are the log’s alone', async (t) => {
  const w = await fourDays(t);
  const live = await read(w);
  const full = await read(w, { full: true });
  t.strictSame(indices(full), indices(live));
  t.match(full.complete, { proof: 'whole', commitment: 'whole', policy: 'whole' });
  const mirror = await read(w, { log: MIRROR });
  t.match(mirror.complete, { proof: 'whole' });
  t.strictSame(indices(mirror), indices(live));
  t.strictSame(mirror.heads, live.heads);
  t.ok(mirror.entries.every(({ time }) => time === undefined));
  t.equal(mirror.loggedAt(5), undefined);
});

t.test('a reader without witnesses has the log’s word', async (t) => {
  const w = await fourDays(t);
  const record = await readPast(await w.client().snapshot(), SUBJECT, secondDay, { slots: false });
  t.strictSame(record.heads, []);
  t.strictSame(indices(record), [1, 2, 7, 10, 13, 16]);
});

t.test('a log that sets its times back hides nothing from its witnesses', async (t) => {
  const w = await fourDays(t);
  // The violation is said to be of the day before.
  for (const index of [9, 10, 11, 12, 13, 14]) w.times[index] = (w.times[index] ?? 0) - DAY;
  const record = await read(w);
  t.ok([10, 13].every((index) => indices(record).includes(index)));
});

t.test('signatures are weighed at times that the witnesses allow', (t) => {
  const head = (index: number, time: number) =>
    ({ index, size: index, root: new Uint8Array(32), notAfter: time, notBefore: time }) as never;
  const entry = { index: 7, time: START - 30 * DAY } as never;
  const weighed = (word: number | undefined) =>
    withinBounds([entry], () => word, [head(5, START), head(9, START + HOUR)])[0]?.time;
  t.equal(weighed(START - 30 * DAY), START, 'a log that sets its clock back makes no certificate too young');
  t.equal(weighed(START + 30 * DAY), START + HOUR, 'nor too old');
  t.equal(weighed(START + 60), START + 60);
  t.equal(weighed(undefined), START + HOUR);
  t.end();
});

t.test('a search that leaves something out', async (t) => {
  const w = await fourDays(t);
  w.hidden.add(10);
  await t.rejects(read(w), { code: 'proof-failed', message: /entry 13 does not follow/ });
  w.hidden.clear();
  w.hidden.add(13);
  await t.rejects(read(w), { code: 'proof-failed', message: /entry 16 does not follow/ });
  await t.rejects(read(w, { full: true }), { code: 'proof-failed', message: /leaves out entry 13/ });
  w.hidden.clear();
  for (const index of [13, 16, 19, 22, 25]) w.hidden.add(index);
  t.strictSame(indices(await read(w)), [1, 2, 4, 7, 10], 'the end of a chain is on the word of the log');
  w.hidden.clear();
  for (const [index, entry] of w.log.entries.entries())
    if (parseStatement(entry).kind === 'notice') w.hidden.add(index);
  const blind = await read(w);
  t.strictSame(blind.heads, [], 'hidden notices make bounds wider');
  t.strictSame(indices(blind), [1, 2, 7, 10, 13, 16]);
});

t.test('an inventory by a monitor that the reader names', async (t) => {
  const w = await fourDays(t);
  const size = w.log.entries.length;
  const ids = w.log.entries
    .filter((entry) => parseStatement(entry).subject === SUBJECT)
    .map((entry) => entryId(entryIdOf(entry)));
  const checkpoint = { origin: ORIGIN, size: treeSize(size), root: digest(w.log.root(size)) };
  const notice = {
    topic: 'inventory',
    checkpoint,
    count: ids.length,
    hash: inventoryHash(ORIGIN, SUBJECT, ids),
  } as const;
  await w.say('notice', encodeNotice(notice), people.monitor);
  const monitors = new Set([formatHex(keyThumbprint(people.monitor.publicKey))]);
  t.match((await read(w, {}, { slots: false, monitors })).complete, { proof: 'monitor', policy: 'word' });
  t.strictSame((await read(w, {}, { slots: false, monitors: new Set(['00']) })).complete, {});
  for (const index of [13, 16, 19, 22, 25]) w.hidden.add(index);
  await t.rejects(read(w, {}, { slots: false, monitors }), {
    code: 'proof-failed',
    message: /a monitor counted 10 entries/,
  });
  w.hidden.clear();
  const kid = digest(keyThumbprint(people.monitor.publicKey));
  const keys = policyDocumentOf().keys.filter(({ name }) => name !== 'monitor');
  w.log1(
    await nextPolicyStatement(w.log.entries[0] ?? new Uint8Array(), {
      keys,
      revoked: [{ kid, since: size }],
    }),
  );
  const revoked = await read(w, {}, { slots: false, monitors });
  t.strictSame(revoked.complete, {}, 'an inventory by a key that is revoked from there on counts nothing');
});

t.test('a period that is none', async (t) => {
  const w = await fourDays(t);
  await t.rejects(read(w, {}, {}, { since: START, until: START }), { code: 'usage' });
  await t.rejects(read(w, {}, {}, { since: w.now + 1, until: w.now + 2 }), { code: 'usage' });
  const snapshot = await w.reader().snapshot();
  await t.rejects(readPast(snapshot, 'nobody', secondDay), { code: 'not-found' });
});
