/** Looks that show nothing of what was seen: they cover nothing, whoever made them. */
import t from 'tap';
import type { PastRecord } from '#src/appraisal/past/types.ts';
import type { Result } from '#src/statement/proof.ts';
import type { Weighed } from '#src/evidence/weigh.ts';
import { HOUR, PastStory } from '../../support/past-story.ts';
import { daily, noon, overClaim, recordOf, START, statusIn } from '../../support/rotation-story.ts';

/** As `recordOf`; what the target signed in some looks does not say who it was, or which of several answers was seen. */
function without(story: PastStory, isBlind: (key: string) => boolean): PastRecord {
  const record = recordOf(story, { complete: { proof: 'whole' } });
  const evidence = new Map<Result, Weighed>();
  for (const [result, { facts, ...weighed }] of record.evidence)
    evidence.set(result, isBlind(JSON.stringify(facts)) ? weighed : { ...weighed, facts });
  return { ...record, evidence };
}

async function story(seen: (day: number) => string): Promise<PastStory> {
  const told = await PastStory.start(START, {}, 'prod/pay/db');
  const commitment = await told.at(noon(1) - 2 * HOUR).commit([overClaim(10, { minEvidence: 'E1' })]);
  await daily(told, commitment, [1, 16], seen);
  return told;
}

t.test('a look that shows nobody what was seen is as good as none', async (t) => {
  // The old key came back for some days, and was replaced again.
  const back = await story((day) => (day < 8 || (day > 9 && day < 14) ? 'OLD' : 'NEW'));
  t.equal(statusIn(without(back, () => false)).verdict, 'VIOLATED');
  t.equal(statusIn(without(back, (key) => key.includes('OLD'))).verdict, 'UNKNOWN', 'hidden');
  const stays = await story(() => 'A');
  t.equal(statusIn(without(stays, () => false)).verdict, 'VIOLATED');
  t.equal(statusIn(without(stays, () => true)).verdict, 'UNKNOWN', 'nothing was ever shown');
});
