/** When a notice is due, as a table. */
import t from 'tap';
import { dueAt, PERIODS, type Standing } from '#src/notary/due.ts';

const NOW = 1_800_000_000;
const HOUR = 3600;
const last = { index: 100, size: 100, time: NOW - 60 };
const quiet: Standing = { now: NOW, head: 101, last, policy: 0, grew: false, isShort: false };

t.test('when a notice is due', async (t) => {
  const cases: [string, Partial<Standing>, number | undefined][] = [
    ['no head has a quorum', { head: undefined, last: undefined }, undefined],
    ['an empty tree', { head: 0, last: undefined }, undefined],
    ['the first', { last: undefined }, NOW],
    ['the same head', { head: 100, grew: true }, undefined],
    ['an older head', { head: 99, grew: true }, undefined],
    ['nothing but the notice', {}, last.time + 24 * HOUR],
    ['nothing but the notice, with a short cadence', { isShort: true }, last.time + 24 * HOUR],
    ['something was logged', { grew: true }, last.time + HOUR],
    ['something was logged, with a short cadence', { grew: true, isShort: true }, last.time + 600],
    ['a policy', { policy: 100, grew: true, head: 101 }, NOW],
    ['a policy that the head does not hold yet', { policy: 101, grew: true, head: 101 }, last.time + HOUR],
    ['a policy before the last', { policy: 99, grew: true, head: 120 }, last.time + HOUR],
  ];
  for (const [what, change, due] of cases) t.equal(dueAt({ ...quiet, ...change }), due, what);
  t.strictSame(PERIODS, { usual: 3600, short: 600, idle: 86_400 });
});
