/**
 * The process is killed at every step of a commit, at the first and at a later batch, and again while it
 * recovers; and the power is cut while a write-ahead log is being synced, so that what was written last is there in
 * part, or not at all. Afterwards every acknowledged entry is there, no size was ever signed with two roots, and
 * the whole-log audit finds nothing.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { entryId } from '../../src/bytes/brand.ts';
import { auditLog } from '../../src/log/audit.ts';
import { logGenesis } from '../../src/log/genesis.ts';
import { indexAudit, storeSource } from '../../src/log/storeaudit.ts';
import { SqliteGuard } from '../../src/storage/guard.ts';
import { SqliteReader } from '../../src/storage/sqlite-reader.ts';
import { SqliteStore } from '../../src/storage/sqlite.ts';
import { nobleHasher } from '../../src/tree/hash.ts';
import { ORIGIN, otherStatement, policyStatement } from '../support/world.ts';

const CHILD = new URL('../support/crash-child.ts', import.meta.url).pathname;

/** In the order they happen; `committed` is passed twice, by the store and by the sequencer. */
const STEPS = [
  'judged',
  'planned',
  'begun',
  'entries',
  'tiles',
  'chains',
  'head',
  'committed',
  'guarded',
  'sealed',
  'acked',
];

const genesis = await policyStatement();
const statements = await Promise.all(Array.from({ length: 6 }, (_, i) => otherStatement(`crash ${i}`)));

class History {
  readonly acked = new Set<string>();
  readonly roots = new Map<string, string>();
  /** By step, the lengths of both write-ahead logs when it was last reached. */
  readonly walAt = new Map<string, readonly [store: number, guard: number]>();
  readonly #t: Test;

  constructor(t: Test) {
    this.#t = t;
  }

  /** Runs the child until it dies or ends; remembers what it promised. */
  run(dir: string, dieAt: string, passes: number): boolean {
    const child = spawnSync(process.execPath, [CHILD, dir, dieAt, String(passes)], { encoding: 'utf8' });
    for (const line of child.stdout.split('\n')) {
      const [word, a = '', b = '', c = ''] = line.split(' ');
      if (word === 'acked') this.acked.add(a);
      if (word === 'wal') this.walAt.set(a, [Number(b), Number(c)]);
      if (word !== 'signed') continue;
      const before = this.roots.get(a) ?? b;
      if (before !== b) this.#t.fail(`size ${a} was signed with two roots`);
      this.roots.set(a, b);
    }
    if (child.signal !== 'SIGKILL' && child.status !== 0) this.#t.fail(`the child failed: ${child.stderr}`);
    return child.signal === 'SIGKILL';
  }
}

/** A log with its policy, and statements waiting beside it. */
async function prepare(t: Test): Promise<string> {
  const dir = t.testdir();
  const store = SqliteStore.openToWrite(join(dir, 'log.db'), ORIGIN, true);
  await logGenesis(genesis, ORIGIN, { store, hasher: nobleHasher, now: () => 1_800_000_000 });
  await store.close();
  await SqliteGuard.open(join(dir, 'guard.db'), ORIGIN, true).close();
  writeFileSync(join(dir, 'statements.cborseq'), Buffer.concat(statements));
  return dir;
}

/** Lets the child finish, and checks that all it ever promised is kept. */
async function finish(t: Test, dir: string, history: History): Promise<void> {
  t.notOk(history.run(dir, 'never', 0), 'finishes');
  const reader = SqliteReader.open(join(dir, 'log.db'));
  const head = await reader.head();
  t.equal(head?.size, 1 + statements.length, 'each statement is in the tree once');
  t.equal(history.acked.size, statements.length);
  for (const id of history.acked) t.ok(await reader.find(entryId(id)), 'an acknowledged entry is there');
  if (head === undefined) return;
  const report = await auditLog(storeSource(reader, head, reader.origin()), {
    hasher: nobleHasher,
    verify: () => true,
    statements: true,
    ...indexAudit(reader, head),
  });
  t.same(report.findings, []);
  await reader.close();
}

for (const step of STEPS) {
  t.test(`killed at ${step}`, async (t) => {
    const dir = await prepare(t);
    const history = new History(t);
    t.ok(history.run(dir, step, 0), 'dies at the first');
    t.ok(history.run(dir, step, 1), 'dies at the second');
    await finish(t, dir, history);
  });
}

/** What a disk without power keeps of bytes that were written and not synced: `from` is where they begin. */
const LOST: Readonly<Record<string, (path: string, from: number, length: number) => void>> = {
  'all of it': (path, from) => truncateSync(path, from),
  'its second half': (path, from, length) => truncateSync(path, from + Math.floor((length - from) / 2)),
  'its first half': (path, from, length) => {
    const file = openSync(path, 'r+');
    writeSync(file, new Uint8Array(Math.floor((length - from) / 2)), 0, undefined, from);
    closeSync(file);
  },
};

/**
 * `during`: the step whose write is cut off, right after it was written and before it was synced; `before`: the
 * step at which everything earlier had been synced; `which`: the store's log or the guard's.
 */
const CUTS = [
  { file: 'log.db', which: 0, before: 'head', during: 'committed' },
  { file: 'guard.db', which: 1, before: 'committed', during: 'guarded' },
] as const;

for (const { file, which, before, during } of CUTS) {
  for (const [what, lose] of Object.entries(LOST)) {
    t.test(`power cut while ${file} is synced: ${what} is lost`, async (t) => {
      const dir = await prepare(t);
      const history = new History(t);
      t.ok(history.run(dir, 'acked', 0), 'a first batch is acknowledged');
      t.ok(history.run(dir, during, 1), 'dies in the next');
      const path = join(dir, `${file}-wal`);
      const from = history.walAt.get(before)?.[which] ?? 0;
      const { length } = readFileSync(path);
      t.ok(length > from, 'something was written since');
      lose(path, from, length);
      for (const each of ['log.db', 'guard.db']) rmSync(join(dir, `${each}-shm`), { force: true });
      await finish(t, dir, history);
    });
  }
}
