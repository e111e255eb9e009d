/** What a claim over time asks of its looks (class, cadence, grace) is what its own commitment says, and not what an earlier one said. */
import t from 'tap';
import type { Claim } from '#src/statement/commitment.ts';
import { DAY, HOUR, PastStory } from '../../support/past-story.ts';
import { daily, noon, overClaim, START, statusOf } from '../../support/rotation-story.ts';

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
