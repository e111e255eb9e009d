/** The verdicts of the first screen: what is computed again, and when; since when a claim stands so; bounds. */
import t from 'tap';
import { Verdicts } from '#src/explorer/overview/verdicts.ts';
import { claim, HOUR, SeeWorld, START } from '../support/see-world.ts';
import { rowsOf, settle } from '../support/settled.ts';

const DAY = 86_400;

t.test('what nothing has changed is not computed again', async (t) => {
  const w = await SeeWorld.start(t);
  const { grace: _, ...hourly } = claim;
  const daily = { ...hourly, cadence: DAY, deadline: DAY };
  const one = await w.commit({ claims: [hourly], target: { owner: 'team-pay' } }, 'pay/db');
  await w.commit({ claims: [daily], approvals: 1 }, 'web/shop');
  await w.commit({ claims: [] }, 'web/empty');
  const verdicts = new Verdicts(w.client());
  t.equal(await settle(verdicts), 3, 'all of them at first');
  t.equal(verdicts.withoutClaims, 1);
  t.match(rowsOf(verdicts), [
    {
      subject: 'web/shop',
      verdict: 'UNKNOWN',
      approvals_lacking: 1,
      due: null,
      since: START,
      owner: 'author',
    },
    { subject: 'pay/db', verdict: 'UNKNOWN', owner: 'team-pay', due: START + HOUR, since: START },
  ]);
  w.now += 60;
  t.equal(await settle(verdicts), 0, 'a minute later');
  w.now = START + HOUR;
  t.equal(await settle(verdicts), 0, 'at the due time');
  w.now += 1;
  t.equal(await settle(verdicts), 1, 'a second after it');
  const stale = () => rowsOf(verdicts).find(({ subject }) => subject === 'pay/db');
  t.match(stale(), { verdict: 'STALE', since: START + HOUR, or_longer: false, missed: 1 });
  await w.waive(one, { notAfter: w.now + 100 }, 'pay/db');
  t.equal(await settle(verdicts), 1, 'an entry about it');
  t.match(stale(), { verdict: 'WAIVED', hidden: 'STALE', since: START + HOUR, waived_by: 'Alice' });
  w.now += 99;
  t.equal(await settle(verdicts), 0, 'a second before the waiver ends');
  w.now += 1;
  t.equal(await settle(verdicts), 1, 'when it ends');
  t.match(stale(), { verdict: 'STALE', hidden: null });
  await w.commit({ claims: [] }, 'other');
  t.equal(await settle(verdicts), 1, 'another subject');
});

t.test('since when: the first failed look of those in a row, however many there were', async (t) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit();
  await w.prove(commitment);
  const violated = { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } as const;
  const verdicts = new Verdicts(w.client());
  for (let look = 1; look <= 90; look++) {
    w.now = START + look * 600;
    await w.prove(commitment, look % 7 === 3 ? { verdict: 'UNKNOWN', explain: 'nobody answered' } : violated);
    if (look % 30 === 10) await settle(verdicts);
  }
  await settle(verdicts);
  const [row] = rowsOf(verdicts);
  t.match(row, { verdict: 'VIOLATED', since: START + 600, or_longer: false });
  const fresh = new Verdicts(w.client());
  await settle(fresh);
  t.strictSame(rowsOf(fresh), rowsOf(verdicts));
});

t.test('bounds: subjects beyond the limit are counted, and one that cannot be read is a row', async (t) => {
  const w = await SeeWorld.start(t);
  for (const subject of ['a', 'b', 'c']) await w.commit({}, subject);
  const few = new Verdicts(w.client(), { subjects: 2, claims: 100 });
  await settle(few);
  t.strictSame(
    rowsOf(few)
      .map(({ subject }) => subject)
      .toSorted(),
    ['a', 'b'],
    'subjects that were there first keep their place',
  );
  t.equal(few.leftOut, 1);
  const crowded = new Verdicts(w.client(), { subjects: 9, claims: 2 });
  await settle(crowded);
  t.equal(rowsOf(crowded).length, 2);
  t.equal(crowded.leftOut, 1);
  // The second commitment of `b` follows none that the search names.
  await w.commit({}, 'b');
  w.hidden.add(2);
  const hiding = new Verdicts(w.client());
  await settle(hiding);
  const broken = rowsOf(hiding).find(({ subject }) => subject === 'b');
  t.match(broken, { verdict: 'UNKNOWN', claim: null, claims: [] });
  t.ok(broken?.fault);
});
