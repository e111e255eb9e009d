/** Missed proofs under a flood: 100 a look, and who was committed to first is told first. */
import t from 'tap';
import { DueBook } from '#src/monitor/duebook.ts';
import { settleMissed, type Ledger } from '#src/monitor/judge.ts';
import { Overdue } from '#src/monitor/missed.ts';
import type { StoredPage } from '#src/monitor/duepage.ts';

const claim = { id: 'tls', cadence: 60 };

/** A page of a subject of which nothing was ever proven. */
function pageOf(subject: string, index: number): StoredPage {
  const told = { claims: [claim], threshold: 1, deployments: [], reports: {}, waived: {}, effective: 1 };
  const step = { ...told, id: `id ${index}`, index, author: 'k', asks: 0 };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it is stored
  return { subject, inForce: step, newest: { approvers: [] }, chains: [] } as unknown as StoredPage;
}

t.test('20,000 subjects of others, all missed, beside one', async (t) => {
  const flood = Array.from({ length: 20_000 }, (_, i) => pageOf(`dev/${i}`, i + 2));
  // The watched one comes last in the book, as one does of which something was just proven.
  const book = new DueBook(20_002, [...flood, pageOf('prod/x', 1)]);
  t.equal(book.size, 20_001);
  t.notOk(book.dirty, 'nothing is written for what did not change');
  const raised: string[] = [];
  let asked = 0;
  const reader = {
    entry: async () => (asked++, { bytes: new Uint8Array() }),
    tlogProof: async () => new Uint8Array(),
  };
  const ledger: Ledger = {
    origin: 'log',
    store: { find: () => undefined, resolve: () => false },
    raise: async ({ what }) => void raised.push(what),
  };
  const moment = { now: 1e6, upMs: 1e9, graceSeconds: 0, upSeconds: 0 };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it asks of them
  const [head, at] = [{ served: '' }, reader] as unknown as [never, never];
  await settleMissed(book, new Overdue(), moment, head, at, ledger);
  t.equal(raised.length, 100);
  t.match(raised[0], /about prod\/x/);
  t.equal(asked, 200, 'two entries each');
});
