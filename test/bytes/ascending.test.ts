/** How many values at the begin of a list satisfy a condition. */
import fc from 'fast-check';
import t from 'tap';
import { countWhile } from '#src/bytes/ascending.ts';

t.test('as counting one by one', async (t) => {
  t.equal(
    countWhile([], () => true),
    0,
  );
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 50 })),
      fc.integer({ min: -1, max: 51 }),
      (values, limit) => {
        const sorted = values.toSorted((a, b) => a - b);
        return countWhile(sorted, (each) => each < limit) === sorted.filter((each) => each < limit).length;
      },
    ),
  );
});
