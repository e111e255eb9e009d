/**
 * The process is killed at every step of a commit, at the first and at a later batch, and again while it
 * recovers. Afterwards every acknowledged entry is there, no size was ever signed with two roots, and the
 * whole-log audit finds nothing.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { entryId } from '../src/bytes/brand.ts';
import { auditLog } from '../src/log/audit.ts';
import { logGenesis } from '../src/log/genesis.ts';
import { indexAudit, storeSource } from '../src/log/storeaudit.ts';
import { SqliteGuard } from '../src/storage/guard.ts';
import { SqliteReader } from '../src/storage/sqlite-reader.ts';
import { SqliteStore } from '../src/storage/sqlite.ts';
import { nobleHasher } from '../src/tree/hash.ts';
import { ORIGIN, otherStatement, policyStatement } from './world.ts';

const CHILD = new URL('./crash-child.ts', import.meta.url).pathname;

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
  readonly #t: Test;

  constructor(t: Test) {
    this.#t = t;
  }

  /** Runs the child until it dies or ends; remembers what it promised. */
  run(dir: string, dieAt: string, passes: number): boolean {
    const child = spawnSync(process.execPath, [CHILD, dir, dieAt, String(passes)], { encoding: 'utf8' });
    for (const line of child.stdout.split('\n')) {
      const [word, a = '', b = ''] = line.split(' ');
      if (word === 'acked') this.acked.add(a);
      if (word !== 'signed') continue;
      const before = this.roots.get(a) ?? b;
      if (before !== b) this.#t.fail(`size ${a} was signed with two roots`);
      this.roots.set(a, b);
    }
    if (child.signal !== 'SIGKILL' && child.status !== 0) this.#t.fail(`the child failed: ${child.stderr}`);
    return child.signal === 'SIGKILL';
  }
}

for (const step of STEPS) {
  t.test(`killed at ${step}`, async (t) => {
    const dir = t.testdir();
    const store = SqliteStore.openToWrite(join(dir, 'log.db'), ORIGIN, true);
    await logGenesis(genesis, ORIGIN, { store, hasher: nobleHasher, now: () => 1_800_000_000 });
    await store.close();
    await SqliteGuard.open(join(dir, 'guard.db'), ORIGIN, true).close();
    writeFileSync(join(dir, 'statements.cborseq'), Buffer.concat(statements));

    const history = new History(t);
    t.ok(history.run(dir, step, 0), 'dies at the first');
    t.ok(history.run(dir, step, 1), 'dies at the second');
    t.notOk(history.run(dir, 'never', 0), 'finishes');

    const reader = SqliteReader.open(join(dir, 'log.db'));
    const head = await reader.head();
    t.equal(head?.size, 1 + statements.length, 'each statement is in the tree once');
    t.equal(history.acked.size, statements.length);
    for (const id of history.acked) t.ok(await reader.find(entryId(id)), 'an acknowledged entry is there');
    if (head === undefined) return;
    const report = await auditLog(storeSource(reader, head), {
      hasher: nobleHasher,
      verify: () => true,
      statements: true,
      ...indexAudit(reader),
    });
    t.same(report.findings, []);
    await reader.close();
  });
}
