/** The pack `no-enforcement-gap`: a setting was off in no look of a period, and no span of the period is uncovered. */
import t from 'tap';
import { parseClaims } from '#src/declare/claims.ts';
import type { Digest } from '#src/bytes/brand.ts';
import type { Claim } from '#src/statement/commitment.ts';
import { judgeClaim } from '#src/claim/judge.ts';
import { agentTwo, DAY, HOUR, PastStory, people } from '../../support/past-story.ts';
import { daily, noon, recordOf, START, statusIn } from '../../support/rotation-story.ts';

const WHOLE = { complete: { proof: 'whole' } } as const;
const FILE = `
claims:
  - id: ssl-on
    probe: postgres@1
    expr: o.postgres.settings['ssl'] == 'on'
    cadence: 24h
    grace: 1
  - pack: no-enforcement-gap
    of: ssl-on
    params: { days: 10 }
`;
const [plain, gap] = parseClaims(FILE).claims;

t.test('the claim is about the looks at the other one', (t) => {
  t.match(gap, {
    id: 'ssl-on-no-gap',
    probe: 'postgres@1',
    cadence: DAY,
    grace: 1,
    language: 2,
    minEvidence: 'E1',
  });
  t.equal(
    gap?.expr,
    "(o.postgres.settings['ssl'] == 'on') && prev.unbroken >= 864000 && !(prev.failed < 864000)",
  );
  for (const [text, says] of [
    [FILE.replace('of: ssl-on', 'of: other'), /is no claim of this file; there are ssl-on/],
    [FILE.replace('of: ssl-on', ''), /of/],
    [FILE.replace('days: 10', 'days: 0'), /takes one parameter/],
    [FILE.replace('days: 10', 'hours: 10'), /takes one parameter/],
    [
      FILE.replace(
        "o.postgres.settings['ssl'] == 'on'",
        "o.postgres.settings['ssl'] == 'on' && prev.covered > 5",
      ),
      /earlier looks itself/,
    ],
  ] as const)
    t.throws(() => parseClaims(text), { code: 'malformed-payload', message: says });
  t.end();
});

t.test('an agent says what its own look shows', (t) => {
  if (gap === undefined) throw new Error('there is a claim');
  const seen = (ssl: string) => ({
    value: { settings: { ssl } },
    grades: [],
    attachments: [],
    contradictions: [],
    population: { source: 'pg', total: 1, sampled: 1, method: 'all' },
    bytes: 1,
  });
  t.match(judgeClaim(gap, seen('on')), {
    verdict: 'UNKNOWN',
    touched: ['/postgres/settings/ssl'],
    explain: /readers judge/,
  });
  t.match(judgeClaim(gap, seen('off')), { verdict: 'VIOLATED' });
  t.end();
});

const ID = 'ssl-on-no-gap';
const off = { verdict: 'VIOLATED', evidence: 'E1', explain: 'ssl is off' } as const;
const on = { verdict: 'UNKNOWN', evidence: 'E1', leaves: [0] } as const;

async function started(): Promise<{ story: PastStory; commitment: Digest }> {
  const story = await PastStory.start(START);
  const claims = [gap, plain].filter((each): each is Claim => each !== undefined);
  return { story, commitment: await story.at(noon(1) - 2 * HOUR).commit(claims) };
}

const told = (story: PastStory): string => statusIn(recordOf(story, WHOLE)).verdict;
const looks = async (
  story: PastStory,
  commitment: Digest,
  days: readonly [number, number],
  by = people.agent,
) => {
  await daily(story, commitment, days, () => 'x', { id: ID, result: on, by });
};
const looksOff = async (story: PastStory, commitment: Digest, day: number): Promise<void> => {
  await daily(story, commitment, [day, day], () => 'x', {
    id: ID,
    result: { ...off, leaves: undefined } as never,
  });
};

t.test('covered and never off: PROVEN, once the days are over', async (t) => {
  const { story, commitment } = await started();
  await looks(story, commitment, [1, 9]);
  t.equal(told(story), 'UNKNOWN');
  await looks(story, commitment, [10, 12], agentTwo);
  t.equal(told(story), 'PROVEN', 'whichever agent looked');
});

t.test('off in one look: VIOLATED at once, and until it is so many days ago', async (t) => {
  const { story, commitment } = await started();
  await looks(story, commitment, [1, 12]);
  await looksOff(story, commitment, 13);
  t.equal(told(story), 'VIOLATED');
  await looks(story, commitment, [14, 20]);
  t.equal(told(story), 'VIOLATED');
  t.match(statusIn(recordOf(story, WHOLE)).explain, /failed/);
  await looks(story, commitment, [21, 25]);
  t.equal(told(story), 'PROVEN');
});

t.test('a span that nobody covered: UNKNOWN until so many days are covered after it', async (t) => {
  const { story, commitment } = await started();
  await looks(story, commitment, [1, 12]);
  await daily(story, commitment, [13, 15], () => undefined);
  await looks(story, commitment, [16, 24]);
  t.equal(told(story), 'UNKNOWN');
  await looks(story, commitment, [25, 28]);
  t.equal(told(story), 'PROVEN');
});

t.test('off, and then silence: what nobody looked at is no cover', async (t) => {
  const { story, commitment } = await started();
  await looks(story, commitment, [1, 12]);
  await looksOff(story, commitment, 13);
  await daily(story, commitment, [14, 26], () => undefined);
  await looks(story, commitment, [27, 28]);
  t.equal(told(story), 'UNKNOWN');
  await looks(story, commitment, [29, 39]);
  t.equal(told(story), 'PROVEN');
});

t.test('a commitment that waits for its approval is a gap', async (t) => {
  const { story, commitment } = await started();
  await looks(story, commitment, [1, 12]);
  t.equal(told(story), 'PROVEN');
  const claims = [gap, plain].filter((each): each is Claim => each !== undefined);
  await story.at(noon(12) + 2 * HOUR).withdraw(commitment);
  const again = await story.at(noon(12) + 3 * HOUR).commit(claims);
  await looks(story, again, [13, 15]);
  t.equal(told(story), 'UNKNOWN');
});

t.test('a part of the proofs is not there: UNKNOWN', async (t) => {
  const { story, commitment } = await started();
  await looks(story, commitment, [1, 12]);
  t.match(statusIn(recordOf(story)), { verdict: 'UNKNOWN', explain: /another agent/ });
});
