/** The engine: admission in order, exact duplicates, group commit, faults, recovery. Every step is audited. */
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { sha256 } from '@noble/hashes/sha2.js';
import { digest, entryId, leafIndex, treeSize } from '../../src/bytes/brand.ts';
import { equalBytes } from '../../src/bytes/compare.ts';
import { encodeUtf8, parseHex } from '../../src/bytes/text.ts';
import { SqliteReader } from '../../src/storage/sqlite-reader.ts';
import { type Refusal, refuse } from '../../src/bytes/refusal.ts';
import { decodeReceipt, verifyReceipt } from '../../src/cose/receipt.ts';
import { auditLog } from '../../src/log/audit.ts';
import { openBatch } from '../../src/log/batch.ts';
import { checkBatch } from '../../src/log/check.ts';
import { logGenesis } from '../../src/log/genesis.ts';
import { Lag } from '../../src/log/lag.ts';
import { Pool } from '../../src/log/pool.ts';
import type { Guard, Head, NewEntry, Outcome, Plan, Store } from '../../src/log/ports.ts';
import { policyOf } from '../../src/log/recover.ts';
import { Sequencer, type Appended } from '../../src/log/sequencer.ts';
import { indexAudit, storeSource } from '../../src/log/storeaudit.ts';
import { orderKey } from '../../src/registration/order.ts';
import { verifyWithNoble } from '../../src/sign/algorithm.ts';
import { SqliteGuard } from '../../src/storage/guard.ts';
import { MemoryGuard, MemoryStore } from '../support/memory-store.ts';
import { FLUSH_EVERY, SLICES } from '../../src/storage/recent.ts';
import { openForWriting } from '../../src/storage/schema.ts';
import { SqliteStore } from '../../src/storage/sqlite.ts';
import { hashLeaf, nobleHasher } from '../../src/tree/hash.ts';
import { beginLog } from '../support/running-log.ts';
import {
  approvalStatement,
  commitmentStatement,
  entryIdOf,
  headKeys,
  logSigner,
  ORIGIN,
  otherStatement,
  people,
  nextPolicyStatement,
  policyDocumentOf,
  policyStatement,
  proofStatement,
} from '../support/world.ts';

const NOW = 1_800_000_000;
const PLACE = { index: 0, id: entryId('0'.repeat(64)) };

interface Bench {
  readonly store: Store;
  readonly guard: Guard;
  sequencer: Sequencer;
  submit(...statements: Uint8Array[]): Promise<readonly Outcome[]>;
}

/** A log without threads: checks and appends in place, on the given drivers. */
async function openLog(store: Store, guard: Guard, genesis?: Uint8Array): Promise<Bench> {
  const deps = {
    origin: ORIGIN,
    store,
    guard,
    signer: logSigner,
    hasher: nobleHasher,
    now: () => NOW,
    clockTolerance: 60,
  };
  if (genesis !== undefined) await logGenesis(genesis, ORIGIN, deps);
  const sequencer = await Sequencer.start(deps);
  const bench: Bench = { store, guard, sequencer, submit: (...statements) => submit(bench, statements) };
  return bench;
}

async function submit(bench: Bench, statements: readonly Uint8Array[]): Promise<readonly Outcome[]> {
  const pool = new Pool({
    checkers: {
      width: 1,
      check: async (memory) => {
        const policy = policyOf(await bench.sequencer.policyEntry());
        return {
          memory,
          refused: checkBatch(memory, { policy, verify: verifyWithNoble }),
        };
      },
    },
    append: (batches) => bench.sequencer.append(batches),
    onAppended: () => {},
    capacity: 10_000,
    defer: queueMicrotask,
  });
  return pool.submit(statements);
}

async function audit(t: Test, store: Store): Promise<Head> {
  const head = await store.head();
  if (head === undefined) throw new Error('no head');
  const report = await auditLog(storeSource(store, head, ORIGIN), {
    hasher: nobleHasher,
    verify: verifyWithNoble,
    statements: true,
    ...indexAudit(store, head),
  });
  t.same(report.findings, [], 'the audit finds nothing');
  return head;
}

function logged(outcome: Outcome | undefined): Extract<Outcome, { kind: 'logged' }> {
  if (outcome?.kind !== 'logged') throw new Error(`not logged: ${JSON.stringify(outcome)}`);
  return outcome;
}

function codes(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.map((outcome) =>
    outcome.kind === 'logged' ? `logged ${outcome.index}` : outcome.refusal.code,
  );
}

const drivers: readonly (readonly [string, (t: Test) => { store: Store; guard: Guard }])[] = [
  ['memory', () => ({ store: new MemoryStore(), guard: new MemoryGuard() })],
  [
    'sqlite',
    (t) => {
      const dir = t.testdir();
      return {
        store: SqliteStore.openToWrite(join(dir, 'log.db'), ORIGIN, true),
        guard: SqliteGuard.open(join(dir, 'guard.db'), ORIGIN, true),
      };
    },
  ],
];

for (const [name, open] of drivers) {
  t.test(`contract on ${name}`, async (t) => {
    const { store, guard } = open(t);
    t.teardown(async () => {
      await store.close();
      await guard.close();
    });
    const log = await openLog(store, guard, await policyStatement());
    const a = await commitmentStatement('db/prod');
    const b = await otherStatement('hello');
    const outcomes = await log.submit(a, b, a);
    t.same(codes(outcomes), ['logged 1', 'logged 2', 'logged 1']);
    t.same(
      outcomes.map((o) => logged(o).duplicate),
      [false, false, true],
    );
    for (const [i, statement] of [a, b].entries()) {
      const { receipt, id } = logged(outcomes[i]);
      t.equal(id, entryIdOf(statement));
      if (receipt === undefined) throw new Error('no receipt');
      verifyReceipt(decodeReceipt(receipt), statement, {
        log: ORIGIN,
        key: headKeys.receipt.publicKey,
      });
    }
    t.same(codes(await log.submit(a)), ['logged 1'], 'a later duplicate is found in the store');
    const id = logged(outcomes[0]).id;
    t.equal((await store.find(id))?.subject, 'db/prod');
    t.equal((await store.entries(1, 3)).length, 2);
    t.ok(equalBytes((await store.entries(1, 2))[0]?.bytes ?? new Uint8Array(), a));
    const leaf = new Uint8Array(32);
    nobleHasher.leaves(a, Uint32Array.of(a.length), 1, leaf);
    t.equal(await store.findLeaf(leaf as never), 1);
    t.equal((await store.search({ subject: 'db/prod', limit: 10 })).rows.length, 1);
    t.equal(
      (await store.search({ kind: 'policy', issuer: 'https://issuer.example', limit: 10 })).rows.length,
      1,
    );
    t.equal((await store.search({ subject: 'nobody', limit: 10 })).rows.length, 0);
    const page = await store.search({ limit: 2 });
    t.same(
      page.rows.map((row) => row.index),
      [2, 1],
    );
    t.same(
      (await store.search({ limit: 2, before: page.next ?? 0 })).rows.map((row) => row.index),
      [0],
    );
    t.equal(await store.tile(0, 0, 4), undefined, 'no wider than it is');
    const supersedes = digest(parseHex(id));
    const next = await commitmentStatement('db/prod', { supersedes });
    const rival = await commitmentStatement('db/prod', { supersedes, environment: 'other' });
    const none = await commitmentStatement('db/prod', { environment: 'other' });
    t.same(
      codes(await log.submit(next, rival, none, a)),
      ['logged 3', 'superseded-meanwhile', 'superseded-meanwhile', 'logged 1'],
      'the order of a subject, and what is said again is known before it is asked',
    );
    t.same(await store.chain(orderKey('db/prod')), { seq: 1, id: entryIdOf(next) });
    t.same(codes(await log.submit(rival)), ['superseded-meanwhile'], 'in a later step too');
    const head = await audit(t, store);
    await t.rejects(store.commit({ head, entries: [], tiles: [], chains: new Map() }, undefined), {
      code: 'swap-lost',
    });
    await t.rejects(
      store.commit({ head, entries: [], tiles: [], chains: new Map() }, {
        ...head,
        size: head.size - 1,
      } as Head),
      {
        code: 'swap-lost',
      },
    );
  });
}

t.test('admission in order, across and within batches', async (t) => {
  const log = await openLog(new MemoryStore(), new MemoryGuard(), await policyStatement());
  const commitment = await commitmentStatement('db/prod');
  const id = entryIdOf(commitment);
  const p0 = await proofStatement('db/prod', id, 0, undefined);
  const p1 = await proofStatement('db/prod', id, 1, entryIdOf(p0));
  t.same(codes(await log.submit(p0)), ['unknown-commitment']);
  t.same(
    codes(await log.submit(commitment, p0, p1)),
    ['logged 1', 'logged 2', 'logged 3'],
    'later items see earlier ones',
  );
  t.same(
    codes(await log.submit(await proofStatement('db/prod', id, 1, entryIdOf(p0)))),
    ['logged 3'],
    'the same proof again',
  );
  t.same(codes(await log.submit(await proofStatement('db/prod', id, 3, entryIdOf(p1)))), ['chain-broken']);
  t.same(codes(await log.submit(await proofStatement('db/prod', id, 2, entryIdOf(p0)))), ['chain-broken']);
  t.same(codes(await log.submit(await proofStatement('db/other', id, 0, undefined))), ['subject-mismatch']);
  t.same(codes(await log.submit(await proofStatement('db/prod', id, 0, undefined, people.author))), [
    'wrong-role',
  ]);
  t.same(codes(await log.submit(await approvalStatement('db/prod', id))), ['logged 4']);
  t.same(codes(await log.submit(await otherStatement('x', people.stranger))), ['unknown-key']);
  t.same(codes(await log.submit(new Uint8Array([0xd2, 0x84]))), ['malformed-cbor']);
  const flipped = Uint8Array.from(commitment);
  flipped[flipped.length - 1]! ^= 1;
  t.same(codes(await log.submit(flipped)), ['bad-signature']);
  await audit(t, log.store);
});

t.test('a new policy applies from there on', async (t) => {
  const genesis = await policyStatement();
  const log = await openLog(new MemoryStore(), new MemoryGuard(), genesis);
  const without = policyDocumentOf().keys.filter((key) => key.name !== 'submitter');
  const hello = await otherStatement('hello');
  const next = await nextPolicyStatement(genesis, { keys: without });
  t.same(codes(await log.submit(await otherStatement('before'), next, hello)), [
    'logged 1',
    'logged 2',
    'unknown-key',
  ]);
  t.same(codes(await log.submit(hello)), ['unknown-key']);
  t.same(codes(await log.submit(await policyStatement({ keys: without }, people.author))), ['wrong-role']);
  await audit(t, log.store);
  const again = await Sequencer.start({
    origin: ORIGIN,
    ...log,
    signer: logSigner,
    hasher: nobleHasher,
    now: () => NOW,
    clockTolerance: 60,
  });
  t.equal(policyOf(await again.policyEntry()).keys.size, without.length, 'and survives a restart');
});

t.test('random splits into batches give the same tree', async (t) => {
  const statements = await Promise.all(Array.from({ length: 40 }, (_, i) => otherStatement(`s${i}`)));
  const genesis = await policyStatement();
  const roots = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }),
      async (cuts) => {
        const log = await openLog(new MemoryStore(), new MemoryGuard(), genesis);
        for (let at = 0, i = 0; at < statements.length; i++) {
          const n = cuts[i % cuts.length] ?? 1;
          await log.submit(...statements.slice(at, at + n));
          at += n;
        }
        roots.add((await log.sequencer.head()).root.toHex());
      },
    ),
    { numRuns: 8 },
  );
  t.equal(roots.size, 1);
});

/** A store that fails at chosen commits, before or after the inner one has done its work. */
class FaultyStore extends MemoryStore {
  faults: ('before' | 'after')[] = [];

  override async commit(plan: Plan, expected: Head | undefined): Promise<void> {
    const fault = this.faults.shift();
    if (fault === 'before') throw refuse('store-failed', 'disk full');
    await super.commit(plan, expected);
    if (fault === 'after') throw new Error('the connection was lost');
  }
}

t.test('failed and not persisted, failed but persisted, twice in a row', async (t) => {
  for (const faults of [
    ['before'],
    ['after'],
    ['before', 'after'],
    ['after', 'before'],
    ['after', 'after'],
    ['before', 'before'],
  ] as const) {
    const store = new FaultyStore();
    const log = await openLog(store, new MemoryGuard(), await policyStatement());
    const statements = [await otherStatement('a'), await otherStatement('b')];
    store.faults = [...faults];
    for (const attempt of faults.keys()) {
      // Once an attempt reached the disk, the next finds both logged and needs no commit.
      const persisted = faults.slice(0, attempt).some((fault) => fault === 'after');
      const outcome = await log.submit(...statements).then(codes, (error: Refusal) => error.code);
      t.same(
        outcome,
        persisted ? ['logged 1', 'logged 2'] : 'store-failed',
        `${faults.join()}: attempt ${attempt}`,
      );
    }
    store.faults = [];
    t.same(
      codes(await log.submit(...statements)),
      ['logged 1', 'logged 2'],
      `${faults.join()}: posted again, logged once`,
    );
    const head = await audit(t, store);
    t.equal(head.size, 3);
  }
});

t.test('a full disk refuses, and nothing is lost once there is room', async (t) => {
  const db = openForWriting(join(t.testdir(), 'log.db'), ORIGIN, true);
  const store = new SqliteStore(db);
  const log = await openLog(store, new MemoryGuard(), await policyStatement());
  const pages = db.pragma('page_count', { simple: true });
  if (typeof pages !== 'number') throw new Error('no page count');
  db.pragma(`max_page_count = ${pages + 4}`); // SQLITE_FULL beyond it, as on a disk with no room
  const outcomes = new Map<Uint8Array, string>();
  for (let i = 0; i < 12; i++) {
    const statement = await otherStatement(`${i} `.padEnd(1000, 'x'));
    const outcome = await log.submit(statement).then(codes, (error: Refusal) => [error.code]);
    outcomes.set(statement, outcome.join());
  }
  const kinds = new Set(Array.from(outcomes.values(), (outcome) => outcome.split(' ')[0]));
  t.same(kinds, new Set(['logged', 'store-failed']), 'it did run full');
  db.pragma('max_page_count = 1000000');
  for (const [statement, before] of outcomes) {
    const [after] = codes(await log.submit(statement));
    t.match(after, /^logged /);
    if (before !== 'store-failed') t.equal(after, before, 'what was acknowledged stayed where it was');
  }
  t.equal((await audit(t, store)).size, 13);
  await store.close();
});

t.test('start-up refuses what it must, and says how to get out', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const path = join(dir, 'log.db');
  const openStore = (): SqliteStore => SqliteStore.openToWrite(path, ORIGIN, true);
  const guard = new MemoryGuard();
  const log = await openLog(openStore(), guard, await policyStatement());
  await log.submit(await otherStatement('a'), await otherStatement('b'));
  const start = (store: Store, g: Guard, now = NOW): Promise<Sequencer> =>
    Sequencer.start({
      origin: ORIGIN,
      store,
      guard: g,
      signer: logSigner,
      hasher: nobleHasher,
      now: () => now,
      clockTolerance: 60,
    });

  await t.rejects(start(log.store, guard, NOW - 3600), { code: 'clock-behind' });
  await t.resolves(start(log.store, guard, NOW - 30), 'a small step back is tolerated');
  await t.rejects(start(log.store, new MemoryGuard()), { code: 'behind-signed-head' }, 'a lost guard');
  await t.rejects(start(new MemoryStore(), new MemoryGuard()), { code: 'no-such-log' });
  await t.rejects(start(new MemoryStore(), guard), { code: 'behind-signed-head' }, 'a lost store');
  const old = new MemoryStore();
  await openLog(old, new MemoryGuard(), await policyStatement());
  await t.rejects(start(old, guard), { code: 'behind-signed-head' }, 'an old copy');
  const other = new MemoryStore();
  const fork = await openLog(other, new MemoryGuard(), await policyStatement());
  await fork.submit(await otherStatement('x'), await otherStatement('y'), await otherStatement('z'));
  await t.rejects(start(other, guard), { code: 'behind-signed-head' }, 'another history');
  t.throws(() => SqliteStore.openToWrite(path, 'other.example/log', false), { code: 'foreign-log' });
  t.throws(() => SqliteStore.openToWrite(join(dir, 'none.db'), ORIGIN, false), { code: 'no-such-log' });
  await log.store.close();

  const { default: Database } = await import('better-sqlite3');
  for (const [what, sql] of [
    ['an entry', 'UPDATE part SET bytes = zeroblob(length(bytes)) WHERE first = 1'],
    ['a tile', 'UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE place = 0'],
    ['the head', 'UPDATE head SET root = zeroblob(32)'],
    ['a missing entry', 'DELETE FROM entry WHERE idx = 2'],
  ] as const) {
    const db = new Database(path);
    db.exec('SAVEPOINT s');
    db.exec(sql);
    const store = new SqliteStore(db);
    await t.rejects(start(store, guard), { code: /corrupt-store|behind-signed-head/ }, what);
    db.exec('ROLLBACK TO s; RELEASE s');
    db.close();
  }
});

t.test('the guard is a lock and never goes back', async (t) => {
  const path = join(t.testdir(), 'guard.db');
  const guard = SqliteGuard.open(path, ORIGIN, true);
  t.equal(await guard.read(), undefined);
  t.throws(() => SqliteGuard.open(path, ORIGIN, false), { code: 'locked' });
  const head = { size: 5, root: new Uint8Array(32).fill(1), time: 1 } as unknown as Head;
  await guard.raise(head, PLACE);
  await guard.raise(head, PLACE);
  await t.rejects(guard.raise({ ...head, size: 4 } as Head, PLACE), { code: 'behind-signed-head' });
  await t.rejects(guard.raise({ ...head, root: new Uint8Array(32) } as Head, PLACE), {
    code: 'behind-signed-head',
  });
  await guard.close();
  const again = SqliteGuard.open(path, ORIGIN, false);
  t.equal((await again.read())?.size, 5);
  await again.close();
  await t.rejects(SqliteGuard.open(path, 'other', false).read(), { code: 'foreign-log' });
});

t.test('the pool is bounded, drains, and fails everybody when the store fails', async (t) => {
  const answers: ((value: Appended) => void)[] = [];
  const pool = new Pool({
    checkers: { width: 1, check: async (memory) => ({ memory, refused: [] }) },
    append: () => new Promise((resolve) => answers.push(resolve)),
    onAppended: () => {},
    capacity: 3,
    defer: queueMicrotask,
  });
  const first = pool.submit([new Uint8Array(1), new Uint8Array(2)]);
  await t.rejects(pool.submit([new Uint8Array(1), new Uint8Array(1)]), { code: 'overloaded' });
  t.equal(pool.pending, 2);
  const drained = pool.drain();
  await t.rejects(pool.submit([new Uint8Array(1)]), { code: 'shutting-down' });
  while (answers.length === 0) await new Promise(setImmediate);
  const result = {
    indices: Float64Array.of(7, 8),
    duplicate: new Uint8Array(2),
    refused: [],
    receipts: new Uint8Array(3),
    receiptEnds: Uint32Array.of(1, 3),
  };
  answers[0]?.({ results: [result], head: { size: 9 } as never, policy: undefined });
  t.same(codes(await first), ['logged 7', 'logged 8']);
  await drained;
  t.equal(pool.pending, 0);

  const failing = new Pool({
    checkers: { width: 1, check: async () => Promise.reject(new Error('a checker died')) },
    append: () => Promise.reject(new Error('never')),
    onAppended: () => {},
    capacity: 3,
    defer: queueMicrotask,
  });
  await t.rejects(failing.submit([new Uint8Array(1)]), { message: 'a checker died' });
  t.equal(failing.pending, 0);
});

t.test('batches checked while another is being appended are neither lost nor mixed up', async (t) => {
  const pending: (() => void)[] = [];
  let appends = 0;
  const pool = new Pool({
    checkers: {
      width: 2,
      check: (memory) => new Promise((resolve) => pending.push(() => resolve({ memory, refused: [] }))),
    },
    append: async (batches) => {
      appends++;
      await new Promise(setImmediate);
      const results = batches.map(({ memory }) => {
        const { count, data } = openBatch(memory);
        return {
          indices: Float64Array.from({ length: count }, (_, i) => data[i] ?? -1),
          duplicate: new Uint8Array(count),
          refused: [],
          receipts: new Uint8Array(count),
          receiptEnds: Uint32Array.from({ length: count }, (_, i) => i + 1),
        };
      });
      return { results, head: { size: 2 } as never, policy: undefined };
    },
    onAppended: () => {},
    capacity: 1000,
    defer: queueMicrotask,
  });
  const answers: Promise<readonly Outcome[]>[] = [];
  for (let n = 1; n <= 60; n++) {
    answers.push(pool.submit([Uint8Array.of(n)]));
    if (n % 3 === 0) await new Promise(setImmediate);
    pending.splice(0, n % 2).forEach((check) => check());
  }
  while (pool.pending > 0) {
    pending.splice(0).forEach((check) => check());
    await new Promise(setImmediate);
  }
  const indices = (await Promise.all(answers)).flatMap((outcomes) => outcomes.map((o) => logged(o).index));
  t.same(
    indices,
    Array.from({ length: 60 }, (_, i) => i + 1),
  );
  t.ok(appends < 60, 'they were grouped');
});

t.test('look-ups find every entry, in the tables and before', async (t) => {
  const path = join(t.testdir(), 'log.db');
  const entry = (index: number): NewEntry => {
    const bytes = encodeUtf8(`entry ${index}`);
    const id = entryId(sha256(bytes).toHex());
    const common = { kind: 'other', subject: 's', issuer: 'i', kid: 'k', time: NOW } as const;
    return { index: leafIndex(index), id, bytes, leaf: hashLeaf(bytes), ...common };
  };
  let store = SqliteStore.openToWrite(path, ORIGIN, true);
  let reader = SqliteReader.open(path);
  let head: Head | undefined;
  const grow = async (count: number): Promise<void> => {
    const from = head?.size ?? 0;
    const entries = Array.from({ length: count }, (_, i) => entry(from + i));
    const next = {
      size: treeSize(from + count),
      root: entries.at(-1)?.leaf ?? hashLeaf(new Uint8Array()),
      time: NOW,
    };
    await store.commit({ head: next, entries, tiles: [], chains: new Map() }, head);
    head = next;
  };
  const check = async (): Promise<void> => {
    const size = head?.size ?? 0;
    for (const index of new Set([0, 1, Math.floor(size / 2), size - 2, size - 1])) {
      const { id, leaf } = entry(index);
      for (const each of [store, reader]) {
        t.equal((await each.find(id))?.index, index);
        t.equal(await each.findLeaf(leaf), index);
      }
    }
    t.equal(await store.find(entry(size).id), undefined);
    t.equal((await store.known([entry(0).id, entry(size).id])).size, 1);
  };
  for (const count of [
    5,
    1000,
    FLUSH_EVERY - 1006,
    1,
    1,
    5 * FLUSH_EVERY,
    3,
    (SLICES + 3) * FLUSH_EVERY,
    2,
    FLUSH_EVERY,
  ]) {
    await grow(count);
    await check();
  }
  await store.close();
  store = SqliteStore.openToWrite(path, ORIGIN, false);
  await check();
  await store.close();

  await reader.close();
  const { default: Database } = await import('better-sqlite3');
  for (const version of [1, 2, 4]) {
    const db = openForWriting(path, ORIGIN, false);
    db.pragma(`user_version = ${version}`);
    db.close();
    const code = version < 3 ? 'older-version' : 'newer-version';
    t.throws(() => SqliteReader.open(path), { code, message: new RegExp(`^[^\n]*layout ${version}`) });
    t.throws(() => SqliteStore.openToWrite(path, ORIGIN, false), { code });
    const raw = new Database(path);
    raw.pragma('user_version = 3');
    raw.close();
  }
});

t.test('the lag is the age of the oldest entry that is not published', (t) => {
  let now = 0;
  const lag = new Lag(5, () => now);
  const after = (ms: number): number => {
    now += ms;
    return lag.ms;
  };
  lag.integrated(5);
  t.equal(after(20_000), 0, 'nothing was logged');
  lag.published(7);
  lag.integrated(7);
  t.equal(after(20_000), 0, 'the checkpoint was heard of before the batch');
  lag.integrated(8);
  t.equal(after(600), 600);
  lag.integrated(8);
  lag.integrated(9);
  t.equal(after(600), 1200, 'from the oldest on');
  lag.integrated(20);
  t.equal(after(100), 1300);
  lag.published(8);
  t.equal(after(0), 1300, 'entry 8 may be as old as entry 7');
  lag.published(9);
  t.equal(after(0), 100, 'what is left came with the second growth');
  lag.published(20);
  let worst = 0;
  for (let size = 21; size < 60; size++) {
    lag.integrated(size);
    now += 1000;
    lag.published(size - 1);
    worst = Math.max(worst, lag.ms);
  }
  t.equal(worst, 1000, 'one step behind for a minute is one step behind');
  lag.published(59);
  t.equal(lag.ms, 0);
  t.end();
});

t.test('what logs nothing leaves a running log ready', async (t) => {
  const { log, statement } = await beginLog(t, 'log.example/quiet');
  t.teardown(() => log.close());
  const ticks = performance.now.bind(performance);
  let later = 0;
  t.intercept(performance, 'now', { value: () => ticks() + later });
  const readyLater = async (...statements: Uint8Array[]): Promise<readonly string[]> => {
    const outcomes = codes(await log.submit(statements));
    await log.reader.published(leafIndex(log.reader.head().size - 1), 60_000);
    later += 20_000;
    t.same(log.readiness(), { ready: true, reasons: [], warnings: [] });
    return outcomes;
  };
  const entry = await statement('once');
  t.same(await readyLater(Uint8Array.of(0xff)), ['malformed-cbor'], 'a garbage byte');
  t.same(await readyLater(await otherStatement('stranger')), ['unknown-key'], 'refused');
  t.same(await readyLater(entry), ['logged 1'], 'a real entry');
  t.same(await readyLater(entry, Uint8Array.of(0xff)), ['logged 1', 'malformed-cbor'], 'a duplicate');
});
