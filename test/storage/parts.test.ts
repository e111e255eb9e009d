/**
 * Bytes of entries in parts: whatever was appended in whatever pieces, and however far merging came or wherever it
 * was killed, every entry and every bundle is read as it was given; damage is never read as something else.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { entryId, leafIndex, treeSize } from '../../src/bytes/brand.ts';
import { equalBytes } from '../../src/bytes/compare.ts';
import { Refusal } from '../../src/bytes/refusal.ts';
import { auditLog } from '../../src/log/audit.ts';
import type { Head, NewEntry, StoreReader } from '../../src/log/ports.ts';
import { checkNewestEntries } from '../../src/log/recover.ts';
import { Reader } from '../../src/log/reader.ts';
import { storeSource } from '../../src/log/storeaudit.ts';
import { MemoryStore } from '../support/memory-store.ts';
import { PART_BYTES } from '../../src/storage/parts.ts';
import { SqliteReader } from '../../src/storage/sqlite-reader.ts';
import { SqliteStore } from '../../src/storage/sqlite.ts';
import { emptyEdge, grow, type Edge } from '../../src/tree/grow.ts';
import { hashLeaf, nobleHasher } from '../../src/tree/hash.ts';
import { ORIGIN } from '../support/world.ts';

const CHILD = new URL('../support/parts-child.ts', import.meta.url).pathname;
const NOW = 1_800_000_000;

function entryAt(index: number, length: number): NewEntry {
  const bytes = new Uint8Array(length).fill(index % 251);
  bytes.set(new TextEncoder().encode(`${index}`).subarray(0, length));
  const id = entryId(sha256(bytes).toHex());
  const common = { kind: 'other', subject: 's', issuer: 'i', kid: 'k', time: NOW } as const;
  return { index: leafIndex(index), id, bytes, leaf: hashLeaf(bytes), ...common };
}

/** A store and the plain one beside it, growing together as a real tree does. */
class Twins {
  readonly plain = new MemoryStore();
  readonly entries: NewEntry[] = [];
  #edge: Edge = emptyEdge();
  head: Head | undefined;

  async add(store: SqliteStore, lengths: readonly number[]): Promise<void> {
    const entries = lengths.map((length, i) => entryAt(this.entries.length + i, length));
    const leaves = Buffer.concat(entries.map(({ leaf }) => leaf));
    const growth = grow(this.#edge, leaves, nobleHasher);
    const head = { size: growth.size, root: growth.root, time: NOW };
    const plan = { head, entries, tiles: growth.tiles, chains: new Map() };
    await store.commit(plan, this.head);
    await this.plain.commit(plan, this.head);
    this.entries.push(...entries);
    this.#edge = growth.edge;
    this.head = head;
  }

  /** Throws unless a store gives what was given to it. */
  async check(store: StoreReader): Promise<void> {
    const { length } = this.entries;
    const read = await store.entries(0, length + 5);
    if (read.length !== length) throw new Error(`${read.length} entries of ${length}`);
    for (const [i, { bytes }] of read.entries())
      if (!equalBytes(bytes, this.entries[i]?.bytes ?? new Uint8Array())) throw new Error(`entry ${i}`);
    for (const index of [0, 255, 256, 300, length - 1].filter((each) => each >= 0 && each < length)) {
      const [one] = await store.entries(index, index + 1);
      if (one?.index !== index || !equalBytes(one.bytes, this.entries[index]?.bytes ?? new Uint8Array()))
        throw new Error(`entry ${index} alone`);
    }
    for (let bundle = 0; bundle * 256 <= length; bundle++) {
      for (const width of [1, 7, 255, 256, Math.min(256, length - bundle * 256)]) {
        if (width < 1) continue;
        const plain = await this.plain.bundle(bundle, width);
        const own = await store.bundle(bundle, width);
        const same = plain === undefined || own === undefined ? plain === own : equalBytes(plain, own);
        if (!same) throw new Error(`bundle ${bundle}, ${width} wide`);
      }
    }
  }
}

function parts(path: string): readonly (readonly [first: number, length: number])[] {
  const db = new Database(path, { readonly: true });
  const rows = db.prepare('SELECT first, length(bytes) FROM part ORDER BY first').raw().all();
  db.close();
  return rows as [number, number][];
}

t.test('random batches, sizes and steps of merging, read beside the writer', async (t) => {
  const dir = t.testdir();
  let at = 0;
  const length = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0, 1, 40, 300) },
    { weight: 1, arbitrary: fc.constantFrom(20_000, 65_535) },
  );
  const act = fc.oneof(
    fc.record({
      count: fc.integer({ min: 1, max: 200 }),
      lengths: fc.array(length, { minLength: 1, maxLength: 4 }),
    }),
    fc.constant('merge' as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 10 }), async (acts) => {
      const path = join(dir, `${at++}.db`);
      const store = SqliteStore.openToWrite(path, ORIGIN, true);
      const reader = SqliteReader.open(path);
      const twins = new Twins();
      for (const each of acts) {
        if (each === 'merge') store.merge();
        else
          await twins.add(
            store,
            Array.from({ length: each.count }, (_, i) => each.lengths[i % each.lengths.length] ?? 0),
          );
        await twins.check(reader);
      }
      while (store.merge());
      await twins.check(reader);
      const stored = parts(path);
      const full = twins.entries.length - (twins.entries.length % 256);
      for (const [i, [first, bytes]] of stored.entries()) {
        const next = stored[i + 1];
        if (bytes > PART_BYTES) throw new Error('a part is too long');
        if (next === undefined || next[0] > full - 1 || next[0] % 256 === 0) continue;
        if (bytes + next[1] <= PART_BYTES && first < full) throw new Error('two parts would have been one');
      }
      await reader.close();
      await store.close();
      for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    }),
    { numRuns: 12 },
  );
  t.pass();
});

/** A store of 600 entries in batches of 50 bytes to 3 kB, whose second bundle is larger than one part. */
async function prepare(t: Test): Promise<{ path: string; twins: Twins }> {
  const path = join(t.testdir(), 'log.db');
  const store = SqliteStore.openToWrite(path, ORIGIN, true);
  const twins = new Twins();
  for (let i = 0; i < 60; i++)
    await twins.add(store, Array<number>(10).fill(i >= 26 && i < 50 ? 3000 : 50 + i));
  await store.close();
  return { path, twins };
}

async function audited(reader: SqliteReader): Promise<readonly string[]> {
  const head = await reader.head();
  if (head === undefined) throw new Error('no head');
  try {
    await checkNewestEntries(reader, head);
    const source = storeSource(reader, head, ORIGIN);
    const { findings } = await auditLog(source, {
      hasher: nobleHasher,
      verify: () => true,
      statements: false,
    });
    return findings.map(({ what }) => what);
  } catch (error) {
    if (error instanceof Refusal) return [error.code];
    throw error;
  }
}

t.test('killed at every step of merging', async (t) => {
  const { path, twins } = await prepare(t);
  t.equal(parts(path).length, 62, 'a part of each batch, two where a bundle ends in it');
  for (const step of ['merging', 'merge-cleared', 'merge-written', 'merge-marked', 'merged']) {
    for (const passes of [0, 3]) {
      const copy = `${path}.${step}.${passes}`;
      copyFileSync(path, copy);
      const { signal, stderr } = spawnSync(process.execPath, [CHILD, copy, step, String(passes)], {
        encoding: 'utf8',
      });
      t.equal(signal, 'SIGKILL', stderr);
      const reader = SqliteReader.open(copy);
      await twins.check(reader);
      t.same(await audited(reader), [], `${step} after ${passes}`);
      const again = SqliteStore.openToWrite(copy, ORIGIN, false);
      while (again.merge()) await twins.check(reader);
      await twins.check(reader);
      t.same(await audited(reader), [], 'it goes on where it stopped');
      await reader.close();
      await again.close();
      const stored = parts(copy).filter(([first]) => first < 512);
      t.equal(stored[0]?.[0], 0);
      t.equal(stored[1]?.[0], 256, 'a bundle that fits is one row');
      const least = Math.ceil(stored.slice(1).reduce((sum, [, length]) => sum + length, 0) / PART_BYTES);
      t.ok(least > 2 && stored.length > least && stored.length < least + 4, 'a larger one is a few');
    }
  }
});

t.test('no damage is read as something else', async (t) => {
  const { path, twins } = await prepare(t);
  const store = SqliteStore.openToWrite(path, ORIGIN, false);
  while (store.merge());
  await store.close();
  const db = new Database(path);
  const all = db.prepare('SELECT first, bytes FROM part').raw().all() as [number, Buffer][];
  const put = db.prepare('UPDATE part SET bytes = ? WHERE first = ?');
  const damages: (readonly [string, () => void])[] = [
    ['a part is gone', () => db.exec('DELETE FROM part WHERE first = 256')],
    ['a part of a bundle is gone', () => db.exec(`DELETE FROM part WHERE first = ${all[2]?.[0] ?? 0}`)],
    ['a part is elsewhere', () => db.exec('UPDATE part SET first = 1 WHERE first = 0')],
    ['one part is two', () => db.exec('INSERT INTO part SELECT 100, bytes FROM part WHERE first = 0')],
    ['a part is empty', () => db.exec(`UPDATE part SET bytes = x'' WHERE first = 0`)],
    ['bytes behind', () => db.exec(`UPDATE part SET bytes = CAST(bytes || x'0000' AS BLOB) WHERE first = 0`)],
    ['a row is gone', () => db.exec('DELETE FROM entry WHERE idx = 599')],
  ];
  for (let i = 0; i < 60; i++) {
    const [first, bytes] = all[i % all.length] ?? [0, Buffer.alloc(0)];
    const bit = (i * 7919 + (i < 12 ? i : i * 104_729)) % (bytes.length * 8);
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    damages.push([`bit ${bit} of part ${first}`, () => void put.run(flipped, first)]);
  }
  for (const [what, damage] of damages) {
    db.exec('BEGIN');
    damage();
    db.exec('COMMIT');
    const reader = SqliteReader.open(path);
    t.not((await audited(reader)).length, 0, what);
    await reader.close();
    db.exec('BEGIN; DELETE FROM part');
    for (const [first, bytes] of all) db.prepare('INSERT INTO part VALUES (?, ?)').run(first, bytes);
    if (what === 'a row is gone')
      db.exec(
        'INSERT INTO entry SELECT 599, key, leaf, kind, subject, issuer, kid, time, id FROM entry WHERE idx = 598',
      );
    db.exec('COMMIT');
  }
  db.close();
  const reader = SqliteReader.open(path);
  await twins.check(reader);
  t.same(await audited(reader), []);
  await reader.close();
});

t.test('a full bundle is read once for all who ask for it meanwhile', async (t) => {
  const store = SqliteStore.openToWrite(join(t.testdir(), 'log.db'), ORIGIN, true);
  const twins = new Twins();
  await twins.add(store, Array<number>(600).fill(80));
  let reads = 0;
  const arrived = Promise.withResolvers<void>();
  const slow = new Proxy(twins.plain, {
    get: (plain, name) => {
      if (name !== 'bundle') return Reflect.get(plain, name).bind(plain);
      return async (index: number, width: number) => {
        reads++;
        await arrived.promise;
        return plain.bundle(index, width);
      };
    },
  });
  const seal = { protectedBytes: new Uint8Array(), signature: new Uint8Array() };
  const head = { size: treeSize(600), root: twins.head?.root ?? hashLeaf(new Uint8Array()), time: NOW, seal };
  const reader = new Reader(slow, nobleHasher, head, { receiptsWait: false, setTimer: () => {} });
  reader.publish(new Uint8Array(), head);
  const asked = Array.from({ length: 10 }, () => reader.bundle(1, 256));
  arrived.resolve();
  const bundles = await Promise.all(asked);
  t.equal(reads, 1);
  t.ok(bundles.every((bundle) => bundle === bundles[0]));
  await reader.bundle(1, 256);
  t.equal(reads, 1, 'and kept');
  await store.close();
});
