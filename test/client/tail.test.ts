/** The newest entries are read by whoever asks for them: the log's search can leave none of them out, and what it could is said. */
import t from 'tap';
import { openClient } from '#src/client/client.ts';
import { statusOf } from '#src/client/statuses.ts';
import { listedSpan, restsOnList } from '#src/explorer/page/views/subject/listed.ts';
import { encodeBundle } from '#src/tree/bundle.ts';
import { checkedLine } from '#src/words/checked.ts';
import { trustKeys } from '#src/client/trust.ts';
import { parseVkey } from '#src/note/key.ts';
import { BASE } from '../support/served-log.ts';
import { SeeWorld, SUBJECT } from '../support/see-world.ts';
import { otherStatement, vkeys } from '../support/world.ts';
import { Asked } from '../support/asked-verifier.ts';

t.setTimeout(120_000);
const trust = trustKeys(vkeys.map(parseVkey));

/** A subject that was proven, many entries about others, and then something about the subject. */
async function large(t: Parameters<typeof SeeWorld.start>[0], fillers: number) {
  const w = await SeeWorld.start(t);
  const commitment = await w.commit();
  await w.prove(commitment);
  for (let i = 0; i < fillers; i++) w.log.add(await otherStatement(`filler/${i}`));
  return { w, commitment };
}

const reader = (w: SeeWorld, tail?: number) =>
  openClient({
    log: BASE,
    trust,
    fetch: w.fetch,
    now: () => w.now * 1000,
    ...(tail !== undefined && { tail }),
  });

t.test('a left-out newest proof is seen where the tail is read', async (t) => {
  const { w, commitment } = await large(t, 600);
  const size = w.log.entries.length;
  await w.prove(commitment, { verdict: 'VIOLATED', explain: 'no' });
  w.hidden.add(size);
  const blind = await reader(w).snapshot();
  t.match(await statusOf(blind, SUBJECT), { claims: [{ verdict: 'PROVEN' }] }, 'a search is believed');
  t.equal(blind.readFrom, size + 1);
  t.notMatch(checkedLine(blind), /every entry from/);
  const seeing = await reader(w, 2).snapshot();
  t.match(seeing, { readFrom: 256, full: false });
  await t.rejects(statusOf(seeing, SUBJECT), {
    code: 'proof-failed',
    message: new RegExp(`leaves out entry ${size} .*it is in the tree`),
  });
  w.hidden.delete(size);
  const status = await statusOf(seeing, SUBJECT);
  t.match(status, { claims: [{ verdict: 'VIOLATED' }] });
  t.match(checkedLine(seeing), /every entry from 256 on was read.*before it, the log's search was trusted/);
  t.ok(seeing.policies.inForce, 'policies are listed as ever');
});

t.test('as the log grows, the tail grows with it', async (t) => {
  const { w, commitment } = await large(t, 10);
  const client = reader(w, 2);
  t.match(await client.snapshot(), { readFrom: 0, full: true }, 'all of a small log is its tail');
  const index = w.log.entries.length;
  await w.prove(commitment, { verdict: 'VIOLATED', explain: 'no' });
  w.hidden.add(index);
  await t.rejects(statusOf(await client.snapshot(), SUBJECT), { code: 'proof-failed' });
  const grow = async (by: number): Promise<void> => {
    for (let i = 0; i < by; i++) w.log.add(await otherStatement(`more/${w.log.entries.length}`));
  };
  await grow(300);
  const later = await client.snapshot();
  t.equal(later.readFrom, 0, 'what was read once stays read');
  await t.rejects(statusOf(later, SUBJECT), { code: 'proof-failed' });
  t.equal((await reader(w, 1).snapshot()).readFrom, 256);
  await grow(400);
  const leap = await reader(w, 1).snapshot();
  t.equal(leap.readFrom, 512);
  t.equal((await client.snapshot()).readFrom, 0, 'the next ones are read after those that were');
});

t.test('a snapshot keeps its tail when the log leaps ahead of it', async (t) => {
  const { w, commitment } = await large(t, 600);
  const index = w.log.entries.length;
  await w.prove(commitment, { verdict: 'VIOLATED', explain: 'no' });
  w.hidden.add(index);
  const client = reader(w, 1);
  const older = await client.snapshot();
  t.ok(older.readFrom <= index && !older.full);
  for (let i = 0; i < 1_000; i++) w.log.add(await otherStatement(`more/${i}`));
  const newer = await client.snapshot();
  t.ok(newer.readFrom > older.view.head.size, 'between the two nothing was read');
  await t.rejects(
    statusOf(older, SUBJECT),
    { code: 'proof-failed' },
    'what the older one says it read is held against the list',
  );
});

t.test('an entry that does not hold ends the tail, and nothing else', async (t) => {
  const { w } = await large(t, 20);
  const { meddle } = w.log;
  const bad = await otherStatement('bad');
  w.log.meddle = (path, method) => {
    if (!path.startsWith('/tile/entries/')) return meddle(path, method);
    return new Response(Buffer.from(encodeBundle(w.log.entries.with(w.log.entries.length - 1, bad))));
  };
  const remarks: string[] = [];
  const client = openClient({
    log: BASE,
    trust,
    fetch: w.fetch,
    now: () => w.now * 1000,
    tail: 2,
    onRemark: ({ code }) => void remarks.push(code),
  });
  const snapshot = await client.snapshot();
  t.match(await statusOf(snapshot, SUBJECT), { claims: [{ verdict: 'PROVEN' }] });
  t.match(snapshot, { readFrom: snapshot.size, full: false }, 'and so nothing of it is green');
  t.same(remarks, ['tail-unread']);
});

t.test('what rests on the list is not green', async (t) => {
  const { w } = await large(t, 600);
  w.now += 600;
  const page = new Asked(w);
  await page.open();
  await page.ask({ kind: 'subjects', subjects: [{ subject: SUBJECT }] });
  const [part] = page.partsOf('subject');
  const [claim] = part?.status?.claims ?? [];
  if (part === undefined || claim === undefined) throw new Error('there is a claim');
  t.match(part, { readFrom: 256, status: { claims: [{ verdict: 'PROVEN', proof_index: 2 }] } });
  t.ok(restsOnList(claim, part.readFrom), 'a newer look may have been left out');
  t.notOk(restsOnList(claim, 2), 'every entry since was read');
  t.notOk(restsOnList({ ...claim, verdict: 'VIOLATED' }, part.readFrom), 'what is bad is bad');
  const period = { since: w.now - 86_400, until: w.now };
  const done = await page.ask({ kind: 'subject', subject: SUBJECT, period, visible: period });
  if (!('past' in done)) throw new Error('there is a past');
  const [past] = done.past.claims;
  if (past === undefined) throw new Error('there is a claim');
  t.equal(past.figures.grade_looks, 'word');
  t.equal(past.spans.at(-1)?.kind, 'covered');
  t.equal(listedSpan(past, part.readFrom), past.spans.at(-1), 'covered until now on the word of the list');
  t.equal(listedSpan(past, 2), undefined);
  t.equal(
    listedSpan({ ...past, figures: { ...past.figures, grade_looks: 'whole' } }, part.readFrom),
    undefined,
  );
  t.match(done.checked, /every entry from 256 on was read/);
});
