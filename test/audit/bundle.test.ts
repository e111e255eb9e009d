/** A bundle: made, verified under a policy and without one, read as a log, and made again to the byte. */
import t from 'tap';
import { readContainer } from '#src/audit/zip/read.ts';
import { verifyBundle } from '#src/audit/bundle/verify.ts';
import { equalBytes } from '#src/bytes/compare.ts';
import { bundleOf, fourDays, trust } from '../support/bundle-world.ts';

t.test('made and verified', async (t) => {
  const w = await fourDays(t);
  const bytes = await bundleOf(w);
  const { result, checks, histories } = await verifyBundle(bytes, { trust });
  for (const { name, outcome, detail } of checks) t.comment(`${name} ${outcome} ${detail}`);
  t.equal(result, 'verified');
  t.equal(histories.length, 1);
  const without = await verifyBundle(bytes);
  t.equal(without.result, 'consistent');
  for (const [name, content] of readContainer(bytes)) t.comment(`${name} ${content.length}`);
  t.ok(equalBytes(bytes, await bundleOf(w)), 'the same again');
});
