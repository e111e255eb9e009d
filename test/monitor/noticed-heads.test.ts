/** A head in a notice that is of another history than the log's is an incident, which anybody can verify. */
import t from 'tap';
import { hearHead } from '#src/monitor/head.ts';
import { NoticedHeadWatch } from '#src/monitor/noticed-heads.ts';
import type { LogReader } from '#src/log/ports.ts';
import type { NodeSource } from '#src/client/history.ts';
import { makeIncident } from '#src/incident/incident.ts';
import { verifyIncident } from '#src/incident/verify.ts';
import { cosign, signCheckpoint } from '#src/note/checkpoint.ts';
import { appendSignatures } from '#src/note/note.ts';
import { digest, entryId, treeSize } from '#src/bytes/brand.ts';
import { verifyWithNoble } from '#src/sign/algorithm.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { NotaryWorld, START, trustOf, WITNESSES } from '../support/notary-world.ts';
import { seedSigner } from '../support/seed-signer.ts';
import { ORIGIN, vkeys } from '../support/world.ts';

const OTHER = digest(new Uint8Array(32).fill(5));

/** A log with notices of these notes, and a monitor that read it. */
async function watched(w: NotaryWorld, notes: readonly Uint8Array[]) {
  const trust = { origin: ORIGIN, policy: w.trust, verify: verifyWithNoble };
  const watch = new NoticedHeadWatch(trust);
  const read = (index: number): void => {
    const bytes = w.log.entries[index] ?? new Uint8Array();
    const parsed = parseStatement(bytes);
    watch.entry({
      index,
      id: entryId('00'.repeat(32)),
      bytes,
      parsed,
      evidence: () => ({ index, entry: '', proof: '' }),
    });
  };
  for (const note of notes) read(await w.say(note));
  w.grow(3);
  const held = hearHead(await w.head(), trust);
  const nodes: NodeSource = { nodes: async (_, size) => w.log.tree(size).read };
  return watch.compare(held, w.reader as LogReader, nodes);
}

t.test('heads of this history, and notes that prove nothing, raise nothing', async (t) => {
  const w = await NotaryWorld.start();
  w.grow(4);
  const good = await w.head();
  w.grow(4);
  const stranger = {
    name: ORIGIN,
    type: 1,
    signer: seedSigner('ed25519', new Uint8Array(32).fill(8)),
  } as const;
  const head = { origin: ORIGIN, size: treeSize(5), root: OTHER, extensions: [] };
  const forged = appendSignatures(await signCheckpoint(head, [stranger], START), [
    await cosign(head, WITNESSES[0] ?? stranger, START),
  ]);
  const elsewhere = { ...head, origin: 'log.example/other' };
  const foreign = await signCheckpoint(elsewhere, [{ ...stranger, name: elsewhere.origin }], START);
  const future = await w.head(WITNESSES, { size: 1_000_000, root: OTHER });
  t.strictSame(await watched(w, [good, good, await w.head([]), forged, foreign, future]), []);
});

t.test('a forked head is a split view, whoever cosigned it', async (t) => {
  for (const by of [WITNESSES, []]) {
    const w = await NotaryWorld.start();
    w.grow(8);
    const forked = await w.head(by, { size: 5, root: OTHER });
    const later = await w.head(by, { size: 11, root: OTHER });
    const alarms = await watched(w, [await w.head(), forked, later]);
    t.match(alarms, [
      {
        evidence: { kind: 'split-view' },
        what: /^the log signed two histories: a tree of 5 entries.*\(notice in entry 10\)$/,
      },
      { evidence: { kind: 'split-view' }, what: /a tree of 11 entries.*\(notice in entry 11\)/ },
    ]);
    for (const { evidence, about, what } of alarms) {
      const incident = makeIncident({
        origin: ORIGIN,
        vkeys,
        detector: 'test',
        detected: '2027-01-15T08:00:00.000Z',
        what,
        about,
        evidence,
      });
      t.match(verifyIncident(incident, trustOf([], 0)), { outcome: 'proven' });
    }
  }
});
