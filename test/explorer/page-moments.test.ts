/** What a page says of time: a green word is of a moment, and neither a link nor an open window makes it one of now. */
import t from 'tap';
import { hasLapsed } from '#src/explorer/page/views/subject/lapse.ts';
import type { ClaimJson } from '#src/explorer/page/draw/clusters.ts';
import { figuresText } from '#src/explorer/page/views/subject/figures.ts';
import { drawnOf, laterOf, viewIn } from '#src/explorer/page/views/subject/period.ts';

const NOW = 1_800_000_000;

t.test('PROVEN lapses when the next proof is due, and nothing else does', async (t) => {
  const proven = { verdict: 'PROVEN', due: NOW + 60 } as const;
  t.notOk(hasLapsed(proven, { read: NOW, now: NOW + 59 }));
  t.ok(hasLapsed(proven, { read: NOW, now: NOW + 60 }), 'the page was left open');
  t.notOk(
    hasLapsed({ ...proven, due: NOW - 1 }, { read: NOW, now: NOW + 60 }),
    'it was late when the verdict was computed, and the verdict knows it',
  );
  t.notOk(hasLapsed({ ...proven, verdict: 'VIOLATED' }, { read: NOW, now: NOW + 60 }), 'red stays red');
});

t.test('the period of a URL, whatever a link says', async (t) => {
  const hour = viewIn('?zoom=hour', NOW);
  t.strictSame(hour.period, { since: NOW - 3_600, until: NOW });
  for (const search of [
    '?zoom=__proto__',
    '?zoom=toString',
    '?until=1e300',
    '?until=-1',
    '?until=NaN',
    `?until=${NOW + 9}`,
    '?until=0x10&until=2',
    '?%',
  ]) {
    const { zoom, period } = viewIn(search, NOW);
    t.equal(zoom, 'month', search);
    t.ok(period.since >= 0 && period.since <= period.until && period.until <= NOW, search);
  }
});

t.test('the drawing and the figures are of one period', async (t) => {
  const view = viewIn('', NOW);
  const month = { since: NOW - 30 * 86_400, until: NOW };
  const past = (since: number, until: number, first: number) => ({
    since,
    until,
    declared: [{ time: first }],
  });
  t.strictSame(drawnOf(view, undefined), month, 'before anything is known');
  t.strictSame(
    drawnOf(view, past(month.since, NOW, month.since - 1)),
    month,
    'it was declared before the month',
  );
  t.strictSame(drawnOf(view, past(month.since, NOW, NOW - 1_000)), { since: NOW - 1_060, until: NOW });
  const then = viewIn('?at=size:9', NOW);
  const [since, until] = [NOW - 200 * 86_400, NOW - 170 * 86_400];
  t.strictSame(drawnOf(then, past(since, until, 0)), { since, until }, 'as of a moment, it ends there');
  t.strictSame(drawnOf(then, past(since, until, until - 10)), { since: until - 70, until });
});

const span = (from: number, to: number, why: string | null = null) =>
  ({ from, to, why, kind: why === null ? 'covered' : 'uncovered' }) as unknown as ClaimJson['spans'][number];

t.test('figures say what is drawn', async (t) => {
  const drawn = { since: 900, until: 2_000 };
  const spans = [span(0, 1_000, 'unclaimed'), span(1_000, 2_000)];
  const figures = {
    grade_looks: 'word',
    expected: 9,
    looks: 4,
    proven: 3,
    failed: 1,
    other: 0,
    missed: 7,
    seconds: { covered: 500, failed: 500, uncovered: 1_000, waived: 0 },
  };
  const claim = (change: object, looks = 7) =>
    ({
      spans,
      looks: Array.from({ length: looks }),
      figures: { ...figures, ...change },
    }) as unknown as ClaimJson;
  t.equal(
    figuresText(claim({}), drawn),
    'covered 50.00 % of 16 min; failed 8 min; not claimed 100 s; 7 looks, which count as 4, since nobody can name their moments: ' +
      '3 PROVEN, 1 failed; none in 7 of 9 cadences; grade word',
  );
  t.match(
    figuresText(claim({ other: 2, missed: 0 }, 4), drawn),
    /; 4 looks: 3 PROVEN, 1 failed, 2 told nothing; one in each of 9 cadences;/,
  );
  t.match(
    figuresText(
      claim(
        { seconds: { covered: 0, failed: 0, uncovered: 1_000, waived: 0 }, looks: 0, expected: 0, missed: 0 },
        0,
      ),
      drawn,
    ),
    /^claimed at no time; not claimed 100 s; no look; none was due yet;/,
    'no share of nothing',
  );
  const uncovered = [
    span(0, 1_000, 'unclaimed'),
    span(1_000, 1_100, 'awaited'),
    span(1_100, 2_000, 'somewhere'),
  ];
  const times = { seconds: { covered: 0, failed: 0, uncovered: 2_000, waived: 0 } };
  t.match(
    figuresText({ ...claim(times), spans: uncovered }, drawn),
    /^covered 0.00 % of 16 min; uncovered 16 min \(mostly somewhere: a look was made, .* that nobody can name\); not claimed 100 s;/,
  );
});

t.test('later leads back to now, and not to a moment shortly before it', async (t) => {
  t.equal(laterOf(NOW - 200, 100, NOW), NOW - 100);
  t.equal(laterOf(NOW - 150, 100, NOW), NOW - 50);
  t.equal(laterOf(NOW - 149, 100, NOW), null);
  t.equal(laterOf(NOW - 100, 100, NOW), null);
});
