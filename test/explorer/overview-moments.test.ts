/**
 * The verdicts of the first screen: what is kept and brought up to date says at each moment what `tallystick status` says, and what
 * a first computation says.
 */
import fc from 'fast-check';
import t from 'tap';
import { subjectJson } from '#src/appraisal/json.ts';
import { statusOf } from '#src/client/statuses.ts';
import { Verdicts } from '#src/explorer/overview/verdicts.ts';
import { storyTrust } from '../support/bundle-raw.ts';
import { goldenHalfYear } from '../support/golden-half-year.ts';
import { anyPlot, play } from '../support/past-plots.ts';
import { DAY, HOUR, PastStory, T } from '../support/past-story.ts';
import { rowsOf, settle } from '../support/settled.ts';
import { storyReader, type StoryReader } from '../support/story-reader.ts';

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
    { numRuns: 4 },
  );
});
