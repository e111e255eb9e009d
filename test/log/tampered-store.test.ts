/** What whoever can write to the database may have put there, where no tile and no index row of an entry shows it. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { chooseHasher, chooseVerifier } from '../../src/workers/kernels.ts';
import { indexAudit, storeSource } from '../../src/log/storeaudit.ts';
import { auditLog } from '../../src/log/audit.ts';
import { openStoreToAudit } from '../../src/service/audited.ts';
import { SqliteReader } from '../../src/storage/sqlite-reader.ts';
import { beginLog, type Begun } from '../support/running-log.ts';

const ORIGIN = 'log.example/tampered';

/** A data directory with a few entries, and the log that runs on it until `close`. */
async function logIn(t: Test): Promise<Begun> {
  const begun = await beginLog(t, ORIGIN);
  for (const text of ['one', 'two', 'three']) await begun.say(text);
  return begun;
}

/** What is found, or why nothing can be looked at. */
type Found =
  | { readonly findings: readonly { readonly what: RegExp }[] }
  | { readonly code: string; readonly message?: RegExp };

const TAMPERINGS: readonly (readonly [what: string, sql: string, found: Found])[] = [
  ['nothing', '', { findings: [] }],
  [
    'a chain of a subject that nobody spoke of',
    "INSERT INTO chain SELECT 'commitments new/one', 0, id FROM entry WHERE idx = 1",
    { findings: [{ what: /1 chains are stored that no entry continues/ }] },
  ],
  [
    'an entry beyond the head',
    'CREATE TABLE copied AS SELECT * FROM entry WHERE idx = 1; UPDATE copied SET idx = 99; ' +
      'INSERT INTO entry SELECT * FROM copied; DROP TABLE copied',
    { findings: [{ what: /beyond the head of 4/ }] },
  ],
  [
    'a trigger',
    'CREATE TRIGGER later AFTER INSERT ON entry BEGIN DELETE FROM chain; END',
    { code: 'corrupt-store', message: /a trigger/ },
  ],
  ['a table less', 'DROP TABLE chain', { code: 'corrupt-store' }],
  ['an index less', 'DROP INDEX entry_kind', { code: 'corrupt-store' }],
  [
    'no head any more',
    'DELETE FROM head',
    { code: 'behind-signed-head', message: /a tree of 4 entries was signed/ },
  ],
];

const CHECKS = { hasher: chooseHasher(), verify: chooseVerifier(), statements: true };

async function audit(dataDir: string) {
  const store = await openStoreToAudit({ dataDir, guardDir: undefined });
  try {
    return await auditLog(store.source, { ...CHECKS, ...store.index });
  } finally {
    await store.close();
  }
}

t.test('an audit sees what was put into the database beside the entries', async (t) => {
  const { cwd, data, log } = await logIn(t);
  await log.close();
  for (const [i, [what, sql, found]] of TAMPERINGS.entries()) {
    const copy = join(cwd, String(i));
    cpSync(data, copy, { recursive: true });
    const db = new Database(join(copy, 'log.db'));
    db.exec(sql);
    db.close();
    if ('code' in found) await t.rejects(audit(copy), found, what);
    else {
      const { findings } = await audit(copy);
      t.match(findings, found.findings, what);
      t.equal(findings.length, found.findings.length, what);
    }
  }
});

t.test('an audit of a log that goes on reads one state of it', async (t) => {
  const { data, log, say } = await logIn(t);
  for (const isFrozen of [true, false]) {
    const store = SqliteReader.open(join(data, 'log.db'));
    if (isFrozen) store.freeze();
    const head = await store.head();
    if (head === undefined) throw new Error('no head');
    await say(`meanwhile ${isFrozen}`);
    const { findings } = await auditLog(storeSource(store, head, ORIGIN), {
      ...CHECKS,
      ...indexAudit(store, head),
    });
    t.equal(findings.length, isFrozen ? 0 : 1, isFrozen ? 'frozen' : 'as it goes on');
    await store.close();
  }
  await log.close();
});
