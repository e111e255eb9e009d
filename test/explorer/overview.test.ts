/**
 * The verdicts of the first screen: what is kept and brought up to date says at each moment what `tallystick status` says, and what
 * a first computation says.
 */
import fc from 'fast-check';
import t from 'tap';
import { subjectJson } from '#src/appraisal/json.ts';
import { statusOf } from '#src/client/statuses.ts';
import { Verdicts } from '#src/explorer/overview/verdicts.ts';
import type { OverviewRow } from '#src/explorer/shared/overview.ts';
import { storyTrust } from '../support/bundle-raw.ts';
import { goldenHalfYear } from '../support/golden-half-year.ts';
import { claim, SeeWorld, START } from '../support/see-world.ts';
import { anyPlot, play } from '../support/past-plots.ts';
import { DAY, HOUR, PastStory, T } from '../support/past-story.ts';
import { storyReader, type StoryReader } from '../support/story-reader.ts';

/** Looks, and computes all that changed; returns how many subjects those were. */
async function settle(verdicts: Verdicts): Promise<number> {
  await verdicts.look();
  let computed = 0;
  while (await verdicts.next()) computed += 1;
  return computed;
}

const rowsOf = (verdicts: Verdicts): readonly OverviewRow[] => [...verdicts.rows()];

/** The moments of a story: each entry, and what of time alone changes something, by a second before and after. */
function momentsOf(story: PastStory, step: number): readonly number[] {
  const logged = story.said.flatMap(({ time, parsed }) => (parsed.kind === 'notice' ? [] : [time]));
  const [first = 0] = logged;
  const last = Math.max(...logged) + 2 * DAY;
  const regular = Array.from({ length: Math.ceil((last - first) / step) }, (_, i) => first + i * step + 7);
  return [...logged, ...regular].toSorted((a, b) => a - b);
}

function moveTo(reader: StoryReader, story: PastStory, now: number): void {
  reader.now = Math.max(reader.now, now);
  reader.size = story.said.filter(({ time }) => time <= reader.now).length;
}

async function faultsAt(kept: Verdicts, reader: StoryReader, whole: boolean): Promise<readonly string[]> {
  const fresh = new Verdicts(reader.client(whole));
  await settle(fresh);
  const [own, anew] = [rowsOf(kept), rowsOf(fresh)];
  const faults =
    JSON.stringify(own) === JSON.stringify(anew)
      ? []
      : [`kept ${JSON.stringify(own)}\n  anew ${JSON.stringify(anew)}`];
  const snapshot = await reader.client(whole).snapshot();
  for (const row of anew) {
    if (row.fault !== null) continue;
    const { claims } = subjectJson(await statusOf(snapshot, row.subject));
    const said = claims.map(({ claim, verdict, hidden }) => ({ claim, verdict, hidden }));
    if (JSON.stringify(said) !== JSON.stringify(row.claims))
      faults.push(`status ${JSON.stringify(said)}, the row ${JSON.stringify(row.claims)}`);
    const worst = claims.find(({ claim }) => claim === row.claim);
    if (
      worst?.evidence !== row.evidence ||
      worst?.proof_index !== row.proof_index ||
      worst?.waived_until !== row.waived_until
    )
      faults.push(`the worst claim is ${JSON.stringify(worst)}, the row ${JSON.stringify(row)}`);
  }
  return faults.map((fault) => `at ${new Date(reader.now * 1000).toISOString()} of ${reader.size}: ${fault}`);
}

t.test('the golden half year, at each of its moments', async (t) => {
  const { story } = await goldenHalfYear();
  const moments = momentsOf(story, 67 * HOUR + 13);
  for (const whole of [false, true]) {
    const reader = storyReader(story, storyTrust);
    [reader.size, reader.now] = [1, T('2025-12-20')];
    const kept = new Verdicts(reader.client(whole));
    const faults: string[] = [];
    for (const [i, moment] of moments.entries()) {
      moveTo(reader, story, moment);
      await settle(kept);
      if (i % (whole ? 29 : 9) === 0) faults.push(...(await faultsAt(kept, reader, whole)));
    }
    t.strictSame(faults.slice(0, 3), [], whole ? 'read whole' : 'searched');
  }
});

t.test('made-up stories', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyPlot({}),
      fc.array(fc.constantFrom(0, 1, 60, 299, 600, 3_600), { minLength: 20 }),
      async (plot, pauses) => {
        const story = await PastStory.start(T('2026-01-01'));
        await play(story, plot);
        const reader = storyReader(story, storyTrust);
        [reader.size, reader.now] = [1, T('2026-01-01')];
        for (const whole of [false, true]) {
          const kept = new Verdicts(reader.client(whole));
          [reader.size, reader.now] = [1, T('2026-01-01')];
          const times = story.said.map(({ time }) => time).toSorted((a, b) => a - b);
          for (const [i, pause] of pauses.entries()) {
            reader.now =
              Math.max(reader.now, times[Math.floor((i * times.length) / pauses.length)] ?? 0) + pause;
            // A log's clock may be set back: its entries keep their order.
            reader.size = Math.max(
              1,
              story.said.findLastIndex(({ time }) => time <= reader.now) + 1,
              reader.size,
            );
            await settle(kept);
            const faults = await faultsAt(kept, reader, whole);
            if (faults.length > 0) throw new Error(faults.join('\n'));
          }
        }
      },
    ),
    { numRuns: Number(process.env['RUNS'] ?? 6) },
  );
});

t.test('what nothing has changed is not computed again', async (t) => {
  const w = await SeeWorld.start(t);
  const hourly = { ...claim, cadence: HOUR };
  const daily = { ...claim, cadence: DAY, deadline: DAY };
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
    await w.prove(commitment, look % 7 === 3 ? { verdict: 'UNKNOWN', leaves: [] } : violated);
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
