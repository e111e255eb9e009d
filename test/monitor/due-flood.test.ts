/** Missed proofs under a flood: 100 a look, author by author in turn, and no author takes all the room there is. */
import t from 'tap';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeIncident } from '#src/incident/incident.ts';
import { openMonitorDatabase } from '#src/monitor/database.ts';
import { DueProofs } from '#src/monitor/due-proofs.ts';
import { IncidentStore } from '#src/monitor/incidents.ts';
import { raiseOrResolveMissed, type IncidentSink } from '#src/monitor/state-incidents.ts';
import { Overdue } from '#src/monitor/missed-proofs.ts';
import type { StoredSubjectDue } from '#src/monitor/subject-due.ts';
import { ORIGIN, vkeys } from '../support/world.ts';

const claim = { id: 'tls', cadence: 60 };

/** A page of a subject of which nothing was ever proven. */
function pageOf(subject: string, index: number, author = 'k', claims = [claim]): StoredSubjectDue {
  const told = { claims, threshold: 1, deployments: [], reports: {}, waived: {}, effective: 1 };
  const step = { ...told, id: `id ${index}`, index, author, asks: 0 };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it is stored
  return { subject, inForce: step, newest: { approvers: [] }, chains: [] } as unknown as StoredSubjectDue;
}

t.test('20,000 subjects of others, all missed, beside one', async (t) => {
  const flood = Array.from({ length: 20_000 }, (_, i) => pageOf(`dev/${i}`, i + 2));
  // The watched one comes last, as one does of which something was just proven.
  const dues = new DueProofs(20_002, [...flood, pageOf('prod/x', 1)]);
  t.equal(dues.size, 20_001);
  t.notOk(dues.dirty, 'nothing is written for what did not change');
  const raised: string[] = [];
  let asked = 0;
  const reader = {
    entry: async () => (asked++, { bytes: new Uint8Array() }),
    tlogProof: async () => new Uint8Array(),
  };
  const ledger: IncidentSink = {
    origin: 'log',
    store: { find: () => undefined, resolve: () => false },
    raise: async ({ what }) => void raised.push(what),
  };
  const moment = { now: 1e6, upMs: 1e9, graceSeconds: 0, upSeconds: 0 };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it asks of them
  const [head, at] = [{ served: '' }, reader] as unknown as [never, never];
  await raiseOrResolveMissed(dues, new Overdue(), moment, head, at, ledger);
  t.equal(raised.length, 100);
  t.match(raised[0], /about prod\/x/);
  t.equal(asked, 200, 'two entries each');
});

t.test('20,000 subjects of one author, all missed, before one of another', async (t) => {
  const flood = Array.from({ length: 20_000 }, (_, i) => pageOf(`dev/${i}`, i + 1));
  const dues = new DueProofs(20_002, [...flood, pageOf('prod/x', 20_001, 'other')]);
  const dir = mkdtempSync(join(tmpdir(), 'tallystick-dues-'));
  const db = openMonitorDatabase(dir);
  t.teardown(() => (db.close(), rmSync(dir, { recursive: true })));
  db.pragma('synchronous = OFF');
  const leftOut: unknown[] = [];
  const store = new IncidentStore(db, dir, {
    now: () => 7,
    onLeftOut: (...which) => void leftOut.push(which),
  });
  const ledger: IncidentSink = {
    origin: ORIGIN,
    store,
    raise: async ({ evidence, about, what, source }) => {
      const detected = '2027-01-15T08:00:00.000Z';
      store.raise(
        makeIncident({ origin: ORIGIN, vkeys, detector: 'test', detected, what, about, evidence }),
        source,
      );
    },
  };
  const reader = {
    entry: async () => ({ bytes: new Uint8Array() }),
    tlogProof: async () => new Uint8Array(),
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it asks of them
  const [head, at] = [{ served: '' }, reader] as unknown as [never, never];
  const overdue = new Overdue();
  const look = (now: number) =>
    raiseOrResolveMissed(dues, overdue, { now, upMs: 1e9, graceSeconds: 0, upSeconds: 0 }, head, at, ledger);
  await look(1e6);
  t.match(
    store.list({ limit: 99 }).find(({ what }) => what.includes('prod/x')),
    { kind: 'missed-proof' },
    'told at the first look',
  );
  for (let i = 0; i < 12; i++) await look(1e6 + i);
  t.equal(store.counts()[0]?.open, 251, 'room is left for what others declare');
  t.strictSame(leftOut, [[ORIGIN, 'missed-proof', 'k']]);
});

t.test('more things due than one author may have watched', async (t) => {
  const many = Array.from({ length: 100 }, (_, i) => ({ ...claim, id: `c${i}` }));
  const pages = Array.from({ length: 1_001 }, (_, i) => pageOf(`dev/${i}`, i, 'k', many));
  const dues = new DueProofs(2_000, [...pages, pageOf('prod/x', 1_500, 'other')]);
  t.equal(dues.size, 100_001, "another author's is watched");
  t.equal(dues.leftOut, 1);
});
