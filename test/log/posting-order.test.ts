/** The statements of one posting are logged in its order, however its pieces are checked; other postings do not wait. */
import fc from 'fast-check';
import t from 'tap';
import { openBatch, type CheckedBatch } from '../../src/log/batch.ts';
import { Pool } from '../../src/log/pool.ts';

/** A pool whose checks end when they are told to. A statement is two bytes: its posting, and its place there. */
function bench(width: number) {
  const checks: (() => void)[] = [];
  const log: (readonly [posting: number, place: number])[] = [];
  const itemsOf = ({ memory }: CheckedBatch) => {
    const { count, data } = openBatch(memory);
    return Array.from({ length: count }, (_, i) => [data[2 * i] ?? -1, data[2 * i + 1] ?? -1] as const);
  };
  const pool = new Pool({
    checkers: {
      width,
      check: (memory) => new Promise((resolve) => checks.push(() => resolve({ memory, refused: [] }))),
    },
    append: async (batches) => {
      await new Promise(setImmediate);
      const results = batches.map((batch) => {
        const items = itemsOf(batch);
        const start = log.length;
        log.push(...items);
        return {
          indices: Float64Array.from(items, (_, i) => start + i),
          duplicate: new Uint8Array(items.length),
          refused: [],
          receipts: new Uint8Array(),
          receiptEnds: new Uint32Array(items.length),
        };
      });
      return { results, head: { size: 2 } as never, policy: undefined };
    },
    onAppended: () => {},
    capacity: 10_000,
    defer: queueMicrotask,
  });
  const post = (posting: number, size: number) =>
    pool.submit(Array.from({ length: size }, (_, place) => Uint8Array.of(posting, place)));
  return { post, checks, log };
}

const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
};

t.test('any postings, checked in any order', async (t) => {
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 12 });
  const order = fc.infiniteStream(fc.nat());
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 4 }), order, async (sizes, width, order) => {
      const { post, checks, log } = bench(width);
      let open = sizes.length;
      const answers = sizes.map(async (size, posting) => {
        const outcomes = await post(posting, size);
        open--;
        return outcomes;
      });
      for (const next of order) {
        await settled();
        if (open === 0) break;
        const [run] = checks.splice(next % Math.max(1, checks.length), 1);
        run?.();
      }
      for (const [posting, outcomes] of (await Promise.all(answers)).entries()) {
        const places = log.flatMap(([of, place]) => (of === posting ? [place] : []));
        t.strictSame(places, [...places.keys()], 'in the order of the posting');
        const indices = outcomes.map((each) => (each.kind === 'logged' ? each.index : -1));
        t.strictSame(
          indices,
          log.flatMap(([of], index) => (of === posting ? [index] : [])),
          'each with the index that it has',
        );
      }
    }),
    { numRuns: 60 },
  );
});

t.test('a posting that waits for its first piece holds up nobody else', async (t) => {
  const { post, checks, log } = bench(4);
  const large = post(0, 120);
  await settled();
  t.ok(checks.length > 1, 'it is checked in several pieces');
  const [first, ...others] = checks.splice(0);
  for (const run of others) run();
  await settled();
  t.strictSame(log, [], 'later pieces wait');
  const small = post(1, 48);
  await settled();
  for (const run of checks.splice(0)) run();
  t.equal((await small).length, 48);
  first?.();
  while (log.length < 168) {
    for (const run of checks.splice(0)) run();
    await settled();
  }
  t.equal((await large).length, 120);
  t.strictSame(
    log.slice(48).map(([, place]) => place),
    [...Array(120).keys()],
  );
});
