/**
 * A log states times; a bundle and a copy of a log do not, and witnesses alone bound them. What is known from those is never milder
 * than what is known from the log: a failure that the log shows shows there too.
 */
import fc from 'fast-check';
import t from 'tap';
import { knownHistory } from '#src/appraisal/past/known.ts';
import type { ClaimPast, Span } from '#src/appraisal/past/known-types.ts';
import type { PastRecord, Period } from '#src/appraisal/past/types.ts';
import { anyPlot, play } from '../../support/past-plots.ts';
import { agentTwo, claimOf, DAY, HOUR, MINUTE, PastStory, T } from '../../support/past-story.ts';

const START = T('2026-01-01');

/** The record of a source that states no times: bounds by witnessed heads alone, and by the head that the reader has. */
function withoutTimes(record: PastRecord): PastRecord {
  const timeless = <E extends { readonly time: number | undefined }>(each: E) => ({
    ...each,
    time: undefined,
  });
  return {
    ...record,
    entries: record.entries.map(timeless),
    policyEntries: record.policyEntries.map(timeless),
    loggedAt: () => undefined,
  };
}

/** How bad the spans of a claim are: 2 where it failed, 1 where a waiver hid all of that, else 0. */
function severityOf(spans: readonly Span[] = []): number {
  if (spans.some(({ kind }) => kind === 'failed')) return 2;
  return spans.some(({ hides }) => hides === 'failed') ? 1 : 0;
}

const UNCLAIMED: readonly unknown[] = ['unclaimed', 'withdrawn'];

/** How openly nothing is known of a claim: 2 where it was uncovered, 1 where a waiver hid all of that, else 0. */
function opennessOf(spans: readonly Span[] = []): number {
  if (spans.some(({ kind, why }) => kind === 'uncovered' && !UNCLAIMED.includes(why))) return 2;
  return spans.some(({ hides }) => hides === 'uncovered') ? 1 : 0;
}

/** What reads milder without times; nothing when all is right. */
function milder(record: PastRecord, period: Period): readonly string[] {
  const copied = knownHistory(withoutTimes(record), period);
  return knownHistory(record, period).claims.flatMap(({ claim, spans }) => {
    const found = copied.claims.find((each) => each.claim === claim);
    const [live, copy] = [severityOf(spans), severityOf(found?.spans)];
    // A failure decides the exit code, whatever else is uncovered.
    const [open, copiedOpen] = copy === 2 ? [0, 0] : [opennessOf(spans), opennessOf(found?.spans)];
    return [
      ...(copy < live ? [`${claim} failed: ${copy}, and the log says ${live}`] : []),
      ...(copiedOpen < open ? [`${claim} uncovered: ${copiedOpen}, and the log says ${open}`] : []),
    ];
  });
}

const only = ({ claims }: { readonly claims: readonly ClaimPast[] }): ClaimPast => {
  const [claim] = claims;
  if (claim === undefined) throw new Error('no claim');
  return claim;
};
const kindsOf = ({ spans }: ClaimPast): readonly string[] =>
  spans.map(({ kind, why, hides }) => [kind, hides, why].filter((each) => each !== undefined).join(' '));

t.test(
  'property: no failure of the log, and no time of which it knows nothing, is missing where nobody states times',
  async (t) => {
    let failed = 0;
    const ends = fc.constantFrom(1, 600, 4_000, 9_000, 20_000, 40_000);
    await fc.assert(
      fc.asyncProperty(anyPlot({}), ends, async (plot, after) => {
        const story = await PastStory.start(START);
        await play(story, plot);
        const period = { since: START - 500, until: START + after };
        const record = story.record({ now: Math.max(period.until, story.now) });
        if (knownHistory(record, period).claims.some(({ spans }) => severityOf(spans) === 2)) failed += 1;
        const faults = milder(record, period);
        if (faults.length > 0) throw new Error(faults.join('\n'));
      }),
      { numRuns: Number(process.env['STORIES'] ?? 250), seed: 12, endOnFailure: true },
    );
    t.ok(failed > 80, `${failed} stories with a failure`);
  },
);

/** A commitment, a violation, and a minute later a PROVEN; nothing is witnessed before the last of them. */
async function short(cadence = DAY): Promise<PastStory> {
  const story = await PastStory.start(START);
  const commitment = await story.at(START + 60).commit([claimOf('tls', { cadence })]);
  await story.at(START + 120).prove(commitment, { tls: 'VIOLATED' });
  await story.at(START + 180).prove(commitment, { tls: 'PROVEN' });
  return story;
}

t.test('the first hour of a log: a look without a lower bound', async (t) => {
  const story = await PastStory.start(START);
  const commitment = await story.at(START + 60).commit([claimOf('tls')]);
  await story.at(START + 120).prove(commitment, { tls: 'VIOLATED' });
  await story.at(START + HOUR).witness();
  const period = { since: START, until: START + 2 * HOUR };
  const copied = only(knownHistory(withoutTimes(story.record({ now: period.until })), period));
  t.match(copied.looks, [{ isSomewhere: true, bounds: { notBefore: undefined }, verdict: 'VIOLATED' }]);
  t.strictSame(kindsOf(copied), ['uncovered somewhere', 'failed']);
  t.equal(copied.spans[1]?.from, START + HOUR + 3, 'from the upper bound on');
  t.equal(severityOf(copied.spans), 2);
});

t.test('a failure that began and ended between two heads lasts a second', async (t) => {
  const story = await short();
  await story.at(START + HOUR).witness();
  const period = { since: START, until: START + 2 * HOUR };
  const copied = only(knownHistory(withoutTimes(story.record({ now: period.until })), period));
  t.strictSame(kindsOf(copied), ['uncovered somewhere', 'failed', 'uncovered somewhere']);
  t.equal(copied.figures.seconds.failed, 1);
  t.equal(copied.figures.seconds.covered, 0, 'a PROVEN without a lower bound covers nothing');
});

t.test('a log without witnesses, and a period that ends before the only head', async (t) => {
  const story = await short();
  for (const until of [START + 200, START + 400]) {
    const period = { since: START, until };
    const past = knownHistory(withoutTimes(story.record({ now: START + HOUR })), period);
    t.strictSame(kindsOf(only(past)).slice(0, 2), ['uncovered somewhere', 'failed'], 'in its last second');
    t.equal(only(past).spans[1]?.from, until - 1);
    t.equal(severityOf(only(past).spans), 2);
  }
});

t.test('what happened under one head is told in the order of the log', async (t) => {
  const period = { since: START, until: START + DAY };
  const end = async (story: PastStory): Promise<readonly string[]> => {
    await story.at(START + HOUR).witness();
    return kindsOf(only(knownHistory(withoutTimes(story.record({ now: period.until })), period)));
  };
  const waived = await short();
  const [, first] = waived.said;
  if (first === undefined) throw new Error('no commitment');
  await waived.at(START + 200).prove(first.id, { tls: 'VIOLATED' });
  await waived.at(START + 240).waive(first.id, ['tls'], START + 30 * DAY);
  t.strictSame(await end(waived), ['uncovered somewhere', 'failed', 'waived failed']);

  const replaced = await PastStory.start(START);
  const old = await replaced.at(START + 60).commit([claimOf('tls')]);
  await replaced.at(START + 120).prove(old, { tls: 'CONTRADICTED' });
  await replaced.at(START + 180).commit([claimOf('tls')]);
  t.strictSame(
    await end(replaced),
    ['uncovered somewhere', 'failed'],
    'committed again, it is failed until PROVEN',
  );

  const gone = await PastStory.start(START);
  const last = await gone.at(START + 60).commit([claimOf('tls')]);
  await gone.at(START + 120).prove(last, { tls: 'VIOLATED' });
  await gone.at(START + 180).withdraw(last);
  t.strictSame(await end(gone), ['uncovered somewhere', 'failed', 'uncovered withdrawn']);

  const early = await PastStory.start(START);
  const pending = await early.at(START + 60).commit([claimOf('tls')], { approvals: 1 });
  await early.at(START + 120).prove(pending, { tls: 'VIOLATED' });
  await early.at(START + 180).approve(pending);
  t.match((await end(early)).at(-1), 'failed', 'seen while it lacked approvals');
});

t.test('a failure by the target whose age nobody knows counts; a PROVEN does not', async (t) => {
  const period = { since: START, until: START + 3 * HOUR };
  for (const verdict of ['CONTRADICTED', 'PROVEN'] as const) {
    const story = await PastStory.start(START);
    const commitment = await story.at(START + 60).commit([claimOf('tls', { minEvidence: 'E3' })]);
    const challengeSize = story.entries.length;
    await story.at(START + 90).deploy(commitment);
    const attachments = [{ mediaType: 'application/octet-stream', data: new Uint8Array([1]) }];
    const seen = { verdict, evidence: 'E3', attachments: [0], explain: 'it was seen' } as const;
    await story.at(START + 120).prove(commitment, { tls: seen }, { challengeSize, change: { attachments } });
    await story.at(START + HOUR).witness();
    const record = withoutTimes(story.record({ now: period.until }));
    const checked = { fault: undefined, unchecked: undefined };
    const evidence = new Map(
      record.entries.flatMap(({ parsed }) =>
        parsed.kind === 'proof' ? parsed.proof.results.map((each) => [each, checked] as const) : [],
      ),
    );
    const past = only(knownHistory({ ...record, evidence }, period));
    const expected = verdict === 'PROVEN' ? 'uncovered disbelieved' : 'failed';
    t.equal(kindsOf(past).at(-1), expected, verdict);
  }
});

t.test('in the log itself: a failure of less than a second', async (t) => {
  const story = await PastStory.start(START);
  const commitment = await story.at(START + 60).commit([claimOf('tls')]);
  await story.at(START + 120).prove(commitment, { tls: 'VIOLATED' });
  await story.prove(commitment, { tls: 'PROVEN' });
  await story.at(START + 5 * MINUTE).prove(commitment, { tls: 'PROVEN' }, { by: agentTwo });
  const period = { since: START, until: START + HOUR };
  const past = only(knownHistory(story.record({ now: period.until }), period));
  t.strictSame(kindsOf(past), ['uncovered unclaimed', 'uncovered awaited', 'failed', 'covered']);
  t.equal(past.figures.seconds.failed, 1);
});
