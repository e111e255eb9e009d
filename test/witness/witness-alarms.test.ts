/**
 * What witnesses, and the kept checkpoint, can make a log believe: claims, proofs that it went back, lies. And
 * what is readable after a restart.
 */
import t, { type Test } from 'tap';
import { treeSize } from '../../src/bytes/brand.ts';
import { Refusal } from '../../src/bytes/refusal.ts';
import { decodeUtf8, encodeUtf8 } from '../../src/bytes/text.ts';
import { formatPublished, openPublished, type PublishedParts } from '../../src/log/published-checkpoint.ts';
import { signCheckpoint } from '../../src/note/checkpoint.ts';
import { parseAddCheckpoint } from '../../src/note/addcheckpoint.ts';
import { type NoteSigner } from '../../src/note/key.ts';
import { parseNote } from '../../src/note/note.ts';
import { parseTrustPolicy } from '../../src/note/trust.ts';
import { verifyWithNoble } from '../../src/sign/algorithm.ts';
import { headKeys, ORIGIN } from '../support/world.ts';
import {
  cosigners,
  last,
  named,
  never,
  sizesOf,
  settle,
  stands,
  START,
  Tree,
  Witness,
  world,
  logKeys,
  type World,
} from '../support/witnessed-world.ts';
import { seedSigner } from '../support/seed-signer.ts';

t.test('alarms: a claim alone stops nobody, and is over when the witness cosigns', async (t) => {
  const claims: readonly (readonly [string, () => Response])[] = [
    ['ahead', () => stands(1000)],
    ['far ahead', () => stands(Number.MAX_SAFE_INTEGER)],
    ['409 without a size', () => new Response('', { status: 409 })],
    ['409 as text', () => stands(3, 'text/plain')],
    ['422', () => new Response('', { status: 422 })],
  ];
  for (const [name, answer] of claims) {
    const w = world(['a', 'b'], 'quorum a');
    const b = named(w, 'b');
    await w.offer(2);
    b.behave = answer;
    await w.clock.pass(1000);
    await w.offer(5);
    await w.clock.pass(600_000);
    t.equal(w.alarms.length, 1, `${name}: said once`);
    t.match(w.publisher.alarms, [/witness b: .*spec\/operations\.md/], name);
    t.match(w.publisher.status().witnesses[1]?.alarm, /witness b/);
    t.equal(w.publisher.fault, undefined, 'the quorum is met all the same');
    await w.offer(6);
    t.equal(last(w).size, 6, 'and the log goes on');
    let old: number | undefined;
    b.behave = (_, body) => void (old ??= parseAddCheckpoint(body).old);
    await w.clock.pass(301_000);
    t.same(w.publisher.alarms, [], 'over');
    t.equal(old, 0, 'asked from the beginning: what it held was in doubt');
    t.same(cosigners(last(w).note, w.policy), ['a', 'b']);
  }
});

t.test('an alarm by the only witness: nothing is published, nothing crashes', async (t) => {
  const w = world(['a'], 'quorum a');
  named(w, 'a').behave = () => stands(1000);
  await w.offer(5);
  t.same(w.published, []);
  t.match(w.publisher.fault, /quorum is not met: a: it says it has cosigned size 1000, and this log has 5/);
  t.equal(w.publisher.stopped, undefined, 'a claim is no proof');
});

t.test('proof stops the log: our own signature on what our tree does not contain', async (t) => {
  const other = new Tree('other');
  const proofs = [
    ['larger', stands(9), await new Tree().note(9), /size 9/],
    ['another root', new Response('', { status: 409 }), await other.note(5), /size 5/],
    ['an older root', new Response('', { status: 422 }), await other.note(3), /size 3/],
  ] as const;
  for (const [name, answer, shown, what] of proofs) {
    const w = world(['a', 'b', 'd'], 'group g any a b d\nquorum g');
    await w.offer(4);
    const before = w.published.length;
    const b = named(w, 'b');
    b.behave = () => answer.clone();
    b.shows = shown;
    await w.clock.pass(1000);
    await w.offer(5);
    t.match(w.publisher.stopped, what, name);
    t.match(w.publisher.fault, /went back or forked: witness b/);
    t.match(w.alarms, [/operations\.md/]);
    t.same(w.proofs, [shown], 'the proof is kept');
    const count = w.published.length;
    t.ok(count <= before + 2);
    await w.offer(6);
    await w.clock.pass(3_600_000);
    t.equal(w.published.length, count, 'nothing is published any more');
    t.match(w.publisher.status(), { met: false });
    await w.publisher.close();
  }
});

t.test('what is no proof', async (t) => {
  const stranger: NoteSigner = {
    name: ORIGIN,
    type: 1,
    signer: seedSigner('ed25519', new Uint8Array(32).fill(77)),
  };
  const foreign = { name: 'other.example', type: 1, signer: headKeys.checkpoint[0]!.signer } as const;
  const checkpoint = { origin: ORIGIN, size: treeSize(9), root: new Tree().root(9), extensions: [] };
  const shows = [
    ['another key', await signCheckpoint(checkpoint, [stranger], START)],
    ['another origin', await signCheckpoint({ ...checkpoint, origin: foreign.name }, [foreign], START)],
    ['on our tree', await new Tree().note(4)],
    ['rubbish', encodeUtf8('<html>')],
    ['too much', new Uint8Array(100_000)],
    ['a changed size', encodeUtf8(decodeUtf8(await new Tree().note(4)).replace('\n4\n', '\n9\n'))],
  ] as const;
  for (const [name, shown] of shows) {
    const w = world(['a', 'b'], 'quorum a');
    named(w, 'b').behave = () => stands(9);
    named(w, 'b').shows = shown;
    await w.offer(5);
    t.equal(w.publisher.stopped, undefined, name);
    t.equal(w.alarms.length, 1);
    t.same(sizesOf(w), [5]);
  }
});

t.test('after the start every witness is heard before the first round counts', async (t) => {
  const quorum = 'group g any a b\nquorum g';
  const w = world(['a', 'b'], quorum, { timing: { hearingMs: 5000 } });
  const gate = Promise.withResolvers<Response>();
  const b = named(w, 'b');
  b.shows = await w.tree.note(9);
  b.behave = () => gate.promise;
  await w.offer(5);
  t.same(w.published, [], 'one has cosigned, the other may know better');
  gate.resolve(stands(9));
  await settle();
  t.match(w.publisher.stopped, /size 9/, 'and does');
  t.same(w.published, []);

  const silent = world(['a', 'b'], quorum, { timing: { hearingMs: 5000 } });
  named(silent, 'b').behave = () => never;
  await silent.offer(5);
  await silent.clock.pass(4999);
  t.same(silent.published, []);
  await silent.clock.pass(1);
  t.same(sizesOf(silent), [5], 'not for longer than that');
  await silent.offer(6);
  await silent.clock.pass(1000);
  t.same(sizesOf(silent), [5, 6], 'and once only');
});

/** What the file says, opened over a tree. */
async function reopen(
  file: Uint8Array,
  w: World,
  size: number,
  tree = w.tree,
  over: Partial<PublishedParts> = {},
) {
  const head = await tree.head(size);
  return openPublished(file, {
    origin: ORIGIN,
    logKeys,
    receiptKeys: [headKeys.receipt.publicKey],
    policy: w.policy,
    verify: verifyWithNoble,
    reader: { head: () => head, root: async (at) => tree.root(at) },
    ...over,
  });
}

async function refusedWith(t: Test, code: string, opening: Promise<unknown>, name: string): Promise<void> {
  const verdict = await opening.then(
    () => 'accepted',
    (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
  );
  t.equal(verdict, code, name);
}

t.test('what was published is readable at once after a restart', async (t) => {
  const w = world(['a', 'b'], 'group g all a b\nquorum g');
  await w.offer(4);
  const file = encodeUtf8(formatPublished(last(w).note, await w.tree.head(4)));
  await w.publisher.close();
  const again = w.again();
  const kept = await reopen(file, again, 4);
  again.grow(4);
  again.publisher.resume(kept.note, kept.head, kept.lines);
  t.same(
    again.published.map(({ note }) => note),
    [last(w).note],
    'the same note',
  );
  again.publisher.offer(await w.tree.note(4), await w.tree.head(4));
  await settle();
  t.equal(named(w, 'a').asked.length, 2, 'and every witness is asked whether it knows more');
  t.match(again.publisher.status(), { met: true, witnesses: [{ cosigned: START, behind: 0 }] });
  await w.clock.pass(600_000);
  t.equal(named(w, 'a').asked.length, 3, 'then not until the lines are old');

  await again.publisher.close();
  const grown = w.again();
  grown.grow(9);
  for (const witness of w.witnesses) witness.behave = () => new Response('', { status: 500 });
  const smaller = await reopen(file, grown, 9);
  t.equal(smaller.head.seal.signature.length, 64, 'with what receipts under it need');
  grown.publisher.resume(smaller.note, smaller.head, smaller.lines);
  await grown.offer(9);
  t.same(sizesOf(grown), [4], 'witnesses are away, what was readable is');
  t.match(grown.publisher.fault, /quorum is not met/);
  for (const witness of w.witnesses) witness.behave = () => undefined;
  await w.clock.pass(30_000);
  t.same(sizesOf(grown), [4, 9]);
  t.equal(w.alarms.length + grown.alarms.length, 0);
});

t.test(
  'store, guard and kept file all put back: a witness tells, before anything new is signed',
  async (t) => {
    const w = world(['a', 'b'], 'quorum a');
    await w.offer(4);
    const file = encodeUtf8(formatPublished(last(w).note, await w.tree.head(4)));
    await w.clock.pass(1000);
    await w.offer(7);
    await w.publisher.close();
    for (const witness of w.witnesses) witness.shows = last(w).note;
    named(w, 'a').size = 4;
    const old = w.again();
    old.grow(4);
    const kept = await reopen(file, old, 4);
    old.publisher.resume(kept.note, kept.head, kept.lines);
    await old.offer(4);
    t.match(old.publisher.stopped, /witness b shows a checkpoint of size 7/);
    t.equal(last(old).size, 4, 'what was cosigned before stays readable');
  },
);

t.test('the kept file is believed in nothing', async (t) => {
  const w = world(['a', 'b'], 'quorum a');
  await w.offer(4);
  const text = formatPublished(last(w).note, await w.tree.head(4));
  const file = encodeUtf8(text);
  t.equal((await reopen(file, w, 4)).lines.length, 2);
  await refusedWith(t, 'behind-signed-head', reopen(file, w, 3), 'a store that is behind');
  await refusedWith(t, 'behind-signed-head', reopen(file, w, 9, new Tree('other')), 'another history');
  const more = parseTrustPolicy(
    `${w.witnesses.map(({ line }) => line).join('')}${new Witness('z', w.clock).line}group g all a z\nquorum g\n`,
  );
  await refusedWith(
    t,
    'quorum-unmet',
    reopen(file, w, 4, w.tree, { policy: more }),
    'a policy that asks for more',
  );
  const others = [
    { ...logKeys[0]!, key: seedSigner('ed25519', new Uint8Array(32).fill(8)).publicKey, id: 1 },
  ];
  await refusedWith(t, 'unknown-signer', reopen(file, w, 4, w.tree, { logKeys: others }), 'another log key');
  await refusedWith(t, 'unknown-signer', reopen(file, w, 4, w.tree, { origin: 'x' }), 'another log');
  await refusedWith(t, 'bad-signature', reopen(file, w, 4, w.tree, { receiptKeys: [] }), 'no receipt key');
  for (const junk of [
    '',
    'x',
    '{}',
    text.slice(0, 60),
    text.replace('v1', 'v2'),
    text.replace(/time \d+/, 'time 01'),
  ])
    await refusedWith(
      t,
      'malformed-text',
      reopen(encodeUtf8(junk), w, 4).catch(asMalformed),
      `junk ${junk.slice(0, 30)}`,
    );

  let accepted = 0;
  for (let at = 0; at < file.length; at += 31) {
    const changed = file.map((byte, i) => (i === at ? byte ^ 1 : byte));
    const made = await reopen(changed, w, 4).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      t.not(error.code, 'behind-signed-head', 'a flipped bit is no proof');
      return undefined;
    });
    if (made === undefined) continue;
    accepted++;
    t.equal(parseNote(made.note).text, parseNote(last(w).note).text, `bit at ${at}: the same checkpoint`);
  }
  t.ok(accepted < 25, `${accepted} flips made no difference: the time, or the id of a line`);

  const known = parseTrustPolicy(`${named(w, 'a').line}quorum a\n`);
  const fewer = await reopen(file, w, 4, w.tree, { policy: known });
  t.equal(fewer.lines.length, 1, 'a witness that left the policy left the note');
  t.equal(parseNote(fewer.note).lines.length, 2, 'the log alone signed what is asked for');
});

function asMalformed(error: unknown): never {
  if (error instanceof Refusal && error.code.startsWith('malformed')) throw new Refusal('malformed-text', '');
  throw error;
}
