/** A policy that was forged in the database, whole or in its index, is not started under. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { digest } from '#src/bytes/brand.ts';
import { kidOf } from '#src/cose/key.ts';
import type { Guard, Store } from '#src/log/ports.ts';
import { policyOf } from '#src/log/recover.ts';
import { Sequencer } from '#src/log/sequencer.ts';
import { SqliteGuard } from '#src/storage/guard.ts';
import { SqliteStore } from '#src/storage/sqlite.ts';
import { nobleHasher } from '#src/tree/hash.ts';
import { NOW, posted } from '../support/posted.ts';
import { storedBytes } from '../support/stored-parts.ts';
import {
  logSigner,
  nextPolicyStatement,
  ORIGIN,
  otherStatement,
  people,
  policyDocumentOf,
  policyStatement,
} from '../support/world.ts';

const { keys } = policyDocumentOf();
const without = (name: string) => keys.filter((each) => each.name !== name);
const genesis = await policyStatement();
const revoked = (name: keyof typeof people, since: number) => ({
  revoked: [{ kid: digest(Uint8Array.fromHex(kidOf(people[name].publicKey))), since }],
});

/** A data directory with two policies and entries after each, closed again. */
async function stored(t: Test): Promise<{ db: string; open: () => { store: Store; guard: Guard } }> {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-reg-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const db = join(dir, 'log.db');
  const open = () => ({
    store: SqliteStore.openToWrite(db, ORIGIN, true),
    guard: SqliteGuard.open(join(dir, 'guard.db'), ORIGIN, true),
  });
  const drivers = open();
  const filler = await Promise.all(Array.from({ length: 600 }, (_, i) => otherStatement(`f${i}`)));
  const out = await nextPolicyStatement(genesis, { keys: without('agent'), ...revoked('agent', 1) });
  await posted([genesis, ...filler.slice(0, 3), out, ...filler.slice(3)], drivers);
  await drivers.store.close();
  await drivers.guard.close();
  return { db, open };
}

t.test('a policy forged in the database is not started under', async (t) => {
  const { db, open } = await stored(t);
  const start = async (): Promise<Sequencer> => {
    const drivers = open();
    try {
      return await Sequencer.start({
        origin: ORIGIN,
        hasher: nobleHasher,
        now: () => NOW,
        signer: logSigner,
        clockTolerance: 60,
        ...drivers,
      });
    } finally {
      await drivers.store.close();
      await drivers.guard.close();
    }
  };
  const good = policyOf(await (await start()).policyEntry());
  t.ok(good.revoked.has(kidOf(people.agent.publicKey)));
  const evil = await nextPolicyStatement(genesis, { open: true });
  const raw = new Database(db);
  t.teardown(() => raw.close());
  const kinds = raw.prepare('SELECT DISTINCT kind FROM entry WHERE idx IN (0, 4)').pluck().all();
  const first = storedBytes(raw, 0);
  const fourth = storedBytes(raw, 4);
  const row = raw.prepare('SELECT * FROM entry WHERE idx = 4').get();
  const names = Object.keys(row as object);
  const putRow = raw.prepare(`INSERT INTO entry VALUES (${names.map((n) => `@${n}`).join()})`);
  const tried: readonly (readonly [what: string, forge: () => void, undo: () => void])[] = [
    ['its bytes', () => fourth.replace(evil), () => fourth.replace(fourth.bytes)],
    ['the bytes of the first', () => first.replace(evil), () => first.replace(first.bytes)],
    ['places changed', () => fourth.replace(first.bytes), () => fourth.replace(fourth.bytes)],
    ['its row', () => raw.exec('DELETE FROM entry WHERE idx = 4'), () => putRow.run(row)],
  ];
  for (const [what, forge, undo] of tried) {
    forge();
    await t.rejects(start(), { code: 'corrupt-store' }, what);
    undo();
  }
  // Columns of the index: nothing is believed of them.
  t.equal(kinds.length, 1);
  for (const sql of [
    'UPDATE entry SET kind = 5 WHERE idx = 4',
    'UPDATE entry SET kind = (SELECT kind FROM entry WHERE idx = 0) WHERE idx = 7',
  ]) {
    raw.exec(sql);
    const now = policyOf(await (await start()).policyEntry());
    t.ok(now.revoked.has(kidOf(people.agent.publicKey)), sql);
  }
  raw.prepare('UPDATE entry SET kind = ? WHERE idx = 4').run(kinds[0]);
});
