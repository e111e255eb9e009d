/** Witnessed heads of a log: which notices count, and what a false one can do. */
import t from 'tap';
import type { WitnessedHead } from '#src/appraisal/past/types.ts';
import { treeSize } from '#src/bytes/brand.ts';
import { HeadsInMemory } from '#src/client/memory.ts';
import { verifyIncident } from '#src/incident/verify.ts';
import { cosign, parseCheckpoint } from '#src/note/checkpoint.ts';
import { appendSignatures, parseNote } from '#src/note/note.ts';
import { parseTrustPolicy } from '#src/note/trust.ts';
import { encodeNotice } from '#src/statement/payload.ts';
import { cosigned, POLICY, withWitnesses, witnesses, type Past } from '../support/past-world.ts';
import { HOUR, MIRROR, SeeWorld, SUBJECT } from '../support/see-world.ts';
import { forkOf } from '../support/served-log.ts';
import { logSigner, ORIGIN, otherStatement, people } from '../support/world.ts';

type World = SeeWorld & Past;

const indices = async (heads: AsyncIterable<WitnessedHead>): Promise<readonly (number | undefined)[]> => {
  const found: (number | undefined)[] = [];
  for await (const { index } of heads) found.push(index);
  return found;
};

/** Logs a notice with a note. */
async function keep(w: World, note: Uint8Array): Promise<void> {
  await w.say('notice', encodeNotice({ topic: 'witnessed', note }), people.monitor, ORIGIN);
}

const signed = (w: World, size: number): Promise<Uint8Array> => logSigner.checkpoint(w.log.head(size));

t.test('heads up and down a longer log, by search and by a walk', async (t) => {
  const w = withWitnesses(await SeeWorld.start(t));
  for (let i = 1; i <= 1_200; i++) {
    w.now += 60;
    if (i % 400 === 0) await w.witness();
    else w.log1(await otherStatement(`text ${i}`));
  }
  for (const log of [undefined, MIRROR]) {
    const { heads } = await w.reader(log === undefined ? {} : { log }).snapshot();
    t.strictSame(await indices(heads.ascending(0)), [400, 800, 1200], log ?? 'search');
    t.strictSame(await indices(heads.ascending(401)), [800, 1200]);
    t.strictSame(await indices(heads.descending(801)), [800, 400]);
  }
});

t.test('which notices count', async (t) => {
  const w = withWitnesses(await SeeWorld.start(t));
  await w.commit();
  await w.witness();
  w.now += HOUR;
  const now = w.now;
  // One of two witnesses; none; both, of a tree that does not exist yet.
  const [first] = witnesses;
  const half = await signed(w, 3);
  const head = parseCheckpoint(parseNote(half).text);
  await keep(w, appendSignatures(half, [await cosign(head, first, now)]));
  await keep(w, await signed(w, 3));
  await w.witness();
  const snapshot = await w.reader().snapshot();
  t.strictSame(await indices(snapshot.heads.ascending(0)), [2, 5]);
  t.strictSame(await indices(snapshot.heads.descending(Infinity)), [5, 2]);
  t.strictSame(await indices(snapshot.heads.ascending(3)), [5]);
  t.strictSame(await indices(snapshot.heads.descending(5)), [2]);
  const mirror = await w.reader({ log: MIRROR }).snapshot();
  t.strictSame(await indices(mirror.heads.ascending(0)), [2, 5]);
  t.strictSame(await indices(mirror.heads.descending(5)), [2]);
  const plain = await w.client().snapshot();
  t.strictSame(await indices(plain.heads.ascending(0)), [], 'a reader without witnesses has none');
});

t.test('one lying witness of two moves no bound outwards', async (t) => {
  const w = withWitnesses(await SeeWorld.start(t));
  await w.commit();
  w.now += HOUR;
  const honest = w.now;
  await w.witness(undefined, [honest, honest - 30 * 86_400]);
  await w.witness(undefined, [honest, honest + 30 * 86_400]);
  const found: WitnessedHead[] = [];
  for await (const each of (await w.reader().snapshot()).heads.ascending(0)) found.push(each);
  t.ok(
    found.every(({ notAfter }) => notAfter >= honest),
    'not after: the later of two',
  );
  t.ok(
    found.every(({ notBefore }) => notBefore <= honest),
    'not before: the earlier of two',
  );
});

t.test('a head of another history ends the run, by search and by a walk', async (t) => {
  const w = withWitnesses(await SeeWorld.start(t));
  await w.commit();
  await w.commit({ claims: [] }, 'b/c');
  const fork = forkOf(w.log, 2, [w.log.entries[0] ?? new Uint8Array()]);
  const forked = await logSigner.checkpoint({ size: treeSize(3), root: fork.root(3), time: w.now });
  await keep(w, await cosigned(forked, [w.now, w.now]));
  const memory = new HeadsInMemory();
  const snapshot = await w.reader({ memory }).snapshot();
  await t.rejects(indices(snapshot.heads.ascending(0)), { code: 'inconsistent', message: /two histories/ });
  const [incident] = [...memory.incidents.values()];
  t.equal(
    incident && verifyIncident(incident, parseTrustPolicy(POLICY)).proven,
    true,
    'the evidence is kept, and proves it to others',
  );
  await t.rejects(w.reader({ log: MIRROR }).snapshot(), { code: 'inconsistent' });
  await t.rejects(snapshot.at({ kind: 'size', size: 2 }), { code: 'inconsistent' });
  t.ok(await snapshot.subject(SUBJECT), 'what asks for no time is not affected');
});
