/** Sizes that a mirror held: bounded, and never told of a time before its start. */
import t from 'tap';
import { growthSeen } from '#src/explorer/facts/growth.ts';
import { Sizes } from '#src/mirror/sizes.ts';

const DAY = 86_400;

t.test('sizes', async (t) => {
  const sizes = new Sizes();
  t.equal(sizes.at(1_000), undefined);
  sizes.see(1_000, 5);
  sizes.see(1_100, 5);
  sizes.see(1_200, 9);
  t.strictSame(sizes.seen, [
    [1_000, 5],
    [1_200, 9],
  ]);
  t.strictSame(
    [999, 1_000, 1_199, 1_200, Infinity].map((time) => sizes.at(time)),
    [undefined, 5, 5, 9, 9],
  );
  for (let i = 0; i < 5_000; i++) sizes.see(2_000 + i, 10 + i);
  t.ok(sizes.seen.length <= 513, 'bounded');
  t.strictSame(
    [sizes.seen[0], sizes.seen.at(-1)],
    [
      [1_000, 5],
      [6_999, 5_009],
    ],
    'the first and the last stay',
  );
  t.same(
    sizes.seen.map(([time]) => time),
    sizes.seen.map(([time]) => time).toSorted((a, b) => a - b),
  );
});

t.test('growth', async (t) => {
  const sizes = new Sizes();
  sizes.see(10 * DAY, 100);
  sizes.see(12 * DAY, 150);
  const at = (time: number) => growthSeen(sizes.seen, (each) => sizes.at(each), time);
  t.strictSame([...at(12 * DAY + 10).since], [[DAY, 50]], 'of a week it knows nothing yet');
  t.strictSame(
    [...at(17 * DAY).since],
    [
      [DAY, 0],
      [7 * DAY, 50],
    ],
  );
  t.strictSame(at(17 * DAY).points.at(-1), [17 * DAY, 150], 'until now');
  t.strictSame(growthSeen([], () => undefined, 0).points, []);
});
