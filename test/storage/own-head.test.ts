/**
 * A writer does not read back what it committed itself. So what it knows must stay what the file holds: through every flush of
 * the look-up tables, after a commit that failed, and beside another process that writes.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { join } from 'node:path';
import t from 'tap';
import { digest, entryId, leafIndex, treeSize } from '../../src/bytes/brand.ts';
import type { Head, NewEntry, Plan, TileRow } from '../../src/log/ports.ts';
import { SqliteStore, type CommitStep } from '../../src/storage/sqlite.ts';
import { hashLeaf } from '../../src/tree/hash.ts';
import { ORIGIN } from '../support/world.ts';

const TILES: readonly TileRow[] = [];

function entryAt(index: number, text = `${index}`): NewEntry {
  const bytes = new TextEncoder().encode(text);
  const id = entryId(sha256(bytes).toHex());
  const common = { kind: 'other', subject: 's', issuer: 'i', kid: 'k', time: 1 } as const;
  return { index: leafIndex(index), id, bytes, leaf: hashLeaf(bytes), ...common };
}

function planOf(entries: readonly NewEntry[], from: number): Plan {
  const root = digest(sha256(new TextEncoder().encode(`${from}/${entries.map(({ id }) => id).join()}`)));
  const head: Head = { size: treeSize(from + entries.length), root, time: 1 };
  return { head, entries, tiles: TILES, chains: new Map() };
}

t.test('every entry is known at once, and through every flush', async (t) => {
  const store = SqliteStore.openToWrite(join(t.testdir(), 'log.db'), ORIGIN, true);
  let head: Head | undefined;
  const all: NewEntry[] = [];
  for (let size = 0; size < 9_000;) {
    const entries = Array.from({ length: size % 3 === 0 ? 1 : 211 }, (_, i) => entryAt(size + i));
    const plan = planOf(entries, size);
    t.equal((await store.known(entries.map(({ id }) => id))).size, 0);
    await store.commit(plan, head);
    head = plan.head;
    size = head.size;
    all.push(...entries);
    const asked = [...entries, ...all.filter((_, i) => i % 97 === 0)];
    const known = await store.known(asked.map(({ id }) => id));
    for (const { id, index } of asked)
      if (known.get(id)?.index !== index) t.fail(`entry ${index} of ${size} is not known`);
  }
  t.equal((await store.known(all.map(({ id }) => id))).size, all.length);
  await store.close();
});

t.test('a commit that fails, at whatever step, leaves nothing known that is not there', async (t) => {
  const steps: readonly CommitStep[] = ['begun', 'entries', 'tiles', 'chains', 'head', 'committed'];
  for (const failing of steps) {
    let armed = false;
    const path = join(t.testdir(), `${failing}.db`);
    const store = SqliteStore.openToWrite(path, ORIGIN, true, (step) => {
      if (armed && step === failing) throw new Error('stopped here');
    });
    const first = planOf([entryAt(0)], 0);
    await store.commit(first, undefined);
    const lost = planOf([entryAt(1, 'lost')], 1);
    armed = true;
    await t.rejects(store.commit(lost, first.head), failing);
    armed = false;
    const ids = [...first.entries, ...lost.entries].map(({ id }) => id);
    const there = failing === 'committed' ? 2 : 1;
    t.equal((await store.known(ids)).size, there, `after ${failing}`);
    const before = there === 2 ? lost.head : first.head;
    await store.commit(planOf([entryAt(there, 'next')], there), before);
    t.equal((await store.known([...ids, entryAt(there, 'next').id])).size, there + 1);
    await store.close();
  }
});

t.test('what another process wrote is refused at the commit, and known from then on', async (t) => {
  const path = join(t.testdir(), 'log.db');
  const store = SqliteStore.openToWrite(path, ORIGIN, true);
  const first = planOf([entryAt(0)], 0);
  await store.commit(first, undefined);
  const other = SqliteStore.openToWrite(path, ORIGIN, false);
  const theirs = planOf([entryAt(1, 'theirs')], 1);
  await other.commit(theirs, first.head);
  const { id } = entryAt(1, 'theirs');
  await t.rejects(store.commit(planOf([entryAt(1, 'theirs')], 1), first.head), { code: 'swap-lost' });
  t.equal((await store.known([id])).get(id)?.index, 1);
  await other.close();
  await store.close();
});
