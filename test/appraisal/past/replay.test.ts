/**
 * The two tenses, held to the rule of one moment: at every entry, and at every due time, begin and end of a validity and end of a
 * waiver, one second before and after it. Over the golden half year, and over stories that are made up.
 */
import fc from 'fast-check';
import t from 'tap';
import { believedAt } from '#src/appraisal/past/believed.ts';
import { believedTellings, knownHistory } from '#src/appraisal/past/known.ts';
import type { ClaimPast } from '#src/appraisal/past/known-types.ts';
import { timelineOf } from '#src/appraisal/past/timeline.ts';
import type { PastRecord, Period } from '#src/appraisal/past/types.ts';
import { commitmentOf, historyOf, isOf, revocationsOf, type SubjectEntry } from '#src/appraisal/history.ts';
import { decisiveProofs } from '#src/appraisal/reports.ts';
import { appraiseSubject, type SubjectStatus } from '#src/appraisal/subject.ts';
import { outgrownAtFor } from '#src/client/challenges.ts';
import { isWithdrawal } from '#src/statement/commitment.ts';
import { goldenHalfYear, PERIOD } from '../../support/golden-half-year.ts';
import { claimOf, PastStory, people, T } from '../../support/past-story.ts';
import { anyPlot, play, type Plot } from '../../support/past-plots.ts';

/** Entries of the log that a reader at a moment had: up to the last one of the subject or of the policies that was there. */
function sizeAt(record: PastRecord, now: number): number {
  const { entries, policies } = timelineOf(record);
  const seen = [...entries.map(({ known, visible }) => ({ index: known.index, visible })), ...policies];
  return Math.max(0, ...seen.filter(({ visible }) => visible <= now).map(({ index }) => index + 1));
}

/** `status` as it was run then: the client's reading of a prefix, without anything of src/appraisal/past. */
async function statusThen(
  story: PastStory,
  record: PastRecord,
  size: number,
  now: number,
): Promise<SubjectStatus> {
  const { subject, origin, policies, evidence, wasHead } = record;
  const entries = record.entries.flatMap(({ time, ...each }): readonly SubjectEntry[] =>
    each.index < size && time !== undefined ? [{ ...each, time }] : [],
  );
  const revokedSince = revocationsOf(policies.until(Math.max(1, size)).inForce);
  const history = historyOf(entries, revokedSince);
  const of = commitmentOf({ history });
  const decisive = of === undefined ? [] : decisiveProofs(history.proofs, of.entry.id);
  const loggedAt = (index: number): Promise<number | undefined> => Promise.resolve(story.said[index]?.time);
  const outgrownAt = await outgrownAtFor(decisive, entries, { loggedAt, times: 'log' });
  return appraiseSubject({ subject, entries, evidence, wasHead, outgrownAt }, { now, origin, revokedSince });
}

/** Every moment at which a verdict may change, and the seconds around it. */
function momentsOf(record: PastRecord, { since, until }: Period): readonly number[] {
  const { entries, policies } = timelineOf(record);
  const moments = new Set<number>([since, until, ...policies.map(({ visible }) => visible)]);
  for (const { known, visible } of entries) {
    moments.add(visible);
    const { parsed } = known;
    if (parsed.kind === 'waiver') moments.add(parsed.waiver.notAfter);
    if (parsed.kind !== 'commitment' || isWithdrawal(parsed.commitment)) continue;
    const { notBefore, notAfter } = parsed.commitment.validity ?? {};
    for (const time of [notBefore, notAfter]) if (time !== undefined) moments.add(time);
  }
  for (const moment of [...moments].filter((each) => each <= until))
    for (const { due } of believedAt(record, { size: sizeAt(record, moment), now: moment }).claims)
      moments.add(due);
  const around = [...moments].flatMap((moment) => [moment - 1, moment, moment + 1, moment + 2]);
  return [...new Set(around)].filter((each) => each >= since && each < until).toSorted((a, b) => a - b);
}

const saidOf = ({ claims }: SubjectStatus): string =>
  claims
    .map(({ claim, verdict, hidden }) => `${claim.id} ${verdict} ${hidden ?? ''}`)
    .toSorted()
    .join('; ');

/** What is wrong about the believed tense of a record; nothing when all is right. */
async function believedFaults(
  story: PastStory,
  record: PastRecord,
  period: Period,
): Promise<readonly string[]> {
  const tellings = believedTellings(record, timelineOf(record), period.until);
  const faults: string[] = [];
  for (const now of momentsOf(record, period)) {
    const size = sizeAt(record, now);
    const believed = saidOf(believedAt(record, { size, now }));
    const then = saidOf(await statusThen(story, record, size, now));
    const told = [...tellings].flatMap(([claim, telling]) => {
      const last = telling.findLast(({ at }) => at <= now)?.told;
      return last === undefined ? [] : [`${claim} ${last.verdict} ${last.hidden ?? ''}`];
    });
    const replayed = told.toSorted().join('; ');
    if (believed !== then) faults.push(`${now}: believed ${believed}, and status said ${then}`);
    if (believed !== replayed) faults.push(`${now}: believed ${believed}, and the replay says ${replayed}`);
  }
  return faults;
}

/** What is wrong about the spans of a claim: they partition the period. */
function spanFaults({ claim, spans, figures }: ClaimPast, { since, until }: Period): readonly string[] {
  const faults: string[] = [];
  if (spans[0]?.from !== since || spans.at(-1)?.to !== until) faults.push(`${claim}: the ends are others`);
  for (const [i, { from, to, kind, hides, why, verdict }] of spans.entries()) {
    if (from >= to) faults.push(`${claim}: an empty span at ${from}`);
    if (i > 0 && spans[i - 1]?.to !== from) faults.push(`${claim}: a gap or an overlap at ${from}`);
    if ((kind === 'waived') !== (hides !== undefined))
      faults.push(`${claim}: waived, and what it hides, at ${from}`);
    const isKnown = kind === 'covered' || kind === 'failed' || hides === 'failed';
    if (isKnown === (why !== undefined)) faults.push(`${claim}: a reason where none is due at ${from}`);
    if ((kind === 'covered') !== (verdict === 'PROVEN')) faults.push(`${claim}: ${verdict} at ${from}`);
  }
  const { seconds, hidden } = figures;
  const total = seconds.covered + seconds.failed + seconds.uncovered + seconds.waived;
  if (total !== until - since) faults.push(`${claim}: ${total} seconds of ${until - since}`);
  if (hidden.failed + hidden.uncovered !== seconds.waived) faults.push(`${claim}: waived`);
  if (figures.proven + figures.failed + figures.other !== figures.looks) faults.push(`${claim}: looks`);
  if (figures.missed < 0 || figures.missed > figures.expected) faults.push(`${claim}: missed`);
  return faults;
}

t.test('the golden half year: believed is status as it was run, at every moment', async (t) => {
  const { story } = await goldenHalfYear();
  const record = story.record();
  t.strictSame(await believedFaults(story, record, PERIOD), []);
  for (const claim of knownHistory(record, PERIOD).claims) t.strictSame(spanFaults(claim, PERIOD), []);
});

const START = T('2026-01-01');
const SEEN: Period = { since: START - 500, until: START + 40_000 };

/** Plays a plot and hands the story to a check; fails with what is wrong. */
async function hold(
  plots: fc.Arbitrary<Plot>,
  numRuns: number,
  faultsOf: (story: PastStory) => Promise<readonly string[]> | readonly string[],
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(plots, async (plot) => {
      const story = await PastStory.start(START);
      await play(story, plot);
      const faults = await faultsOf(story);
      if (faults.length > 0) throw new Error(faults.slice(0, 5).join('\n'));
    }),
    { numRuns, seed: 12, endOnFailure: true },
  );
}

t.test('property: believed is status as it was run, at every moment', async (t) => {
  await hold(anyPlot({}), 40, (story) => believedFaults(story, story.record({ now: SEEN.until }), SEEN));
  t.pass();
});

t.test('property: spans partition the period', async (t) => {
  await hold(anyPlot({}), 80, (story) => {
    const record = story.record({ now: SEEN.until });
    return knownHistory(record, SEEN).claims.flatMap((claim) => spanFaults(claim, SEEN));
  });
  t.pass();
});

t.test('property: known is believed where nothing late touches it', async (t) => {
  await hold(anyPlot({ late: false }), 60, (story) => {
    const { claims } = knownHistory(story.record({ now: SEEN.until }), SEEN);
    return claims.flatMap(({ claim, looks, differences }) =>
      looks.some(({ isSomewhere }) => isSomewhere)
        ? []
        : differences.map(
            ({ from, believed, known }) => `${claim} ${from}: ${believed?.verdict}, ${known?.verdict}`,
          ),
    );
  });
  t.pass();
});

t.test('property: each difference names what changed it', async (t) => {
  let differing = 0;
  await hold(anyPlot({}), 80, (story) => {
    const { claims } = knownHistory(story.record({ now: SEEN.until }), SEEN);
    return claims.flatMap(({ claim, differences }) => {
      differing += differences.length;
      return differences.flatMap(({ from, changedBy }) =>
        changedBy.length === 0 ? [`${claim} ${from}`] : [],
      );
    });
  });
  t.ok(differing > 20, `${differing} differences`);
});

t.test('a reader of the first entries knows nothing of a later revocation', async (t) => {
  const story = await PastStory.start(START);
  const commitment = await story.at(START + 10).commit([claimOf('tls')]);
  await story.at(START + 20).prove(commitment, { tls: 'PROVEN' });
  const size = story.entries.length;
  await story.at(START + 30).revoke(people.agent, size - 1);
  const record = story.record({ now: START + 100 });
  const then = believedAt(record, { size, now: START + 100 });
  t.equal(then.claims[0]?.verdict, 'PROVEN');
  t.equal(then.entries.filter((each) => isOf(each, 'proof')).length, 1);
  t.equal(believedAt(record, { size: size + 1, now: START + 100 }).claims[0]?.verdict, 'REVOKED');
});
