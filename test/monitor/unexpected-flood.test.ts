/** Entries that nobody expects, 20,000 of them: what is told, kept and shown stays bounded, and hides no other key's. */
import t, { type Test } from 'tap';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryId, leafIndex } from '#src/bytes/brand.ts';
import { makeIncident } from '#src/incident/incident.ts';
import { Raised } from '#src/monitor/alarms.ts';
import { openMonitorDatabase } from '#src/monitor/database.ts';
import { expectationWatch, parseExpectations } from '#src/monitor/expectations.ts';
import { IncidentStore } from '#src/monitor/incidents.ts';
import type { SeenEntry } from '#src/monitor/alarm.ts';
import { ORIGIN, vkeys } from '../support/world.ts';

const [FLOOD, OTHER] = ['aa'.repeat(32), 'bb'.repeat(32)];
const FILE = '- { subject: "**", issuers: [https://ci.example] }';

function directory(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-flood-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  return dir;
}

function seenOf(index: number, kid: string, subject: string): SeenEntry {
  const parsed = { kind: 'commitment', subject, issuer: `https://x.example/${index}`, kid };
  const evidence = () => ({ index, entry: '', proof: '' });
  const seen = { index: leafIndex(index), id: entryId('0'.repeat(64)), bytes: new Uint8Array(), evidence };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as much of a statement as is looked at
  return { ...seen, parsed } as unknown as SeenEntry;
}

t.test('20,000 by one key, then one by another', async (t) => {
  const dir = directory(t);
  const db = openMonitorDatabase(dir);
  t.teardown(() => db.close());
  // The disk is not what is tried.
  db.pragma('synchronous = OFF');
  const leftOut: unknown[] = [];
  let told = 0;
  const store = new IncidentStore(db, dir, {
    now: () => 7,
    onChange: () => void told++,
    onLeftOut: (...which) => void leftOut.push(which),
  });
  const raised = new Raised({
    raise: async ({ evidence, about, what, source }) => {
      const detected = '2027-01-15T08:00:00.000Z';
      const made = { origin: ORIGIN, vkeys, detector: 'test', detected, what, about, evidence };
      store.raise(makeIncident(made), source);
    },
    isOpen: () => true,
  });
  const watch = expectationWatch(parseExpectations(FILE, 'file'), ORIGIN);
  const see = async (index: number, kid: string, subject: string): Promise<void> => {
    for (const alarm of watch.entry(seenOf(index, kid, subject))) await raised.raise(alarm);
  };
  raised.begin();
  for (let i = 0; i < 20_000; i++) await see(i, FLOOD, `dev/${i}`);
  t.equal(told, 100, 'of one key');
  t.equal(store.outbox.waiting, 100);
  t.equal(readdirSync(`${dir}/incidents`).length, 100);
  t.match(store.uncounted(), [{ kind: 'unexpected-issuer', seen: 19_900 }]);
  t.strictSame(leftOut, [[ORIGIN, 'unexpected-issuer', FLOOD]], 'said once');
  t.equal(raised.news.length, 100);

  await see(20_000, OTHER, 'prod/x');
  t.match(store.list({ limit: 1 }), [{ what: /about prod\/x/ }], 'another key is told of');

  // One that was closed and delivered makes room for the same key alone.
  const [, last] = store.list({ limit: 2 });
  store.resolve(last?.id ?? '');
  for (let event = store.outbox.next(9); event !== undefined; event = store.outbox.next(9))
    store.outbox.delivered(event, 9);
  await see(20_001, FLOOD, 'prod/y');
  t.match(store.list({ limit: 1 }), [{ what: /about prod\/y/ }]);
  t.equal(store.counts()[0]?.open, 101);
});

t.test('by so many keys that all room is taken', async (t) => {
  const dir = directory(t);
  const db = openMonitorDatabase(dir);
  t.teardown(() => db.close());
  db.pragma('synchronous = OFF');
  const leftOut: unknown[] = [];
  const store = new IncidentStore(db, dir, {
    now: () => 7,
    onLeftOut: (...which) => void leftOut.push(which),
    keep: 10,
    keepOfSource: 4,
  });
  const detected = '2027-01-15T08:00:00.000Z';
  for (let i = 0; i < 40; i++) {
    const evidence = { kind: 'quorum-lost', head: 'a head\n', policy: 'quorum none\n' } as const;
    const made = { origin: ORIGIN, vkeys, detector: 'test', detected, what: 'x', about: `${i}`, evidence };
    store.raise(makeIncident(made), `${i}`);
  }
  t.equal(store.list({ limit: 99 }).length, 10);
  t.equal(leftOut.length, 1);
});
