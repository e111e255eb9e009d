/** Reading ahead keeps the order, asks no more than its bound, and fails in the turn of what failed. */
import fc from 'fast-check';
import t from 'tap';
import { readAhead } from '../../src/bytes/ahead.ts';

t.test('in order, within bounds', async (t) => {
  const run = fc.asyncProperty(
    fc.nat(80),
    fc.nat(80),
    fc.array(fc.nat(64 * 2 ** 20), { minLength: 1, maxLength: 5 }),
    async (from, count, weights) => {
      let [asked, taken, most] = [0, 0, 0];
      const read = async (index: number): Promise<number> => {
        asked++;
        most = Math.max(most, asked - taken);
        if (index % 3 === 0) await Promise.resolve();
        return index;
      };
      const found: number[] = [];
      const weigh = (index: number): number => weights[index % weights.length] ?? 0;
      for await (const piece of readAhead(from, from + count, read, weigh)) {
        taken++;
        found.push(piece);
      }
      t.strictSame(
        found,
        [...Array(count).keys()].map((i) => from + i),
      );
      if (most > 24) throw new Error(`${most} at once`);
    },
  );
  await fc.assert(run, { numRuns: 50 });
});

t.test('heavy pieces are read two at a time', async (t) => {
  let [asked, taken, most] = [0, 0, 0];
  const read = async (): Promise<number> => {
    asked++;
    if (taken > 0) most = Math.max(most, asked - taken);
    return 64 * 2 ** 20;
  };
  for await (const _ of readAhead(0, 40, read, (weight) => weight)) taken++;
  t.equal(taken, 40);
  t.ok(most <= 16, 'what was asked for at the first guess, and then less');
});

t.test('a failure in its turn', async (t) => {
  const read = async (index: number): Promise<number> => {
    if (index === 5) throw new Error('five');
    return index;
  };
  const found: number[] = [];
  await t.rejects(async () => {
    for await (const piece of readAhead(0, 10, read, () => 1)) found.push(piece);
  }, /five/);
  t.strictSame(found, [0, 1, 2, 3, 4]);
});
