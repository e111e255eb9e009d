/** What a page says of time: a green word is of a moment, and neither a link nor an open window makes it one of now. */
import t from 'tap';
import { hasLapsed } from '#src/explorer/page/views/subject/lapse.ts';
import { viewIn } from '#src/explorer/page/views/subject/period.ts';

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
