/** What is not proven is never shown as less than it is: hours and minutes are rounded up. */
import t from 'tap';
import { notProven } from '#src/audit/not-proven.ts';
import { knownHistory } from '#src/appraisal/past/known.ts';
import { claimOf, DAY, PastStory, T } from '../support/past-story.ts';

const START = T('2026-01-01');

for (const [seconds, shown] of [
  [60, '1 minute'],
  [61, '2 minutes'],
  [7_199, '120 minutes'],
  [7_200, '2 hours'],
  [7_201, '3 hours'],
] as const)
  t.test(`${seconds} s are ${shown}`, async (t) => {
    const story = await PastStory.start(START);
    const commitment = await story.at(START + seconds).commit([claimOf('tls')]);
    await story.prove(commitment, { tls: 'PROVEN' });
    const past = knownHistory(story.record({ now: START + DAY }), { since: START, until: START + DAY / 2 });
    const lines = notProven([past], undefined);
    t.ok(
      lines.some((each) => each.includes(`for ${shown} of the period no commitment in force claimed it`)),
      lines.join('\n'),
    );
  });
