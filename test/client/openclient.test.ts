/** A client without a command line: what it reads, remembers, remarks and logs; and the lies it must not take. */
import t, { type Test } from 'tap';
import { appraiseSubject } from '#src/appraisal/subject.ts';
import { refuse } from '#src/bytes/refusal.ts';
import { openClient, type LogClient } from '#src/client/client.ts';
import { examine } from '#src/client/examine.ts';
import { HeadsInMemory } from '#src/client/memory.ts';
import type { ClientOptions, HeadMemory, Remark } from '#src/client/ports.ts';
import { EVIDENCE_FILES, loadEvidence, ProofsInMemory, saveEvidence } from '#src/client/proof-store.ts';
import { trustKeys } from '#src/client/trust.ts';
import { verifyIncident } from '#src/incident/verify.ts';
import { parseVkey } from '#src/note/key.ts';
import type { Verdict } from '#src/statement/vocabulary.ts';
import { encodeBundle } from '#src/tree/bundle.ts';
import { BASE, ServedLog } from '../support/served-log.ts';
import { SeeWorld, SUBJECT } from '../support/see-world.ts';
import { commitmentStatement, entryIdOf, otherStatement, vkeys } from '../support/world.ts';

const trust = trustKeys(vkeys.map(parseVkey));

function clientOf(log: ServedLog, more: Partial<ClientOptions> = {}): LogClient {
  return openClient({
    log: BASE,
    trust,
    fetch: log.fetch,
    now: () => log.clock() * 1000,
    patienceMs: 0,
    ...more,
  });
}

async function verdictsOf(client: LogClient): Promise<readonly Verdict[]> {
  const snapshot = await client.snapshot();
  const { claims } = appraiseSubject(await snapshot.subject(SUBJECT), snapshot.context);
  return claims.map(({ verdict }) => verdict);
}

/** A log of many entries. */
async function large(size: number): Promise<ServedLog> {
  const log = await ServedLog.start();
  const one = await otherStatement('one');
  while (log.entries.length < size) log.entries.push(one);
  return log;
}

t.test('a verdict, from a URL and a key', async (t: Test) => {
  const w = await SeeWorld.start(t);
  const client = clientOf(w.log);
  await t.rejects(
    client.snapshot().then((each) => each.subject(SUBJECT)),
    { code: 'not-found' },
  );
  const commitment = await w.commit();
  w.times.push(w.now);
  await w.prove(commitment);
  t.strictSame(await verdictsOf(client), ['PROVEN']);
  w.now += 10;
  await w.prove(commitment, { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' });
  t.strictSame(await verdictsOf(client), ['VIOLATED'], 'the same client goes on');
  const asked = w.log.asked.length;
  await verdictsOf(client);
  const again = w.log.asked.slice(asked);
  t.notOk(
    again.some((each) => each.includes('/tile/')),
    'nothing that was verified is asked for again',
  );
});

t.test('what the search leaves out', async (t: Test) => {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit();
  await w.prove(commitment);
  await w.prove(commitment, { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' });
  w.hidden.add(3);
  t.strictSame(await verdictsOf(clientOf(w.log)), ['PROVEN'], 'the newest proof is the word of the log');
  await t.rejects(verdictsOf(clientOf(w.log, { full: true })), {
    code: 'proof-failed',
    message: /leaves out entry 3/,
  });
});

t.test('a log that forks is held to the head remembered', async (t: Test) => {
  const memory = new HeadsInMemory();
  const log = await large(5);
  t.equal((await clientOf(log, { memory }).view()).head.size, 5);
  log.entries[4] = await otherStatement('another');
  log.entries.push(await otherStatement('one more'));
  await t.rejects(clientOf(log, { memory }).view(), { code: 'inconsistent', message: /two histories/ });
  const [incident] = memory.incidents.values();
  t.ok(incident);
  if (incident !== undefined) t.match(verifyIncident(incident, trust.policy), { proven: true });
  t.equal((await clientOf(log).view()).head.size, 6, 'who remembers nothing sees nothing');
});

t.test('remarks', async (t: Test) => {
  const remarks: Remark[] = [];
  const onRemark = (remark: Remark): void => void remarks.push(remark);
  const full = async (): Promise<never> => {
    throw refuse('store-failed', 'the disk is full');
  };
  const memory: HeadMemory = { head: async () => undefined, remember: full, keep: full };
  const log = await large(3);
  t.equal((await clientOf(log, { memory, onRemark }).view()).head.size, 3, 'it goes on');
  t.match(remarks, [{ code: 'head-not-kept', level: 'note' }]);
  const behind = clientOf(log, { onRemark, now: () => (log.clock() - 3_600) * 1000 });
  t.equal((await behind.snapshot()).behind, 3_600);
  await behind.snapshot();
  t.match(remarks.slice(1), [{ code: 'clock-behind', level: 'warning' }], 'once');
});

t.test('every entry of a log', async (t: Test) => {
  const log = await large(700);
  const client = clientOf(log);
  const view = await client.view();
  const walked = async (from?: number): Promise<readonly number[]> => {
    const found: number[] = [];
    for await (const { start, entries, ids } of client.entries(view, from)) {
      t.equal(ids.length, entries.length);
      for (const [i, entry] of entries.entries()) {
        t.equal(Buffer.compare(entry, log.entries[start + i] ?? new Uint8Array()), 0);
        found.push(start + i);
      }
    }
    return found;
  };
  t.strictSame(await walked(), [...Array(700).keys()]);
  t.strictSame((await walked(300))[0], 256, 'from the bundle that holds it on');
  t.strictSame(await walked(768), [], 'nothing beyond');
});

t.test('a bundle that is another, a tile that is another', async (t: Test) => {
  const log = await large(700);
  const lying = (path: string, body: Uint8Array): ServedLog['meddle'] => {
    return (asked) => (asked === path ? new Response(Buffer.from(body)) : undefined);
  };
  const read = async (): Promise<number> => {
    let count = 0;
    const client = clientOf(log);
    for await (const { entries } of client.entries(await client.view())) count += entries.length;
    return count;
  };
  const other = log.entries.slice(256, 512);
  other[7] = await otherStatement('smuggled in');
  log.meddle = lying('/tile/entries/001', encodeBundle(other));
  await t.rejects(read(), { code: 'proof-failed', message: /entry 263 is not the one in the tree/ });
  log.meddle = lying('/tile/0/001', new Uint8Array(8_192));
  await t.rejects(read(), { code: 'proof-failed', message: /tile\/0\/001 does not hash to the signed root/ });
  log.meddle = (path) => (path === '/tile/entries/001' ? new Response(null, { status: 404 }) : undefined);
  await t.rejects(read(), { code: 'not-found' }, 'what is missing is no lie');
});

t.test('a statement is logged once', async (t: Test) => {
  const log = await ServedLog.start();
  const client = clientOf(log);
  const statement = await commitmentStatement('a/b');
  const { size } = (await client.view()).head;
  const logged = await client.logStatement(statement, { known: size });
  t.match(logged, { index: 1, already: false, location: `${BASE}/entries/${logged.id}` });
  t.match(await client.logStatement(statement, { known: 2 }), { index: 1, already: true, id: logged.id });
  t.match(await client.submitAll([statement, await otherStatement('x')]), [
    { kind: 'logged', acknowledged: { index: 1 } },
    { kind: 'logged', acknowledged: { index: 2 } },
  ]);
});

t.test('evidence is kept, and examined offline', async (t: Test) => {
  const log = await ServedLog.start();
  const { evidence, id } = await clientOf(log).logStatement(await commitmentStatement('a/b'));
  const store = new ProofsInMemory();
  await t.rejects(loadEvidence(store), { code: 'not-found' });
  const names = await saveEvidence(store, evidence);
  t.equal(names.at(-1), EVIDENCE_FILES.statement, 'with its statement it is complete');
  const examined = examine(await loadEvidence(store), trust);
  t.match(examined, { verified: true, place: { index: 1 } });
  t.equal(entryIdOf(examined.statement?.entry ?? new Uint8Array()), id);
  for (const name of names) {
    if (name === EVIDENCE_FILES.receipt) continue; // the statement carries it
    const damaged = new ProofsInMemory();
    for (const [each, bytes] of store.files) damaged.files.set(each, each === name ? turned(bytes) : bytes);
    const outcome = await loadEvidence(damaged).then(
      (found) => examine(found, trust).verified,
      () => false,
    );
    t.equal(outcome, false, `${name} with one bit turned`);
  }
});

/** Bytes with one bit in the middle turned. */
function turned(bytes: Uint8Array): Uint8Array {
  const at = Math.floor(bytes.length / 2);
  return bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
}

t.test('a log that goes away once it took a statement', async (t: Test) => {
  const log = await ServedLog.start();
  const client = clientOf(log);
  const statement = await commitmentStatement('a/b');
  log.meddle = (path, method) =>
    method === 'GET' && path === '/checkpoint' && log.entries.length > 1
      ? new Response(null, { status: 502 })
      : undefined;
  await t.rejects(client.logStatement(statement, { goOn: 'Ask again' }), {
    code: 'unavailable',
    message: /^the log took it as entry [0-9a-f]{64}, and then: .*\. Ask again$/,
  });
  log.meddle = () => undefined;
  t.equal((await client.logStatement(statement)).index, 1, 'and nothing is logged twice');
});
