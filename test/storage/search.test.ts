/** Searches of the SQLite store answer as the plain one of the memory store does, and in bounded steps. */
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { join } from 'node:path';
import t from 'tap';
import { entryId, leafIndex, treeSize } from '../../src/bytes/brand.ts';
import { encodeUtf8 } from '../../src/bytes/text.ts';
import type { Head, NewEntry, Query, Store } from '../../src/log/ports.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { openForReading } from '../../src/storage/schema.ts';
import { walkSql, type FilterColumn } from '../../src/storage/search.ts';
import { SqliteStore } from '../../src/storage/sqlite.ts';
import { hashLeaf } from '../../src/tree/hash.ts';
import { ORIGIN } from '../support/world.ts';

type Fields = Pick<NewEntry, 'subject' | 'issuer' | 'kid' | 'kind'>;

function entryAt(index: number, fields: Fields): NewEntry {
  const bytes = encodeUtf8(`entry ${index}`);
  const id = entryId(sha256(bytes).toHex());
  return { index: leafIndex(index), id, bytes, leaf: hashLeaf(bytes), time: 1_800_000_000, ...fields };
}

async function fill(store: Store, all: readonly Fields[]): Promise<void> {
  const entries = all.map((fields, index) => entryAt(index, fields));
  const head: Head = { size: treeSize(all.length), root: hashLeaf(new Uint8Array()), time: 1_800_000_000 };
  await store.commit({ head, entries, tiles: [], chains: new Map() }, undefined);
}

/** All pages of a search; how many pages there were. */
async function allOf(store: Store, query: Query): Promise<{ found: readonly number[]; pages: number }> {
  const found: number[] = [];
  let pages = 0;
  for (let { before } = query; ;) {
    const { rows, next } = await store.search(before === undefined ? query : { ...query, before });
    found.push(...rows.map(({ index }) => index));
    pages++;
    if (next === undefined) return { found, pages };
    if (before !== undefined && next >= before) throw new Error('a page does not go down');
    before = next;
  }
}

const KINDS = ['other', 'commitment', 'proof'] as const;

/** Skewed: the first value of three is most, and runs of one value are long. */
const skewed = <T>(values: readonly [T, T, T]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 20, arbitrary: fc.constant(values[0]) },
    { weight: 3, arbitrary: fc.constant(values[1]) },
    { weight: 1, arbitrary: fc.constant(values[2]) },
  );
const names = ['a', 'b', 'c'] as const;
const fields: fc.Arbitrary<Fields> = fc.record({
  subject: skewed(names),
  issuer: skewed(names),
  kid: skewed(names),
  kind: skewed(KINDS),
});
const runs = fc
  .array(fc.tuple(fields, fc.integer({ min: 1, max: 150 })), { minLength: 1, maxLength: 12 })
  .map((all) => all.flatMap(([each, times]) => Array<Fields>(times).fill(each)));
const query = fc.record(
  {
    subject: fc.constantFrom(...names, 'nobody'),
    issuer: fc.constantFrom(...names),
    kid: fc.constantFrom(...names),
    kind: fc.constantFrom(...KINDS),
    before: fc.integer({ min: 0, max: 2000 }),
    limit: fc.constantFrom(1, 7, 1000),
  },
  { requiredKeys: ['limit'] },
);

t.test('every search finds what the plain store finds, page by page', async (t) => {
  const dir = t.testdir();
  let at = 0;
  await fc.assert(
    fc.asyncProperty(runs, fc.array(query, { minLength: 1, maxLength: 8 }), async (all, queries) => {
      const plain = new MemoryStore();
      const store = SqliteStore.openToWrite(join(dir, `${at++}.db`), ORIGIN, true);
      await fill(plain, all);
      await fill(store, all);
      for (const each of queries) {
        const { found } = await allOf(store, each);
        if (JSON.stringify(found) !== JSON.stringify((await allOf(plain, each)).found))
          throw new Error(`another answer to ${JSON.stringify(each)}`);
      }
      await store.close();
    }),
    { numRuns: 40 },
  );
  t.pass();
});

t.test('skewed filters over 60,000 entries', async (t) => {
  const path = join(t.testdir(), 'log.db');
  const all = Array.from({ length: 60_000 }, (_, i): Fields => ({
    // `even` and `proof` alternate, so that they never match together; `rare` is one in 20,000.
    subject: i % 20_000 === 11 ? 'rare' : 'common',
    issuer: i < 30_000 ? 'early' : 'late',
    kid: i % 2 === 0 ? 'even' : 'odd',
    kind: i % 2 === 0 ? 'other' : 'proof',
  }));
  const store = SqliteStore.openToWrite(path, ORIGIN, true);
  await fill(store, all);

  const rare = await allOf(store, { kind: 'proof', subject: 'rare', limit: 100 });
  t.same(rare, { found: [40_011, 20_011, 11], pages: 1 }, 'the rarest filter is walked, whichever it is');
  const never = await allOf(store, { kind: 'proof', kid: 'even', limit: 100 });
  t.same(never, { found: [], pages: 4 }, 'what never matches ends in a few bounded pages');
  const first = await store.search({ kind: 'proof', kid: 'even', limit: 100 });
  t.same(first.rows, [], 'an empty page');
  t.equal(first.next, 40_000, 'that goes on below the 10,000 steps of its rarest filter');
  const apart = await allOf(store, { issuer: 'early', subject: 'rare', before: 30_000, limit: 100 });
  t.same(apart, { found: [20_011, 11], pages: 1 });
  const many = await store.search({ subject: 'common', kind: 'other', limit: 3 });
  t.same(
    many.rows.map(({ index }) => index),
    [59_998, 59_996, 59_994],
  );
  t.equal(many.next, 59_994);
  t.same((await store.search({ issuer: 'late', kind: 'proof', before: 30_000, limit: 5 })).rows, []);
  t.same((await store.search({ issuer: 'late', kind: 'proof', before: 0, limit: 5 })).next, undefined);
  await store.close();

  const db = openForReading(path);
  const explain = (columns: readonly FilterColumn[]): readonly string[] =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${walkSql(columns)}`)
      .all(...Array<number>(columns.length + 3).fill(1))
      .map((row) => (row as { detail: string }).detail);
  for (const columns of [
    ['subject', 'kind'],
    ['kind', 'issuer', 'kid'],
  ] as const) {
    const plan = explain(columns);
    for (const column of columns)
      t.ok(
        plan.some((line) => line.includes(`USING COVERING INDEX entry_${column} (`)),
        `${column} is asked of its index alone`,
      );
    t.equal(plan.filter((line) => line.includes('INTEGER PRIMARY KEY') && / e /.test(line)).length, 1);
    t.notOk(plan.some((line) => line.startsWith('SCAN e')));
  }
  db.close();
});
