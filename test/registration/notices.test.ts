/** What the log admits as a notice, and which heads a reader takes from one. */
import t from 'tap';
import { treeSize } from '#src/bytes/brand.ts';
import { cosign, signCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey } from '#src/note/key.ts';
import { appendSignatures } from '#src/note/note.ts';
import { parseTrustPolicy } from '#src/note/trust.ts';
import { admit, NO_FACTS } from '#src/registration/admit.ts';
import { openWitnessed } from '#src/registration/notices.ts';
import { entryId } from '#src/bytes/brand.ts';
import { encodeNotice } from '#src/statement/payload.ts';
import { compilePolicy } from '#src/statement/policy.ts';
import { exampleNote, exampleNotices, exampleWitness } from '../support/notice-examples.ts';
import {
  hashOf,
  NOW,
  ORIGIN,
  policy,
  signAs,
  signers,
  SUBJECT,
  type Who,
} from '../support/statement-examples.ts';
import { seedSigner } from '../support/seed-signer.ts';

const rules = {
  origin: ORIGIN,
  inForce: {
    policy: compilePolicy(policy),
    index: 0,
    id: entryId('00'.repeat(32)),
    entry: new Uint8Array(),
  },
};
const [witnessed, inventory, retention] = await exampleNotices();
const admitted = (example: { readonly parsed: (typeof witnessed)['parsed'] }) =>
  admit(rules, example.parsed, NO_FACTS, NOW);
const payloadOf = (example: typeof witnessed) => example.parsed.statement.payload;

t.test('who may say which notice, about what', async (t) => {
  for (const each of [witnessed, inventory, retention]) t.same(admitted(each), {});
  const said = (who: Who, example: typeof witnessed, subject: string) =>
    signAs(who, 'notice', payloadOf(example), { subject });
  t.same(admitted(await said('author', retention, SUBJECT)), {}, 'an owner announces what it prunes');
  for (const [who, example, subject] of [
    ['agent', witnessed, SUBJECT],
    ['agent', inventory, SUBJECT],
    ['author', inventory, SUBJECT],
    ['monitor', retention, SUBJECT],
  ] as const)
    await t.rejects(
      said(who, example, subject).then((each) => admitted(each)),
      { code: 'wrong-role' },
      `${who} says ${example.parsed.kind}`,
    );
  await t.rejects(
    said('monitor', witnessed, SUBJECT).then((each) => admitted(each)),
    { code: 'subject-mismatch', message: /set the subject \(sub\) to log\.example\/config/ },
  );
});

t.test('a notice about another log is not of this one', async (t) => {
  const foreign = { origin: 'log.example/other', size: treeSize(3), root: hashOf('root'), extensions: [] };
  const note = await signCheckpoint(foreign, [{ name: foreign.origin, type: 1, signer: signers.log }], NOW);
  const { extensions: _, ...checkpoint } = foreign;
  for (const [notice, subject] of [
    [{ topic: 'witnessed', note }, ORIGIN],
    [{ topic: 'inventory', checkpoint, count: 1, hash: hashOf('x') }, SUBJECT],
  ] as const) {
    const example = await signAs('monitor', 'notice', encodeNotice(notice), { subject });
    t.throws(() => admitted(example), {
      code: 'wrong-audience',
      message: /about a head of log\.example\/other/,
    });
  }
});

/** A trust policy of the example's log with its witness. */
const trustOf = (quorum: 'w1' | 'none', vkeys = [formatVkey(ORIGIN, 1, signers.log.publicKey)]) =>
  parseTrustPolicy(
    [
      ...vkeys.map((vkey) => `log ${vkey}`),
      `witness w1 ${formatVkey(exampleWitness.name, 4, exampleWitness.signer.publicKey)}`,
      `quorum ${quorum}`,
      '',
    ].join('\n'),
  );

t.test('a reader opens the head under the policy of the reader', async (t) => {
  const trust = trustOf('w1');
  const note = await exampleNote(7);
  t.match(openWitnessed(7, { note }, trust), {
    checkpoint: { size: 7 },
    cosignatures: [{ time: NOW + 201 }],
  });
  t.match(openWitnessed(90, { note }, trust), { checkpoint: { size: 7 } }, 'said late');

  const stranger = seedSigner('ed25519', hashOf('tallystick example: another log'));
  const head = { origin: ORIGIN, size: treeSize(7), root: hashOf('root at 7'), extensions: [] };
  const bare = await signCheckpoint(head, [{ name: ORIGIN, type: 1, signer: signers.log }], NOW);
  const forged = appendSignatures(
    await signCheckpoint(head, [{ name: ORIGIN, type: 1, signer: stranger }], NOW),
    [await cosign(head, exampleWitness, NOW)],
  );
  const byStranger = appendSignatures(bare, [
    await cosign(head, { ...exampleWitness, signer: stranger }, NOW + 1),
  ]);
  t.throws(() => openWitnessed(6, { note }, trust), {
    code: 'proof-failed',
    message: /two trees were signed/,
  });
  t.throws(() => openWitnessed(9, { note: bare }, trust), { code: 'quorum-unmet' }, 'nobody cosigned');
  t.throws(() => openWitnessed(9, { note: byStranger }, trust), { code: 'quorum-unmet' }, 'a stranger did');
  t.throws(() => openWitnessed(9, { note: forged }, trust), { code: 'unknown-signer' }, 'not the log');
  t.throws(
    () => openWitnessed(9, { note }, trustOf('none')),
    { code: 'quorum-unmet' },
    'no witness asked for',
  );
  const other = formatVkey('log.example/other', 1, signers.receipt.publicKey);
  t.throws(
    () => openWitnessed(9, { note }, trustOf('w1', [other])),
    { code: 'unknown-signer' },
    'another log',
  );
});
