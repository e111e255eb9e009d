/** Which heads in notices a reader takes, and what each attack with one comes to. */
import t from 'tap';
import { timeBounds } from '#src/appraisal/past/bounds.ts';
import type { WitnessedHead } from '#src/appraisal/past/types.ts';
import { digest, treeSize } from '#src/bytes/brand.ts';
import type { NodeSource } from '#src/client/history.ts';
import { headIn } from '#src/client/witnessed-heads.ts';
import { cosign, signCheckpoint } from '#src/note/checkpoint.ts';
import { appendSignatures } from '#src/note/note.ts';
import { verifyWithNoble } from '#src/sign/algorithm.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { NotaryWorld, START, WITNESSES, witnessOf } from '../support/notary-world.ts';
import { seedSigner } from '../support/seed-signer.ts';
import { ORIGIN } from '../support/world.ts';

const OTHER = digest(new Uint8Array(32).fill(5));

/** What a reader makes of a notice with this note. */
async function read(w: NotaryWorld, note: Uint8Array, signer?: Parameters<NotaryWorld['say']>[1]) {
  const index = await w.say(note, signer);
  w.grow(2);
  const nodes: NodeSource = { nodes: async (_, size) => w.log.tree(size).read };
  const newest = { size: treeSize(w.log.entries.length), root: w.log.root() };
  const parsed = parseStatement(w.log.entries[index] ?? new Uint8Array());
  const under = { policy: w.trust, verify: verifyWithNoble, nodes, newest };
  return { index, head: headIn({ index, parsed }, under) };
}

t.test('a head with the quorum counts, whoever logged it', async (t) => {
  for (const signer of [undefined, seedSigner('ed25519', new Uint8Array(32).fill(4))]) {
    const w = await NotaryWorld.start();
    w.grow(5);
    const { index, head } = await read(w, await w.head(), signer);
    t.match(await head, { index, size: 6, notAfter: START, notBefore: START });
  }
});

t.test('attacks with heads are no evidence', async (t) => {
  const stranger = {
    name: ORIGIN,
    type: 1,
    signer: seedSigner('ed25519', new Uint8Array(32).fill(8)),
  } as const;
  const [first = stranger, second = stranger] = WITNESSES;
  const unsigned = async (w: NotaryWorld) => {
    const head = { origin: ORIGIN, size: treeSize(3), root: w.log.root(3), extensions: [] };
    const cosigned = await Promise.all([first, second].map((each) => cosign(head, each, START)));
    return appendSignatures(await signCheckpoint(head, [stranger], START), cosigned);
  };
  const attacks: [string, (w: NotaryWorld) => Promise<Uint8Array>][] = [
    ['without a quorum', (w) => w.head([first])],
    ['cosigned by strangers', (w) => w.head([witnessOf('x'), witnessOf('y')])],
    ['one witness twice', (w) => w.head([first, first])],
    ['larger than its index', (w) => w.head(WITNESSES, { size: 7, root: OTHER })],
    ['of the far future', (w) => w.head(WITNESSES, { size: 1_000_000, root: OTHER })],
    ['not signed by the log', unsigned],
  ];
  for (const [what, make] of attacks) {
    const w = await NotaryWorld.start();
    w.grow(5);
    const { head } = await read(w, await make(w));
    t.equal(await head, undefined, what);
  }
});

t.test('a forked head with the quorum ends the reading', async (t) => {
  const w = await NotaryWorld.start();
  w.grow(5);
  const { head } = await read(w, await w.head(WITNESSES, { size: 5, root: OTHER }));
  await t.rejects(head, { code: 'inconsistent', message: /two histories: a tree of 5 entries/ });
});

t.test('heads that are said again move no bound', async (t) => {
  const w = await NotaryWorld.start();
  w.grow(5);
  const note = await w.head();
  const taken: WitnessedHead[] = [];
  const take = async (each: Uint8Array, n: number): Promise<number> => {
    const { index, head } = await read(w, each, seedSigner('ed25519', new Uint8Array(32).fill(n)));
    const found = await head;
    if (found !== undefined) taken.push(found);
    return index;
  };
  await take(note, 1);
  w.now += 3600;
  const second = await take(await w.head(), 2);
  const before = timeBounds(taken);
  const later = await take(note, 3);
  const after = timeBounds(taken);
  t.equal(taken.length, 3, 'a replayed head is a head');
  for (const index of [2, 5, second, second + 1, later, later + 1])
    t.strictSame(after.boundsOf(index), before.boundsOf(index), `entry ${index}`);
});
