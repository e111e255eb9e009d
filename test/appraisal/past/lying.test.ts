/** Owners, agents and logs that lie about the past: each is named, or what they could have hidden has the grade `word`. */
import t from 'tap';
import { knownHistory } from '#src/appraisal/past/known.ts';
import type { AgentKey, ClaimPast, KnownHistory } from '#src/appraisal/past/known-types.ts';
import type { Period } from '#src/appraisal/past/types.ts';
import type { Digest } from '#src/bytes/brand.ts';
import { parseTrustPolicy } from '#src/note/trust.ts';
import {
  agentTwo,
  claimOf,
  DAY,
  hashOf,
  HOUR,
  kidOf,
  PastStory,
  people,
  T,
} from '../../support/past-story.ts';
import { policyDocumentOf } from '../../support/world.ts';

const START = T('2026-01-01');
const NOBODY = parseTrustPolicy('quorum none\n');

const only = ({ claims }: KnownHistory): ClaimPast => {
  const [claim] = claims;
  if (claim === undefined) throw new Error('no claim');
  return claim;
};
const keyOf = ({ keys }: KnownHistory, kid: string): AgentKey | undefined =>
  keys.find((each) => each.kid === kid);

/** A log with agent one alone, one look a day at noon and heads every six hours, from day 0 to day `days`. */
async function daily(
  days: number,
  seen: (day: number) => 'PROVEN' | 'VIOLATED' | undefined = () => 'PROVEN',
): Promise<{ readonly story: PastStory; readonly commitment: Digest }> {
  const keys = policyDocumentOf().keys;
  const story = await PastStory.start(START, { keys });
  const commitment = await story.at(START + 60).commit([claimOf('tls')]);
  for (let day = 0; day < days; day++)
    for (let hour = 0; hour < 24; hour += 6) {
      story.at(Math.max(story.now, START + day * DAY + hour * HOUR));
      await story.witness();
      const verdict = hour === 12 ? seen(day) : undefined;
      if (verdict === undefined) continue;
      story.at(story.now + 60);
      await story.prove(commitment, { tls: verdict });
    }
  story.at(START + days * DAY);
  await story.witness();
  return { story, commitment };
}
const TEN: Period = { since: START + 2 * DAY, until: START + 8 * DAY };

t.test('an honest log: the chain goes on after the period', async (t) => {
  const { story } = await daily(10);
  const past = knownHistory(story.record(), TEN);
  t.match(only(past).figures, {
    grades: { looks: 'word' },
    seconds: { covered: 6 * DAY },
    proven: 6,
    missed: 0,
  });
  t.equal(past.grades.commitment, 'word', 'a withdrawal could have been left out');
  t.match(past.keys, [{ names: ['agent'], proofs: 6, grade: 'chain' }]);
  const complete = { commitment: 'monitor', proof: 'word' } as const;
  t.equal(only(knownHistory(story.record({ complete }), TEN)).figures.grades.looks, 'chain');
  const whole = {
    policy: 'whole',
    commitment: 'whole',
    approval: 'whole',
    waiver: 'whole',
    deployment: 'whole',
    proof: 'whole',
  } as const;
  t.strictSame(only(knownHistory(story.record({ complete: whole }), TEN)).figures.grades, {
    looks: 'whole',
    time: 'whole',
  });
});

t.test('the last link of a chain, left out', async (t) => {
  const { story } = await daily(10, (day) => (day === 7 ? 'VIOLATED' : 'PROVEN'));
  const bad = story.said.findIndex(
    ({ parsed }) => parsed.kind === 'proof' && parsed.proof.results[0]?.verdict === 'VIOLATED',
  );
  const rest = story.said.flatMap(({ parsed }, index) =>
    parsed.kind === 'proof' && index >= bad ? [index] : [],
  );
  const cut = knownHistory(story.record({ without: rest }), TEN);
  t.equal(only(cut).figures.failed, 0, 'nothing of it is to be seen');
  t.match(cut.keys, [{ grade: 'word', why: /no link of its chain after the period/ }]);
  t.equal(only(cut).figures.grades.looks, 'word');
  const gap = knownHistory(story.record({ without: [bad] }), TEN);
  t.match(gap.keys, [{ grade: 'word', why: /has a gap between entry/ }], 'and the one alone leaves a gap');
});

t.test('a link moved out of the period by its time, the ones behind it left out', async (t) => {
  const { story } = await daily(10, (day) => (day === 7 ? 'VIOLATED' : 'PROVEN'));
  const proofs = story.said.flatMap(({ parsed }, index) => (parsed.kind === 'proof' ? [index] : []));
  // Day 6 is stated to be day 9; the violation of day 7 and everything after it are hidden.
  const moved = story.said[proofs[6] ?? 0];
  if (moved !== undefined) moved.time = START + 9 * DAY;
  for (const trust of [undefined, NOBODY]) {
    const past = knownHistory(story.record({ without: proofs.slice(7), ...(trust && { trust }) }), TEN);
    t.equal(past.grades.proof, 'word');
    t.equal(past.keys[0]?.grade, 'word');
  }
  // The same at the other end: day 2 is stated to be from before the period, and what came before it is hidden.
  const early = story.said[proofs[3] ?? 0];
  if (early !== undefined) early.time = START + DAY;
  const past = knownHistory(story.record({ without: proofs.slice(0, 3), trust: NOBODY }), TEN);
  t.equal(past.grades.proof, 'word');
});

t.test('an agent key, left out', async (t) => {
  const story = await PastStory.start(START);
  const commitment = await story.at(START + 60).commit([claimOf('tls')]);
  await story.at(START + HOUR).prove(commitment, { tls: 'PROVEN' });
  await story.at(START + 2 * HOUR).prove(commitment, { tls: 'VIOLATED' }, { by: agentTwo });
  const without = [story.entries.length - 1];
  await story.at(START + DAY - HOUR).witness();
  await story.at(START + DAY).prove(commitment, { tls: 'PROVEN' });
  const period = { since: START, until: START + DAY / 2 };
  t.equal(only(knownHistory(story.record(), period)).figures.failed, 1);
  const past = knownHistory(story.record({ without }), period);
  t.equal(only(past).figures.failed, 0);
  t.match(keyOf(past, kidOf(agentTwo)), {
    names: ['agent two'],
    proofs: 0,
    grade: 'word',
    why: /left out all of them/,
  });
  t.equal(keyOf(past, kidOf(people.agent))?.grade, 'chain');
  t.equal(
    only(past).figures.grades.looks,
    'word',
    'what all agents together say is no better than the worst',
  );
});

t.test('a withdrawal, left out; and one that hides a violation', async (t) => {
  const { story, commitment } = await daily(5, (day) => (day < 4 ? 'PROVEN' : 'VIOLATED'));
  await story.at(START + 5 * DAY + HOUR).withdraw(commitment);
  const without = [story.entries.length - 1];
  const last = story.at(START + 6 * DAY);
  await last.witness();
  const period = { since: START + 3 * DAY, until: START + 6 * DAY };
  const cut = knownHistory(story.record({ without }), period);
  t.equal(cut.grades.commitment, 'word');
  t.equal(only(cut).spans.at(-1)?.kind, 'failed');
  const { spans } = only(knownHistory(story.record(), period));
  t.match(spans.at(-1), { kind: 'uncovered', why: 'withdrawn' });
  // Committed again, it is failed until it is PROVEN, not new.
  const again = await last.at(START + 6 * DAY + HOUR).commit([claimOf('tls')]);
  await story.at(START + 6 * DAY + 2 * HOUR).prove(again, { tls: 'PROVEN' });
  const next = knownHistory(story.record({ now: START + 6 * DAY + 3 * HOUR }), {
    ...period,
    until: START + 7 * DAY,
  });
  t.strictSame(
    only(next).spans.map(({ kind, why }) => why ?? kind),
    ['covered', 'failed', 'withdrawn', 'failed', 'covered'],
  );
  t.equal(next.grades.commitment, 'word');
  const order = knownHistory(story.record({ now: START + 7 * DAY }), period);
  t.equal(order.grades.commitment, 'chain', 'what followed it names it');
  t.equal(
    knownHistory(story.record({ now: START + 7 * DAY, without }), period).grades.commitment,
    'word',
    'and a gap is none',
  );
});

t.test('the log sets its times back over a time of which it knows nothing', async (t) => {
  const { story, commitment } = await daily(8, (day) => (day < 2 || day > 4 ? 'PROVEN' : undefined));
  const honest = knownHistory(story.record(), TEN);
  t.match(only(honest).figures, { missed: 3 });
  // On the last day the agent makes looks for days 2 to 4, and the log says that it logged them then.
  for (const day of [2, 3, 4]) {
    const time = START + day * DAY + 12 * HOUR;
    await story
      .at(story.now + 1)
      .prove(commitment, { tls: 'PROVEN' }, { change: { window: { start: time, end: time } } });
    const said = story.said.at(-1);
    if (said !== undefined) said.time = time;
  }
  await story.at(story.now + HOUR).witness();
  const past = knownHistory(story.record(), TEN);
  t.match(only(past).figures, { missed: 3 }, 'the time in which nobody looked stays');
  t.equal(past.wrong.length, 3);
  t.match(
    past.wrong[0],
    /^the log says that it logged entry \d+ at 2026-01-03T12:00:00Z, and the witnesses show that it was not before/,
  );
  const forged = only(knownHistory(story.record(), { since: START, until: story.now })).looks.slice(-3);
  for (const { at, wrong } of forged) {
    t.ok(at >= START + 8 * DAY);
    t.match(wrong[0], /^the agent says of entry \d+ that its window began at/);
  }
  t.equal(only(past).figures.grades.time, 'word');
  const trusting = knownHistory(story.record({ trust: NOBODY }), TEN);
  t.match(
    trusting,
    { vouched: 'log', heads: { before: undefined, after: undefined } },
    'without witnesses time is the word of the log',
  );
  t.ok(only(trusting).looks.every(({ vouched }) => vouched === 'log'));
  t.equal(trusting.grades.proof, 'word', 'and so is which link of a chain came after the period');
});

t.test('two days of proofs in the last minute, without a witness', async (t) => {
  const story = await PastStory.start(START);
  const commitment = await story.at(START + 60).commit([claimOf('tls', { cadence: 4 * HOUR })]);
  await story.at(START + HOUR).prove(commitment, { tls: 'PROVEN' });
  const end = START + 49 * HOUR;
  for (let hour = 3; hour < 49; hour += 2) {
    const time = START + hour * HOUR;
    await story
      .at(end + hour)
      .prove(
        commitment,
        { tls: 'PROVEN' },
        { change: { window: { start: time, end: time } }, challengeSize: 3 },
      );
  }
  const period = { since: START, until: end + HOUR };
  const past = only(knownHistory(story.record({ now: period.until, trust: NOBODY }), period));
  t.equal(past.looks.length, 24);
  t.match(past.figures, { looks: 2, proven: 2 }, 'the first one, and one somewhere in two days');
  t.ok(past.figures.seconds.covered < 5 * HOUR);
});

t.test('a challenge that the log never had bounds nothing and is not believed', async (t) => {
  const { story, commitment } = await daily(3);
  const size = story.entries.length;
  const challenge = { origin: 'log.example/tally', size, root: hashOf('made up'), nonce: new Uint8Array(16) };
  await story.at(story.now + 60).prove(commitment, { tls: 'PROVEN' }, { change: { challenge } });
  await story.at(story.now + HOUR).witness();
  const { looks, spans } = only(knownHistory(story.record(), { since: START, until: story.now }));
  t.match(looks.at(-1), {
    verdict: 'UNKNOWN',
    stated: 'PROVEN',
    evidence: undefined,
    explain: /root that the log never had/,
    bounds: { notBefore: undefined },
    isSomewhere: true,
  });
  t.not(spans.at(-1)?.kind, 'covered');
});

t.test('one lying witness of two: bounds get wider, and stay right', async (t) => {
  const story = await PastStory.start(START);
  const commitment = await story.at(START + 60).commit([claimOf('tls')]);
  // The first witness says a day more, or a day less, than it is.
  await story.at(START + HOUR).witness([START + HOUR + DAY, START + HOUR]);
  await story.at(START + 2 * HOUR).prove(commitment, { tls: 'PROVEN' });
  await story.at(START + 3 * HOUR).witness([START + 3 * HOUR - DAY, START + 3 * HOUR]);
  const period = { since: START, until: START + 4 * HOUR };
  const [look] = only(knownHistory(story.record({ now: period.until }), period)).looks;
  t.strictSame(look?.bounds, { notBefore: START + HOUR, notAfter: START + 3 * HOUR });
});
