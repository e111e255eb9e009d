/** `readPasts`: many subjects read part by part are what `readPast` reads of each, and a host that changes entries meanwhile is refused. */
import t, { type Test } from 'tap';
import { historyJson } from '#src/appraisal/past/json.ts';
import { knownHistory } from '#src/appraisal/past/known.ts';
import type { Digest } from '#src/bytes/brand.ts';
import type { Refusal } from '#src/bytes/refusal.ts';
import { equalBytes } from '#src/bytes/compare.ts';
import type { RuntimeProof } from '#src/statement/proof.ts';
import { readPast } from '#src/client/past/read.ts';
import { readPasts } from '#src/client/past/read-many.ts';
import type { ClientOptions } from '#src/client/ports.ts';
import type { Snapshot } from '#src/client/snapshot.ts';
import { encodeProof } from '#src/statement/payload.ts';
import { SALTED_TREE } from '#src/statement/saltedleaf.ts';
import { decodeBundle, encodeBundle } from '#src/tree/bundle.ts';
import { withWitnesses, type Past } from '../support/past-world.ts';
import { hashOf, HOUR, MIRROR, SeeWorld, START } from '../support/see-world.ts';
import { ORIGIN, ownStatement, people } from '../support/world.ts';

type World = SeeWorld & Past;

const SUBJECTS = Array.from({ length: 28 }, (_, i) => `web/${i % 7}/${i}`);
const PERIOD = { since: START, until: START + 9 * HOUR };

/** Two looks at each of many subjects, in another order each hour; some look is left out, and some shows a violation. */
async function manySubjects(
  t: Test,
): Promise<World & { readonly unlogged: ReadonlyMap<number, Uint8Array> }> {
  const w = withWitnesses(await SeeWorld.start(t));
  const chains = new Map<string, { readonly commitment: Digest; seq: number; prev?: Digest }>();
  for (const subject of SUBJECTS) chains.set(subject, { commitment: await w.commit({}, subject), seq: 0 });
  const unlogged = new Map<number, Uint8Array>();
  for (let hour = 1; hour < 3; hour++) {
    w.now = START + hour * HOUR;
    await w.witness();
    const { size, root } = w.log.head();
    for (const [i, [subject, chain]] of [...chains].entries()) {
      const at = (i * 37 * hour) % SUBJECTS.length;
      const [name, own] = [...chains][at] ?? [subject, chain];
      if (i % 11 === hour) continue;
      w.now += 1;
      const proofOf = (result: RuntimeProof['results'][number]): Uint8Array =>
        encodeProof({
          commitment: own.commitment,
          agent: { name: 'agent', version: '0' },
          seq: own.seq,
          ...(own.prev !== undefined && { prev: own.prev }),
          challenge: { origin: ORIGIN, size, root, nonce: hashOf(`nonce ${size}`).subarray(0, 16) },
          window: { start: w.now, end: w.now },
          population: { source: 'tls', total: 0, sampled: 0, method: 'all' },
          coverage: { declared: 1, compared: 1, excluded: 0 },
          observations: { alg: SALTED_TREE, count: 0, root: hashOf('') },
          results: [result],
          cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
          nextDue: w.now + HOUR,
        });
      const good = proofOf({ claim: 'tls-min', verdict: 'PROVEN', evidence: 'E1' });
      const bad = proofOf({ claim: 'tls-min', verdict: 'VIOLATED', evidence: 'E1', explain: 'TLS 1.2' });
      if (i % 9 === hour)
        unlogged.set(
          w.log.entries.length,
          await ownStatement('proof', name, good, people.agent, { confirm: true }),
        );
      const payload = i % 9 === hour ? bad : good;
      own.prev = await w.say('proof', payload, people.agent, name);
      own.seq += 1;
    }
  }
  w.now = START + 10 * HOUR;
  await w.witness();
  w.now += 60;
  return Object.assign(w, { unlogged });
}

async function jsonOf(snapshot: Snapshot, subjects: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { subject, read } of readPasts(snapshot, subjects, PERIOD)) {
    try {
      const json = historyJson(knownHistory(await read(), PERIOD), snapshot.policies);
      found.push(JSON.stringify(json));
    } catch (error) {
      found.push(`${subject} ${(error as Refusal).code}`);
    }
  }
  return found;
}

async function oneByOne(snapshot: Snapshot, subjects: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const subject of subjects) {
    try {
      const record = await readPast(snapshot, subject, PERIOD);
      found.push(JSON.stringify(historyJson(knownHistory(record, PERIOD), snapshot.policies)));
    } catch (error) {
      found.push(`${subject} ${(error as Refusal).code}`);
    }
  }
  return found;
}

t.test('the same histories, in the order that was asked for, from every source', async (t) => {
  const w = await manySubjects(t);
  const asked = [...SUBJECTS.toReversed(), 'nobody/knows', SUBJECTS[3] ?? ''];
  const sources: readonly (readonly [Partial<ClientOptions>, readonly string[]])[] = [
    [{}, asked.slice(-4)],
    [{ full: true }, asked.slice(-9)],
    [{ log: MIRROR }, asked],
  ];
  for (const [options, asked] of sources) {
    const one = await oneByOne(await w.reader(options).snapshot(), asked);
    const many = await jsonOf(await w.reader(options).snapshot(), asked);
    t.strictSame(many, one);
    t.equal(many.at(-2), 'nobody/knows not-found');
    t.ok(many.some((each) => each.includes('"verdict":"PROVEN"')));
  }
});

t.test('what was walked is in memory once: no bundle is asked for once for each subject', async (t) => {
  const w = await manySubjects(t);
  const snapshot = await w.reader({ log: MIRROR }).snapshot();
  w.log.asked.length = 0;
  await jsonOf(snapshot, SUBJECTS);
  const bundles = w.log.asked.filter((each) => each.includes('/tile/entries/'));
  t.ok(bundles.length <= 8, `${bundles.length} bundles for ${SUBJECTS.length} subjects`);
});

t.test('a host that serves other entries after the walk changes no history', async (t) => {
  for (const options of [{ full: true }, { log: MIRROR }] satisfies Partial<ClientOptions>[]) {
    const w = await manySubjects(t);
    const honest = await jsonOf(await w.reader(options).snapshot(), SUBJECTS);
    const snapshot = await w.reader(options).snapshot();
    const before = w.log.meddle;
    // The agent signed another proof in place of each that shows a violation, and never logged it.
    w.log.meddle = (path, method) => {
      const file = path.startsWith('/tile/entries/') ? w.log.file(path.slice(1), w.log.size) : undefined;
      if (file === undefined) return before(path, method);
      const first = w.log.entries.findIndex((each) => equalBytes(each, decodeBundle(file)[0] ?? each));
      const entries = decodeBundle(file).map((entry, i) => w.unlogged.get(first + i) ?? entry);
      return new Response(Buffer.from(encodeBundle(entries)));
    };
    const found = await jsonOf(snapshot, SUBJECTS);
    t.equal(found.length, SUBJECTS.length);
    for (const [i, each] of found.entries())
      if (!each.endsWith(' proof-failed')) t.equal(each, honest[i], 'what the walk saw, and nothing else');
  }
});
