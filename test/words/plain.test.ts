/** Figures in words: none reads better than it is. */
import t from 'tap';
import { oddsOf } from '#src/words/plain.ts';

t.test('a probability of having missed something is rounded up', async (t) => {
  for (const [probability, shown] of [
    [0, '0.000'],
    [0.000_01, '0.001'],
    [0.5, '0.500'],
    [0.500_1, '0.501'],
    [0.999_2, '1.000'],
    [1, '1.000'],
  ] as const)
    t.equal(oddsOf(probability), shown, String(probability));
});
