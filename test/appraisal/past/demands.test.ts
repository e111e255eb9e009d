/** What a claim over time asks of its looks (class, cadence, grace) is what its own commitment says, and not what an earlier one said. */
import t from 'tap';
import type { Claim } from '#src/statement/commitment.ts';
import { digest } from '#src/bytes/brand.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { agentTwo, DAY, HOUR, PastStory, people } from '../../support/past-story.ts';
import { daily, look, noon, overClaim, START, statusOf } from '../../support/rotation-story.ts';

const WHOLE = { complete: { proof: 'whole' } } as const;

/** Where the claim stands on day 15: first under one commitment, from day 13 on under another. */
async function verdictOf(
  first: Partial<Claim>,
  then: Partial<Claim>,
  key: (day: number) => string | undefined = () => 'A',
): Promise<string> {
  const story = await PastStory.start(START, {}, 'prod/pay/db');
  const evidence = { result: { evidence: first.minEvidence ?? 'E3' } } as const;
  const before = await story.at(noon(1) - 2 * HOUR).commit([overClaim(10, first)]);
  await daily(story, before, [1, 12], (day) => (day < 10 ? key(day) : 'B'), evidence);
  const after = await story.at(noon(12) + 2 * HOUR).commit([overClaim(10, then)]);
  await daily(story, after, [13, 15], () => 'B');
  return statusOf(story, WHOLE).verdict;
}

t.test(
  'an earlier commitment for which one agent was enough covers nothing of one that asks for two',
  async (t) => {
    const two = [people.agent, agentTwo];
    const kids = two.map(({ publicKey }) => digest(keyThumbprint(publicKey)));
    const verdict = async (before: number, after: number): Promise<string> => {
      const story = await PastStory.start(START, {}, 'prod/pay/db');
      const claim = overClaim(10, { minEvidence: 'E1' });
      let commitment = await story
        .at(noon(1) - 2 * HOUR)
        .commit([claim], { attestors: { threshold: before, kids } });
      for (let day = 1; day <= 15; day++) {
        if (day === 13)
          commitment = await story
            .at(noon(12) + 2 * HOUR)
            .commit([claim], { attestors: { threshold: after, kids } });
        await story.at(noon(day) - HOUR).witness();
        for (const by of two.slice(0, day < 13 ? before : 2))
          await look(story.at(noon(day)), commitment, day < 10 ? 'A' : 'B', { by });
        await story.at(noon(day) + HOUR).witness();
      }
      return statusOf(story, WHOLE).verdict;
    };
    t.equal(await verdict(1, 1), 'PROVEN');
    t.equal(await verdict(2, 2), 'PROVEN');
    t.equal(await verdict(1, 2), 'UNKNOWN');
  },
);

t.test('demands of a superseding commitment count for its looks', async (t) => {
  const gaps = (day: number): string | undefined => (day > 3 && day < 9 ? undefined : 'A');
  t.equal(await verdictOf({}, {}), 'PROVEN');
  t.equal(await verdictOf({ grace: 9 }, { grace: 9 }, gaps), 'PROVEN', 'within the grace that it says');
  t.equal(await verdictOf({ grace: 9 }, { grace: 1 }, gaps), 'UNKNOWN', 'an earlier grace is no grace');
  t.equal(await verdictOf({ cadence: 9 * DAY }, { cadence: DAY }, gaps), 'UNKNOWN', 'nor an earlier cadence');
  t.equal(await verdictOf({ minEvidence: 'E1' }, { minEvidence: 'E1' }), 'PROVEN');
  t.equal(await verdictOf({ minEvidence: 'E1' }, {}), 'UNKNOWN', 'looks at a lower class than it asks for');
  t.equal(await verdictOf({ grace: 1 }, { grace: 9 }, gaps), 'PROVEN', 'what it allows itself');
});
