/** A time becomes the size of the newest witnessed head not after it. */
import t from 'tap';
import type { WitnessedHead } from '#src/appraisal/past/types.ts';
import { digest } from '#src/bytes/brand.ts';
import { FoundHeads } from '#src/client/witnessed-heads.ts';
import { compromisedSince } from '#src/policy/compromised.ts';

const NOW = 1_800_000_000;
const head = (index: number, size: number, notAfter: number): WitnessedHead => ({
  index,
  size,
  root: digest(new Uint8Array(32)),
  notAfter,
  notBefore: notAfter,
});
const logOf = (...heads: readonly WitnessedHead[]) => {
  const found = new FoundHeads();
  for (const each of heads) found.add(each);
  return { size: 100, now: NOW, heads: found };
};
const since = async (log: ReturnType<typeof logOf>, time: number) =>
  (await compromisedSince(log, { kind: 'time', time })).size;

t.test('the newest head not after the time', async (t) => {
  const log = logOf(head(10, 10, 1_000), head(20, 19, 2_000), head(30, 28, 3_000));
  t.equal(await since(log, 1_000), 10);
  t.equal(await since(log, 1_999), 10);
  t.equal(await since(log, 2_000), 19);
  t.equal(await since(log, NOW), 28);
  await t.rejects(since(log, 999), { code: 'not-found', message: /no witnessed head is as old as 1970/ });
  await t.rejects(since(logOf(), NOW), { code: 'not-found' });
  await t.rejects(since(log, NOW + 1), { code: 'usage', message: /has not come/ });
});

t.test('an old head that is said again later lets no more fall', async (t) => {
  const log = logOf(head(10, 10, 1_000), head(20, 19, 2_000), head(90, 5, 500), head(91, 10, 1_000));
  t.equal(await since(log, 2_500), 19);
  t.equal(await since(log, 1_500), 10);
});

t.test('a size', async (t) => {
  const log = logOf(head(10, 10, 1_000));
  t.strictSame(await compromisedSince(log, { kind: 'size', size: 7 }), { size: 7, head: undefined });
  await t.rejects(compromisedSince(log, { kind: 'size', size: 101 }), { code: 'beyond-head' });
});
