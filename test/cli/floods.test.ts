/** Floods: what others log, or one subject has too much of, keeps nobody from what they look after. Requests and rows are counted, not time. */
import fc from 'fast-check';
import t from 'tap';
import { Learning } from '#src/agent/learning.ts';
import { readsFrom } from '#src/appraisal/reach.ts';
import { findPages, type Listed, type Page, type Wanted } from '#src/client/search.ts';
import { Roster } from '#src/client/roster.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { entryId } from '#src/bytes/brand.ts';
import { ListedRows } from '#src/client/listed-rows.ts';

const ID = entryId('0'.repeat(64));

/** A listing of made-up rows that counts what is asked of it. */
class Listing {
  pages = 0;
  rows = 0;
  readonly all: { subject: string; kind: string }[] = [];

  readonly list = async function* (
    this: Listing,
    { from = 0, before = Infinity, subject, kind }: Wanted,
  ): AsyncGenerator<Page> {
    let page: Listed[] = [];
    for (let index = Math.min(before, this.all.length) - 1; index >= from; index--) {
      const each = this.all[index];
      if (each === undefined || (subject ?? each.subject) !== each.subject) continue;
      if ((kind ?? each.kind) !== each.kind) continue;
      page.push({ index, id: ID, subject: each.subject, time: index });
      if (page.length < 64) continue;
      this.#count(page);
      yield { rows: page, next: index };
      page = [];
    }
    this.#count(page);
    yield { rows: page, next: undefined };
  }.bind(this);

  #count({ length }: readonly Listed[]): void {
    this.pages++;
    this.rows += length;
  }

  add(n: number, subject: (i: number) => string, kind = 'commitment'): void {
    for (let i = 0; i < n; i++) this.all.push({ subject: subject(i), kind });
  }
}

t.test('a roster: 100,500 subjects push nobody out, and are listed once', async (t) => {
  const log = new Listing();
  log.add(3, (i) => `prod/${i}`);
  log.add(100_500, (i) => `dev/${i}`);
  const small = new Roster({ subjects: 1_000, characters: 1e6, pages: 100 });
  let calls = 0;
  do {
    const before = log.pages;
    await small.advance(log.list, log.all.length);
    calls++;
    t.ok(log.pages - before <= 101, 'one call is bounded');
    t.ok(small.newest.length <= 1_000);
  } while (small.unread > 0 && calls < 100);
  t.equal(calls, 16);
  t.strictSame(
    small.newest.slice(0, 4).map(({ subject }) => subject),
    ['prod/0', 'prod/1', 'prod/2', 'dev/0'],
  );
  t.equal(small.dropped, 99_503);
  const before = log.pages;
  log.add(1, () => 'prod/0');
  await small.advance(log.list, log.all.length);
  t.equal(log.pages - before, 1, 'only what is new');
  t.equal(small.newest[0]?.index, 100_503);
  await small.advance(log.list, log.all.length);
  t.equal(log.pages - before, 1, 'nothing for nothing');
});

t.test('a roster is the listing, however it is read', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 200 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 4 }),
      async (rounds, pages) => {
        const log = new Listing();
        const roster = new Roster({ subjects: 1_000, characters: 1e6, pages });
        for (const round of rounds) {
          log.add(round.length, (i) => `s/${round[i]}`);
          await roster.advance(log.list, log.all.length);
        }
        for (let i = 0; i < 50; i++) await roster.advance(log.list, log.all.length);
        const newest = new Map<string, number>();
        for (const [index, { subject }] of log.all.entries()) newest.set(subject, index);
        t.strictSame(
          roster.newest.map(({ subject, index }) => [subject, index]),
          [...newest],
        );
      },
    ),
    { numRuns: 100 },
  );
});

t.test('rows are asked for once, whatever stops', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 300 })), {
        maxLength: 6,
      }),
      async (rounds) => {
        const log = new Listing();
        const kept = new ListedRows();
        for (const [more, stop] of rounds) {
          log.add(more, (i) => (i % 3 === 0 ? 'a' : 'b'), 'proof');
          const wanted = { subject: 'a', kind: 'proof' } as const;
          const size = log.all.length;
          const rows = await kept.newestFirst(log.list, wanted, size, ({ index }) => index < stop, 1e4);
          const right = [...log.all.keys()].filter((i) => i >= stop && log.all[i]?.subject === 'a');
          t.strictSame(
            rows.map(({ index }) => index),
            right.toReversed(),
          );
        }
      },
    ),
    { numRuns: 200 },
  );
});

t.test('20,000 proofs of one subject: as many rows as count, and those once', async (t) => {
  const log = new Listing();
  log.add(20_000, () => 'a', 'proof');
  const kept = new ListedRows();
  const wanted = { subject: 'a', kind: 'proof' } as const;
  const look = () =>
    kept.newestFirst(log.list, wanted, log.all.length, ({ index }) => index < log.all.length - 100, 500);
  t.equal((await look()).length, 100);
  t.ok(log.pages <= 2);
  log.add(10, () => 'a', 'proof');
  t.equal((await look()).length, 100);
  t.ok(log.pages <= 3);
  await t.rejects(
    kept.newestFirst(log.list, wanted, log.all.length, () => false, 500),
    { code: 'too-large', message: /"a" has more than 500 entries of the kind proof/ },
  );
  t.ok(log.pages <= 12, 'and what is too much is not read to its end');
});

t.test('many subjects: what is new of all is one listing', async (t) => {
  const log = new Listing();
  log.add(200, (i) => `s/${i}`);
  const kept = new ListedRows();
  const look = async (): Promise<number> => {
    const before = log.pages;
    for (let i = 0; i < 200; i++)
      await kept.newestFirst(
        log.list,
        { subject: `s/${i}`, kind: 'commitment' },
        log.all.length,
        () => false,
        9,
      );
    return log.pages - before;
  };
  t.equal(await look(), 200);
  t.equal(await look(), 0);
  const from = log.all.length;
  log.add(1, () => 's/7');
  log.add(99, (i) => `other/${i}`);
  await kept.catchUp(log.list, from, log.all.length);
  t.equal(await look(), 1, 'the subject of which something is new');
});

t.test('a listing that does not end, or names what was not asked for', async (t) => {
  const row = (index: number) => ({ index, id: ID, subject: 's', time: 1 });
  const transport = (answer: (before: number) => unknown) => ({
    now: () => 0,
    fetch: async (input: string | URL | Request) => {
      const before = new URL(input instanceof Request ? input.url : input).searchParams.get('before');
      return Response.json(answer(Number(before ?? 1e9)));
    },
  });
  const read = async (answer: (before: number) => unknown, wanted: Wanted): Promise<number> => {
    let rows = 0;
    for await (const page of findPages(transport(answer), 'http://log.example', wanted))
      rows += page.rows.length;
    return rows;
  };
  await t.rejects(
    read((before) => ({ entries: [], next: before }), {}),
    { code: 'unavailable' },
  );
  await t.rejects(
    read(() => ({ entries: [row(5), row(6)], next: null }), {}),
    { code: 'unavailable' },
  );
  let asked = 0;
  const empty = read((before) => (asked++, { entries: [], next: before - 1 }), {
    before: 1e8,
    from: 1e8 - 50,
  });
  t.equal(await empty, 0);
  t.equal(asked, 50, 'no further than what is known');
  asked = 0;
  const older = read(() => (asked++, { entries: [row(90), row(80), row(3)], next: 3 }), {
    before: 100,
    from: 50,
  });
  t.equal(await older, 2);
  t.equal(asked, 1);
});

t.test('what is read of proofs', (t) => {
  const declared = (validity: number | undefined, effective: number) => ({
    entry: undefined,
    declaration: {
      claims: [
        { cadence: 10, grace: 1 },
        { cadence: 3_600, deadline: 300 },
        { cadence: 60, deadline: 7_200 },
      ],
      ...(validity !== undefined && { validity: { notBefore: validity } }),
    },
    effective,
  });
  const from = (validity: number | undefined, effective: number) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it reads of a commitment
    readsFrom(declared(validity, effective) as unknown as Parameters<typeof readsFrom>[0], 1_000_000);
  t.equal(from(undefined, 1), 1_000_000 - 7_800, 'the longest period or deadline');
  t.equal(from(undefined, 999_000), 999_000 - 7_800, 'no due of before it counted');
  t.equal(from(2_000_000, 1), 1_000_000 - 7_800);
  t.end();
});

t.test('an agent: 100,500 commitments of others beside the one it looks after', async (t) => {
  const log = new Listing();
  log.add(1, () => 'prod/x');
  log.add(100_500, (i) => `dev/${i}`);
  const upto = new Map<string, number>();
  const store = {
    learntUpto: (subject: string) => upto.get(subject) ?? 0,
    setLearnt: (subject: string, at: number) => void upto.set(subject, at),
    entry: () => ({}),
    entries: () => [],
    subjects: () => [],
    setEntry: () => undefined,
  };
  const parts = [
    { pages: log.list, entry: () => Promise.reject(new Refusal('not-found', '')) },
    store,
  ] as const;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it asks of a log and a ledger
  const [agentLog, kept] = parts as unknown as ConstructorParameters<typeof Learning>;
  const named = new Learning(agentLog, kept, ['prod/x']);
  t.match(await named.upTo(log.all.length, undefined), { leftOut: 0, unreadable: new Map() });
  t.equal(log.pages, 4, 'by subject, a page a kind');
  log.add(1, () => 'prod/x');
  await named.upTo(log.all.length, undefined);
  t.ok(log.pages <= 9);
  const [pages] = [log.pages];
  const many = new Learning(agentLog, kept, ['dev/**', 'prod/x'], { most: 50 });
  const first = await many.upTo(log.all.length, undefined);
  t.equal(first.leftOut, 100_500 - 50, 'and so many are left out, with a word');
  t.ok(many.histories.has('prod/x'), 'named ones are no pattern');
  t.ok(many.histories.has('dev/0'), 'who was there first');
  t.equal(many.histories.size, 51);
  t.ok(log.pages - pages < 2_000);
});
