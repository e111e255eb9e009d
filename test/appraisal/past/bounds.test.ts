/** Bounds in time from witnessed heads, against the definition, head by head. */
import fc from 'fast-check';
import t from 'tap';
import { timeBounds, witnessedHead } from '#src/appraisal/past/bounds.ts';
import type { WitnessedHead } from '#src/appraisal/past/types.ts';
import { openWitnessed } from '#src/registration/notices.ts';
import { BOTH_WITNESSES, claimOf, hashOf, PastStory, T } from '../../support/past-story.ts';

const root = hashOf('root');
const head = fc.record({
  index: fc.option(fc.nat(40), { nil: undefined }),
  size: fc.nat(40),
  notAfter: fc.nat(1_000),
  notBefore: fc.nat(1_000),
});

t.test('property: the binary search finds what the definition says', async (t) => {
  fc.assert(
    fc.property(fc.array(head, { maxLength: 12 }), (drawn) => {
      const heads = drawn.map((each): WitnessedHead => ({ ...each, root }));
      const bounds = timeBounds(heads);
      const orNone = (time: number): number | undefined => (Number.isFinite(time) ? time : undefined);
      for (let index = 0; index <= 42; index++) {
        const after = heads.filter(({ size }) => size > index).map(({ notAfter }) => notAfter);
        const before = heads
          .filter((each) => each.index !== undefined && each.index < index)
          .map(({ notBefore }) => notBefore);
        const expected = { notBefore: orNone(Math.max(...before)), notAfter: orNone(Math.min(...after)) };
        const found = bounds.boundsOf(index);
        if (found.notBefore !== expected.notBefore || found.notAfter !== expected.notAfter) return false;
        if (bounds.madeNotBefore(index) !== expected.notBefore) return false;
      }
      return true;
    }),
    { numRuns: 500, seed: 12 },
  );
  t.pass();
});

t.test('a head without a quorum, and one of a tree that its own notice is in, say nothing', async (t) => {
  const story = await PastStory.start(T('2026-01-01'));
  await story.at(T('2026-01-01 01:00')).commit([claimOf('tls')]);
  await story.at(T('2026-01-01 02:00')).witness();
  const notice = story.said[2]?.parsed;
  if (notice?.kind !== 'notice' || notice.notice.topic !== 'witnessed') throw new Error('no notice');
  const opened = openWitnessed(2, notice.notice, BOTH_WITNESSES);
  t.match(witnessedHead(opened, BOTH_WITNESSES, 2), {
    index: 2,
    size: 2,
    notBefore: T('2026-01-01 02:00:01'),
    notAfter: T('2026-01-01 02:00:03'),
  });
  t.equal(witnessedHead(opened, BOTH_WITNESSES, 1), undefined, 'entry 1 cannot hold a head of two entries');
  const [one] = opened.cosignatures;
  t.equal(
    witnessedHead({ ...opened, cosignatures: one === undefined ? [] : [one] }, BOTH_WITNESSES, 2),
    undefined,
  );
});
