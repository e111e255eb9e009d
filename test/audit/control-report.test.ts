/** What histories show for an item of a framework, day by day: nothing is averaged, and absence is never covered. */
import t from 'tap';
import { DAY, type Framework } from '#src/audit/controls/framework.ts';
import { controlReport, type ControlReport, type DayState } from '#src/audit/controls/report.ts';
import type { ClaimPast, KnownHistory, Look, Span } from '#src/appraisal/past/known-types.ts';
import { packOf } from '#src/declare/packs.ts';

const START = 20_000 * DAY;
const ITEM = {
  id: 'X',
  title: 'files are as declared',
  cadence: { seconds: 3 * DAY, says: 'the test' },
  claims: [{ probe: 'tls@1', claim: 'tls12-refused' }],
};
const FRAMEWORK: Framework = {
  id: 'TEST',
  title: 'Test',
  edition: '1',
  source: 'here',
  read: '2026-11-30',
  basis: 'text',
  items: [ITEM],
};

/** A history of ten days: spans and looks in days since its start. */
function historyWith(
  spans: readonly Partial<Span>[],
  looks: readonly (readonly [number, string, number?])[],
): KnownHistory {
  const claims = packOf('https-tls', new Map()).filter(({ id }) => id === 'tls12-refused');
  const past = {
    claim: 'tls12-refused',
    spans: spans.map((span) => ({
      commitment: 'c1',
      ...span,
      from: START + (span.from ?? 0) * DAY,
      to: START + (span.to ?? 0) * DAY,
    })),
    looks: looks.map(
      ([at, verdict, oneWith], i) =>
        ({ at: START + at * DAY, verdict, commitment: 'c1', oneWith: oneWith ?? i }) as unknown as Look,
    ),
    figures: { grades: { looks: 'chain', time: 'chain' } },
  } as unknown as ClaimPast;
  return {
    subject: 'web/shop',
    period: { since: START, until: START + 10 * DAY },
    declared: [{ entry: { id: 'c1' }, declaration: { claims } }],
    claims: [past],
  } as unknown as KnownHistory;
}

function report(...histories: readonly KnownHistory[]): ControlReport {
  return controlReport(FRAMEWORK, ITEM, { since: START, until: START + 10 * DAY }, histories);
}
const states = ({ days }: ControlReport): readonly DayState[] => days.map(({ state }) => state);
const daily = Array.from({ length: 10 }, (_, i): readonly [number, string] => [i + 0.5, 'PROVEN']);

t.test('covered for ten days, with a look each day', (t) => {
  const shown = report(historyWith([{ from: 0, to: 10, kind: 'covered' }], daily));
  t.strictSame(
    states(shown),
    Array.from({ length: 10 }, () => 'covered'),
  );
  t.equal(shown.days[3]?.looks, 1);
  t.ok(shown.holds);
  t.end();
});

t.test('a violation of a minute makes its day failed, and one under a waiver hidden', (t) => {
  const spans = [
    { from: 0, to: 4, kind: 'covered' },
    { from: 4, to: 4.001, kind: 'failed' },
    { from: 4.001, to: 6, kind: 'covered' },
    { from: 6, to: 6.5, kind: 'waived', hides: 'failed' },
    { from: 6.5, to: 10, kind: 'covered' },
  ] as const;
  const shown = report(historyWith(spans, daily));
  t.equal(states(shown)[4], 'failed');
  t.equal(states(shown)[6], 'hidden');
  t.equal(states(shown).filter((each) => each === 'covered').length, 8);
  t.notOk(shown.holds);
  t.end();
});

t.test('days without a claim, or with one for half of them, are not covered', (t) => {
  const shown = report(historyWith([{ from: 2.5, to: 10, kind: 'covered' }], daily));
  t.strictSame(states(shown).slice(0, 4), ['unclaimed', 'unclaimed', 'unclaimed', 'covered']);
  t.notOk(shown.holds);
  t.end();
});

t.test('a claim that is covered by its own cadence misses the one of the item', (t) => {
  const looks = [0.5, 5.5, 9].map((at): readonly [number, string] => [at, 'PROVEN']);
  const shown = report(historyWith([{ from: 0, to: 10, kind: 'covered' }], looks));
  t.strictSame(states(shown).slice(2, 7), ['covered', 'missed', 'missed', 'missed', 'covered']);
  t.strictSame(shown.supports[0]?.gaps, [
    { from: START + 3.5 * DAY, to: START + 5.5 * DAY },
    { from: START + 8.5 * DAY, to: START + 9 * DAY },
  ]);
  t.end();
});

t.test('a look that could not tell is none', (t) => {
  const looks = daily.map(([at]): readonly [number, string] => [at, 'UNKNOWN']);
  const shown = report(historyWith([{ from: 0, to: 10, kind: 'covered' }], looks));
  t.equal(shown.days[0]?.looks, 0);
  t.equal(states(shown)[9], 'missed');
  t.end();
});

t.test('why nothing is known decides between missed and uncovered', (t) => {
  for (const [why, state] of [
    ['missed', 'missed'],
    ['agent-away', 'missed'],
    ['log-away', 'missed'],
    ['somewhere', 'missed'],
    ['disbelieved', 'uncovered'],
    ['pending', 'uncovered'],
  ] as const) {
    const spans = [
      { from: 0, to: 5, kind: 'covered' },
      { from: 5, to: 5.1, kind: 'uncovered', why },
      { from: 5.1, to: 10, kind: 'covered' },
    ] as const;
    t.equal(states(report(historyWith(spans, daily)))[5], state, why);
  }
  t.end();
});

t.test('no claim that supports the item: no days, and it does not hold', (t) => {
  const history = historyWith([{ from: 0, to: 10, kind: 'covered' }], daily);
  const other = { ...ITEM, claims: [] };
  const shown = controlReport({ ...FRAMEWORK, items: [other] }, other, history.period, [history]);
  t.strictSame(shown.days, []);
  t.notOk(shown.holds);
  t.end();
});

t.test('the worst of two subjects counts', (t) => {
  const good = historyWith([{ from: 0, to: 10, kind: 'covered' }], daily);
  const bad = historyWith(
    [
      { from: 0, to: 9, kind: 'covered' },
      { from: 9, to: 10, kind: 'failed' },
    ],
    daily,
  );
  const shown = report(good, bad);
  t.equal(states(shown)[9], 'failed');
  t.equal(shown.days[0]?.looks, 2);
  t.equal(shown.supports.length, 2);
  t.end();
});

t.test('two days of proofs that count as one look are one look', (t) => {
  const burst = Array.from({ length: 48 }, (_, i) => [9.9 + i / 10_000, 'PROVEN', 0] as const);
  const shown = report(historyWith([{ from: 0, to: 10, kind: 'covered' }], burst));
  t.equal(shown.days[9]?.looks, 1);
  t.end();
});
