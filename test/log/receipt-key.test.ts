/** A receipt key is of one log, and the log's keys sign nothing else; receipts are of the log that they name. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import t from 'tap';
import { leafIndex, treeSize } from '#src/bytes/brand.ts';
import { decodeUtf8 } from '#src/bytes/text.ts';
import { examine } from '#src/client/examine.ts';
import type { Evidence, Trust } from '#src/client/evidence.ts';
import { decodeReceipt, encodeInclusionReceipt, verifyReceipt } from '#src/cose/receipt.ts';
import { headSigner } from '#src/log/headsigner.ts';
import { signCheckpoint } from '#src/note/checkpoint.ts';
import { formatVkey, parseVkey } from '#src/note/key.ts';
import { formatTlogProof } from '#src/note/tlogproof.ts';
import { policyOfLogs } from '#src/note/trust.ts';
import { initialise } from '#src/service/init.ts';
import { openLog } from '#src/service/open.ts';
import type { Signer } from '#src/sign/signer.ts';
import { assertStrongPolicy, compilePolicy, type PolicyDocument } from '#src/statement/policy.ts';
import { hashLeaf } from '#src/tree/hash.ts';
import { SmallTree } from '../support/vectors-log.ts';
import {
  commitmentStatement,
  ISSUER,
  ORIGIN,
  otherStatement,
  ownStatement,
  people,
  policyDocumentOf,
  policyStatement,
} from '../support/world.ts';
import { encodePolicy } from '#src/statement/payload.ts';
import { seedSigner } from '../support/seed-signer.ts';

t.test('a log is not made, nor opened, with the receipt key of another log that was made here', async (t) => {
  const cwd = t.testdir();
  const optionsOf = (name: string) => ({
    dataDir: join(cwd, name),
    guardDir: undefined,
    origin: `${name}.example/log`,
    open: false,
    url: 'http://127.0.0.1:1',
    stateDir: join(cwd, 'state'),
    onRemark: (text: string) => t.fail(text),
  });
  const made = (name: string) => initialise(optionsOf(name));
  const keyOf = (name: string): string => join(cwd, name, 'keys', 'receipt-ed25519.pem');
  await made('one');
  t.match(await made('one'), { created: [] }, 'its own it may have');
  mkdirSync(join(cwd, 'two', 'keys'), { recursive: true, mode: 0o700 });
  copyFileSync(keyOf('one'), keyOf('two'));
  const refused = { code: 'key-file', message: /two\.example\/log is the one of the log one\.example\/log/ };
  await t.rejects(made('two'), refused);
  t.notOk(existsSync(join(cwd, 'two', 'genesis.cose')), 'and no log was made');
  rmSync(keyOf('two'));
  await made('two');
  copyFileSync(keyOf('one'), keyOf('two'));
  const opened = openLog({
    ...optionsOf('two'),
    endpoint: {
      host: '127.0.0.1',
      port: 1,
      url: undefined,
      tlsCert: undefined,
      tlsKey: undefined,
      insecureBind: false,
      trustProxy: false,
    },
    maxPending: 1,
    checkpointIntervalMs: 0,
    clockTolerance: 60,
    logger: pino({ level: 'silent' }),
    fetch,
    now: Date.now,
  });
  await t.rejects(opened, refused);
  t.equal(readdirSync(join(cwd, 'state', 'receipt-keys')).length, 2);
});

t.test('a log is made where what is known here cannot be written down', async (t) => {
  const cwd = t.testdir({ file: '' });
  const remarks: string[] = [];
  await initialise({
    dataDir: join(cwd, 'data'),
    guardDir: undefined,
    origin: 'one.example/log',
    open: false,
    url: 'http://127.0.0.1:1',
    stateDir: join(cwd, 'file'),
    onRemark: (text) => void remarks.push(text),
  });
  t.match(remarks, [/is not written down here/]);
});

t.test('the keys of a log sign nothing else', async (t) => {
  const { log, keys } = policyDocumentOf();
  const [first] = keys;
  const [receipt] = log.receiptKeys;
  const vkey = parseVkey(log.vkeys[0] ?? '').key;
  if (first === undefined || receipt === undefined) throw new Error('a policy has keys');
  const cases: readonly (readonly [string, Partial<PolicyDocument>])[] = [
    ['receipts and checkpoints', { log: { ...log, receiptKeys: [vkey] } }],
    ['a retired receipt key and checkpoints', { log: { ...log, receiptKeys: [receipt, vkey] } }],
    ['receipts and statements', { keys: [...keys, { ...first, key: receipt }] }],
    ['checkpoints and statements', { keys: [...keys, { ...first, key: vkey }] }],
    [
      'checkpoints of type 6 and statements',
      { keys: [...keys, { ...first, key: parseVkey(log.vkeys[1] ?? '').key }] },
    ],
  ];
  for (const [what, change] of cases)
    t.throws(
      () => assertStrongPolicy(compilePolicy(policyDocumentOf(change))),
      { code: 'policy-rejected' },
      what,
    );
  assertStrongPolicy(compilePolicy(policyDocumentOf()));
});

/** A small log of some name: what its keys sign of some entries. */
async function logOf(origin: string, entries: readonly Uint8Array[], receipts: Signer) {
  const lines = [
    { name: origin, type: 1, signer: seedSigner('ed25519', new Uint8Array(32).fill(origin.length)) },
  ] as const;
  const tree = new SmallTree(entries.map(hashLeaf));
  const head = { size: treeSize(entries.length), root: tree.root(), time: 1 };
  const note = await signCheckpoint({ origin, ...head, extensions: [] }, lines, 1);
  const seal = await headSigner({ origin, issuer: ISSUER, checkpoint: lines, receipt: receipts }).receipt(
    head,
  );
  const path = (index: number) => tree.inclusion(index);
  return {
    vkey: formatVkey(origin, 1, lines[0].signer.publicKey),
    receipt: (index: number) => encodeInclusionReceipt(seal, head.size, leafIndex(index), path(index)),
    proof: (index: number) =>
      formatTlogProof({ index: leafIndex(index), path: path(index), checkpoint: note }),
  };
}

t.test('a receipt, and a policy, of another log prove nothing about this one', async (t) => {
  const shared = seedSigner('ed25519', new Uint8Array(32).fill(77));
  const policyOf = (origin: string, vkey: string) => {
    const document = policyDocumentOf({ origin, log: { vkeys: [vkey], receiptKeys: [shared.publicKey] } });
    return ownStatement('policy', origin, encodePolicy(document), people.admin, { log: origin });
  };
  const other = 'else.example/log-of-others';
  const vkeyOf = async (origin: string) => (await logOf(origin, [await policyStatement()], shared)).vkey;
  const entry = await otherStatement('both have it');
  const log = async (origin: string) => {
    const policy = await policyOf(origin, await vkeyOf(origin));
    return { policy, ...(await logOf(origin, [policy, entry], shared)) };
  };
  const [ours, theirs] = [await log(ORIGIN), await log(other)];
  const trust = (...logs: (typeof ours)[]) => ({
    policy: policyOfLogs(logs.map(({ vkey }) => parseVkey(vkey))),
    everyAlgorithm: false,
    receiptKeys: [],
  });
  const policy = { entry: ours.policy, proof: ours.proof(0) };
  const codesOf = (evidence: Partial<Evidence>, trusted: Trust = trust(ours, theirs)) => {
    const { verified, checks } = examine(
      { entry, receipts: [], proof: undefined, policy: undefined, ...evidence },
      trusted,
    );
    return [
      verified,
      ...checks.flatMap(({ name, refusal }) => (refusal === undefined ? [] : [`${name}: ${refusal.code}`])),
    ];
  };
  const [good, foreign] = [ours.receipt(1), theirs.receipt(1)];
  t.same(codesOf({ policy, receipts: [good] }), [true]);
  t.same(codesOf({ policy, receipts: [foreign] }), [false, 'receipt: proof-failed'], 'by the policy');
  t.same(codesOf({ policy, receipts: [foreign, good] }), [true], 'one of several');
  t.same(codesOf({ policy, receipts: [], loose: [foreign] }), [false, 'receipt: proof-failed']);
  t.same(codesOf({ policy, proof: ours.proof(1), receipts: [foreign] }), [false, 'receipt: proof-failed']);
  const keys = { entry: theirs.policy, proof: theirs.proof(0) };
  t.same(
    codesOf({ policy: keys, proof: ours.proof(1) }),
    [false, 'policy: proof-failed'],
    'rules of another log',
  );
  t.same(
    codesOf({ policy, keys, proof: ours.proof(1) }),
    [false, 'keys: proof-failed'],
    'keys of another log',
  );
  // A key alone: a trusted log, or the one that the statement names, else the receipt's own word.
  const byKey = (logs: Parameters<typeof trust>) => ({ ...trust(...logs), receiptKeys: [shared.publicKey] });
  t.same(codesOf({ receipts: [foreign] }, byKey([ours])), [false, 'receipt: proof-failed']);
  t.same(codesOf({ receipts: [foreign] }, byKey([])), [true]);
  const own = await commitmentStatement('web');
  const elsewhere = await logOf(other, [await policyStatement(), own], shared);
  const named = { entry: own, receipts: [elsewhere.receipt(1)] };
  t.same(codesOf(named, byKey([])), [false, 'receipt: proof-failed']);
  t.same(codesOf({ entry: own, proof: elsewhere.proof(1) }, trust({ ...theirs, vkey: elsewhere.vkey })), [
    false,
    'audience: wrong-audience',
  ]);
  t.throws(() => verifyReceipt(decodeReceipt(foreign), entry, { log: ORIGIN, key: shared.publicKey }), {
    code: 'proof-failed',
  });
  t.ok(decodeUtf8(ours.proof(1)).includes(ORIGIN));
});
