/** Violations between looks: a probability only where an agent's moments were drawn by lot, and recomputed. */
import { sha256 } from '@noble/hashes/sha2.js';
import t from 'tap';
import { knownHistory } from '#src/appraisal/past/known.ts';
import { missProbability } from '#src/appraisal/past/moments.ts';
import type { Moments } from '#src/appraisal/past/known-types.ts';
import { dueIn, slotAt, slotLength } from '#src/appraisal/slots.ts';
import { digest, type Digest } from '#src/bytes/brand.ts';
import { claimOf, DAY, hashOf, PastStory, T } from '../../support/past-story.ts';

const START = T('2026-01-01');
const LENGTH = slotLength(DAY);
const seed = (epoch: number): Digest => hashOf(`seed of ${epoch}`);
const commitmentTo = (epoch: number): Digest => digest(sha256(seed(epoch)));

/** Twelve days of an agent that looks once in each slot, but for some; `shift` moves a look from the moment that is drawn. */
async function drawn(
  options: { readonly but?: readonly number[]; readonly shift?: number } = {},
): Promise<PastStory> {
  const { but = [], shift = 0 } = options;
  const story = await PastStory.start(START);
  const commitment = await story.at(START + 60).commit([claimOf('tls')]);
  const first = Math.ceil((START + DAY) / LENGTH);
  for (let i = 0; (first + i) * LENGTH < START + 12 * DAY; i++) {
    const slot = slotAt((first + i) * LENGTH, LENGTH);
    await story.at(Math.max(story.now, slot.start)).witness();
    const size = story.entries.length;
    const beacon = { size, root: story.root(size) };
    const moment = dueIn(slot, seed(Math.floor(slot.start / DAY)), beacon.root) + (i === 12 ? shift : 0);
    const due = Math.max(moment, story.now);
    if (but.includes(i)) continue;
    const epoch = Math.floor(due / DAY);
    const isRevealed = epoch - 2 >= Math.floor((first * LENGTH) / DAY);
    await story.at(due).prove(
      commitment,
      { tls: { slot: { number: slot.number, due: moment, actual: due, beacon } } },
      {
        change: {
          sampling: {
            seedCommitment: commitmentTo(epoch),
            next: commitmentTo(epoch + 1),
            ...(isRevealed && { revealed: seed(epoch - 2) }),
          },
        },
      },
    );
  }
  return story;
}

/** Days 3 to 8 of the twelve: their seeds are revealed by day 10. */
const PERIOD = { since: START + 3 * DAY, until: START + 8 * DAY };
const slotsIn = Math.ceil(PERIOD.until / LENGTH) - Math.ceil(PERIOD.since / LENGTH);

async function momentsOf(story: PastStory): Promise<Moments | undefined> {
  const [tls] = knownHistory(story.record({ now: START + 12 * DAY }), PERIOD).claims;
  return tls?.moments[0]?.moments;
}

t.test('drawn by lot', async (t) => {
  t.match(await momentsOf(await drawn()), {
    kind: 'drawn',
    slotSeconds: 38_880,
    slots: slotsIn,
    outside: 0,
    missedSlots: 0,
    // (1 - 600/77,760)², (1 - 3,600/77,760)², (1 - 21,600/77,760)², and a day fills a whole slot.
    missed: [
      { seconds: 600, probability: 0.9846 },
      { seconds: 3_600, probability: 0.9096 },
      { seconds: 21_600, probability: 0.5216 },
      { seconds: 86_400, probability: 0 },
    ],
  });
});

t.test('a slot without a look is told', async (t) => {
  t.match(await momentsOf(await drawn({ but: [8] })), { kind: 'drawn', slots: slotsIn - 1, missedSlots: 1 });
});

t.test('a moment that is not the one that was drawn', async (t) => {
  const moments = await momentsOf(await drawn({ shift: 30 }));
  t.match(moments, { kind: 'chosen' });
  t.match(moments?.kind === 'chosen' ? moments.why : [], [/it chose its moment/]);
});

t.test('the probability is the worst one, by trying every begin', async (t) => {
  const slot = 40;
  for (let lasted = 0; lasted <= 2 * slot + 10; lasted += 2) {
    let worst = 0;
    for (let begin = 0; begin < slot; begin++) {
      let missed = 1;
      for (let start = 0; start < begin + lasted; start += slot) {
        const inside = Math.max(0, Math.min(begin + lasted, start + slot) - Math.max(begin, start));
        missed *= 1 - inside / slot;
      }
      worst = Math.max(worst, missed);
    }
    t.ok(Math.abs(missProbability(lasted, slot) - worst) < 0.001, `${lasted} seconds: ${worst}`);
  }
});
