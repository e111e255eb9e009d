/** Following a log: a true copy of an honest one, the right alarm for every wrong, none for an outage. */
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { leafIndex, treeSize } from '../../src/bytes/brand.ts';
import { concatBytes } from '../../src/bytes/compare.ts';
import type { RefusalCode } from '../../src/bytes/refusal.ts';
import type { Alarm } from '../../src/monitor/alarm.ts';
import type { Follower, Moment } from '../../src/monitor/follow.ts';
import { parseTlogProof, verifyTlogProof } from '../../src/note/tlogproof.ts';
import { formatVkey, noteVerifier, parseVkey } from '../../src/note/key.ts';
import { policyOfLogs, type TrustPolicy } from '../../src/note/trust.ts';
import type { CommitStep } from '../../src/storage/sqlite.ts';
import { encodePolicy } from '../../src/statement/payload.ts';
import { hashLeaf } from '../../src/tree/hash.ts';
import { Following, type Change } from '../support/followed.ts';
import {
  badSignature,
  brokenChain,
  forkedOrder,
  lateApproval,
  orderBegunAgain,
  duplicate,
  gapInChain,
  noStatement,
  unknownKey,
  wrongRole,
} from '../support/hostile-entries.ts';
import { flipByte, foreign, HostileLog, type HostileOptions, type Trouble } from '../support/hostile-log.ts';
import {
  approvalStatement,
  commitmentStatement,
  entryIdOf,
  otherStatement,
  people,
  nextPolicyStatement,
  policyDocumentOf,
  policyStatement,
  proofStatement,
  ownStatement,
} from '../support/world.ts';
import { seedSigner } from '../support/seed-signer.ts';

t.setTimeout(120_000);

const FIRST = await policyStatement();
const STATEMENTS = await Promise.all(Array.from({ length: 2200 }, (_, n) => otherStatement(`subject/${n}`)));

/** A log of `size` entries, its first the policy, and somebody who follows it. */
async function followed(
  t: Test,
  size: number,
  options: HostileOptions = { entries: [FIRST, ...STATEMENTS.slice(0, size - 1)] },
  policy?: (log: HostileLog) => TrustPolicy,
): Promise<{ log: HostileLog; following: Following; open: (change?: Change) => Promise<Follower> }> {
  const log = await HostileLog.start(options);
  const following = new Following(log, policy?.(log));
  const opened: Follower[] = [];
  t.teardown(async () => {
    await Promise.all(opened.map((follower) => follower.close().catch(() => undefined)));
    await log.close();
    following.remove();
  });
  const open = async (change?: Change): Promise<Follower> => {
    const follower = await following.open(change);
    opened.push(follower);
    return follower;
  };
  return { log, following, open };
}

const kinds = (alarms: readonly Alarm[]): string[] => alarms.map(({ evidence }) => evidence.kind);
const onlyOne = (alarms: readonly Alarm[]): Alarm => {
  const [alarm, ...others] = alarms;
  if (alarm === undefined || others.length > 0) throw new Error(`${alarms.length} alarms`);
  return alarm;
};
const grow = (log: HostileLog, to: number): void => {
  const have = log.entriesOf().length;
  log.append(...STATEMENTS.slice(have - 1, to - 1));
};

t.test('an honest log, at every edge of its tiles', async (t) => {
  const { log, following, open } = await followed(t, 1);
  let follower = await open();
  for (const size of [1, 2, 255, 256, 257, 511, 512, 513, 700, 768, 769]) {
    grow(log, size);
    const step = await follower.step();
    t.match(step, { kind: 'advanced', alarms: [] }, `to ${size}`);
    t.equal(follower.held?.opened.checkpoint.size, size);
    t.equal((await follower.step()).kind, 'unchanged');
    t.strictSame(await follower.reader.root(treeSize(size)), log.checkpoint(size).root);
    if (size % 3 === 0) {
      await follower.close();
      follower = await open();
      t.equal(follower.reader.checkpoint().head.size, size, 'it is remembered');
    }
  }
  t.strictSame(await following.audit(), []);
  t.strictSame(
    following.seen.map(({ index }) => index),
    Array.from({ length: 769 }, (_, i) => i),
    'the watch saw each entry once, in order',
  );
  t.ok(following.seen.every(({ parsed }) => parsed !== undefined));
  t.strictSame(following.alarms, []);

  const page = await follower.reader.search({ subject: 'subject/700', limit: 10 });
  t.match(page.rows, [{ index: 701, kind: 'other', time: 1_900_000_000 }]);
  const proof = parseTlogProof(await follower.reader.tlogProof(leafIndex(3)));
  const { bytes } = await follower.reader.entry(leafIndex(3));
  t.doesNotThrow(() => verifyTlogProof(proof, hashLeaf(bytes), following.policy));
  await t.rejects(
    follower.reader.receipt(leafIndex(3)),
    { code: 'not-found' },
    'only the log gives receipts',
  );
});

t.test('much at once is checked on threads', async (t) => {
  const { log, following, open } = await followed(t, 2200);
  const bad = Uint8Array.from(STATEMENTS[2000] ?? []);
  bad.set([1, 2, 3], bad.length - 3);
  log.entriesOf()[2001] = bad;
  const follower = await open({ threads: 2 });
  t.match(await follower.step(), { kind: 'advanced', from: 0 });
  t.equal(follower.copied, 2200);
  t.match(following.alarms, [
    { evidence: { kind: 'entry-rejected', code: 'bad-signature' }, about: 'entry 2001' },
  ]);
  t.match(await following.audit(), [/^2001: bad-signature/, /^2001/], 'the entry is copied all the same');
  t.equal(following.seen[2001]?.parsed, undefined, 'and what it says counts for nothing');
});

/** Stops a follower where it is: what it held open is closed, as when its process ends. */
class Killed extends Error {
  override readonly name = 'Killed';
}

t.test('killed anywhere, it goes on from what was committed', async (t) => {
  const moments: Moment[] = [
    'heard',
    'compared',
    'held',
    'fetched',
    'decided',
    'alarmed',
    'committed',
    'copied',
  ];
  const commits: CommitStep[] = ['begun', 'entries', 'tiles', 'chains', 'head', 'committed'];
  const broken = (await badSignature('broken')).entries;
  const entries = [FIRST, ...STATEMENTS.slice(0, 300), ...broken, ...STATEMENTS.slice(300, 520)];
  const { log } = await followed(t, 0, { entries });
  for (const at of [...moments, ...commits.map((step) => `commit ${step}`)]) {
    const following = new Following(log);
    t.teardown(() => following.remove());
    let left = 0;
    const kill = (name: string): void => {
      if (name === at && left-- === 0) throw new Killed(at);
    };
    const change = {
      batch: 256,
      moment: (moment: Moment) => kill(moment),
      commitStep: (step: CommitStep) => kill(`commit ${step}`),
    };
    let follower = await following.open(change);
    for (let kills = 0; kills < 4; kills++) {
      const copied = follower.copied;
      left = kills % 3;
      const asked = log.asked.length;
      await follower.step().catch((error: unknown) => {
        // What a commit throws comes as `store-failed`.
        if (!/Killed/.test(String(error))) throw error;
      });
      const bundles = log.asked.slice(asked).flatMap((path) => /entries\/(...)$/.exec(path)?.[1] ?? []);
      const done = Math.floor(copied / 256);
      t.ok(
        bundles.every((bundle) => Number(bundle) >= done),
        `${at}: what is committed is not fetched again (${bundles.join()})`,
      );
      if (follower.copied > 301) t.strictSame(kinds(following.alarms).slice(0, 1), ['entry-rejected']);
      // A failure may also pass without the end of the process.
      if (kills % 2 === 0) continue;
      await follower.close();
      follower = await following.open(change);
      t.ok(follower.copied >= copied, `${at}: nothing is lost`);
    }
    await follower.close();
    follower = await following.open();
    await follower.step();
    t.equal(follower.held?.opened.checkpoint.size, entries.length, at);
    await follower.close();
    t.match(await following.audit(), [/^301: bad-signature/, /^301/], `${at}: the copy is whole`);
    t.ok(following.alarms.length >= 1 && following.alarms.every(({ about }) => about === 'entry 301'), at);
  }
});

t.test('what a log must not take is an alarm that others can check', async (t) => {
  const { log, following, open } = await followed(t, 3);
  const follower = await open();
  await follower.step();
  const chains = [await brokenChain('f'), await gapInChain('g')];
  const others = [await badSignature('a'), await wrongRole('b'), await unknownKey('c'), await duplicate('d')];
  const orders = [await forkedOrder('o'), await orderBegunAgain('p'), await lateApproval('q')];
  for (const { code, entries } of [...chains, ...others, ...orders, noStatement()]) {
    following.alarms.length = 0;
    log.append(...entries);
    const step = await follower.step();
    t.equal(step.kind, 'advanced', `${code}: a fault of an entry does not stop the copy`);
    t.match(step.alarms, [{ about: `entry ${log.size() - 1}`, evidence: { code } }], code);
    const alarm = onlyOne(following.alarms);
    t.equal(alarm.evidence.kind, code === 'chain-broken' ? 'chain-broken' : 'entry-rejected');
    const verdict = following.verdict(alarm);
    t.not(verdict.outcome, 'failed', `${code}: ${verdict.what}`);
    if (code === 'superseded-meanwhile') t.equal(verdict.outcome, 'proven', verdict.what);
  }
  t.strictSame((await follower.step()).alarms, [], 'and is told once');
  t.equal(follower.copied, log.size());

  const commitment = await commitmentStatement('chain');
  const id = entryIdOf(commitment);
  const first = await proofStatement('chain', id, 0, undefined);
  const gap = await proofStatement('chain', id, 2, entryIdOf(first));
  log.append(commitment, first, gap, await proofStatement('chain', id, 3, entryIdOf(gap)));
  t.match((await follower.step()).alarms, [{ about: `entry ${log.size() - 2}` }], 'one gap is one fault');
  log.append(STATEMENTS[5] ?? FIRST, STATEMENTS[0] ?? FIRST, FIRST);
  const again = await follower.step();
  t.strictSame(
    again.alarms.map(({ evidence }) => 'before' in evidence && evidence.before?.index),
    [1, 0],
    'the same bytes again, a policy too',
  );
  for (const alarm of again.alarms) t.equal(following.verdict(alarm).outcome, 'proven');
});

t.test('a policy governs from where it was logged', async (t) => {
  const { log, following, open } = await followed(t, 3);
  const follower = await open();
  const { keys } = policyDocumentOf();
  const key = {
    key: people.stranger.publicKey,
    name: 'stranger',
    roles: ['submitter'],
    subjects: ['**'],
  } as const;
  const next = await nextPolicyStatement(FIRST, { keys: [...keys, key] });
  const early = await otherStatement('early', people.stranger);
  const late = await otherStatement('late', people.stranger);
  const takeover = await policyStatement({ keys }, people.stranger);
  log.append(early, next, late, takeover, await otherStatement('later', people.stranger), FIRST);
  log.append(await otherStatement('after a policy of old', people.stranger));
  await follower.step();
  const codes = following.alarms.map(({ about, evidence }) => [about, 'code' in evidence && evidence.code]);
  t.strictSame(codes, [
    ['entry 3', 'unknown-key'],
    ['entry 6', 'wrong-role'],
    ['entry 8', 'duplicate'],
  ]);
  for (const alarm of following.alarms) t.not(following.verdict(alarm).outcome, 'failed');
  await follower.close();
  const again = await open();
  log.append(await otherStatement('in another run', people.stranger));
  t.match(await again.step(), { kind: 'advanced', alarms: [] }, 'and is remembered');
});

t.test('whose commitment it is', async (t) => {
  const { keys } = policyDocumentOf();
  const roles = ['author', 'approver'] as const;
  const key = { key: people.stranger.publicKey, name: 'both', roles, subjects: ['**'] };
  const { log, following, open } = await followed(t, 0, {
    entries: [await policyStatement({ keys: [...keys, key] })],
  });
  const follower = await open();
  const commitment = await commitmentStatement('own', {}, people.stranger);
  const wrong = await commitmentStatement('wrong', {}, people.agent);
  log.append(
    commitment,
    await approvalStatement('own', entryIdOf(commitment), people.stranger),
    await approvalStatement('other', entryIdOf(commitment)),
    wrong,
    await approvalStatement('wrong', entryIdOf(wrong)),
    await approvalStatement('own', entryIdOf(commitment)),
  );
  await follower.step();
  t.match(following.alarms, [
    { about: 'entry 2', evidence: { code: 'own-commitment', before: { index: 1 } } },
    { about: 'entry 3', evidence: { code: 'subject-mismatch', before: { index: 1 } } },
    { about: 'entry 4', evidence: { code: 'wrong-role' } },
    { about: 'entry 5', evidence: { code: 'unknown-commitment' } },
  ]);
  for (const alarm of following.alarms) t.not(following.verdict(alarm).outcome, 'failed', alarm.what);
});

/** A good policy, of another log. */
function elsewhere(): Promise<Uint8Array> {
  const origin = 'elsewhere.example';
  const { receiptKeys } = policyDocumentOf().log;
  const vkeys = [formatVkey(origin, 1, people.stranger.publicKey)];
  const payload = encodePolicy(policyDocumentOf({ origin, log: { vkeys, receiptKeys } }));
  return ownStatement('policy', origin, payload, people.admin, { log: origin });
}

t.test('entry 0 is the policy', async (t) => {
  for (const [first, code] of [
    [STATEMENTS[0] ?? FIRST, 'policy-rejected'],
    [await policyStatement({}, people.author), 'wrong-role'],
    [new Uint8Array(3), 'malformed-cbor'],
    [await elsewhere(), 'policy-rejected'],
  ] satisfies [Uint8Array, RefusalCode][]) {
    const { following, open } = await followed(t, 0, { entries: [first, ...STATEMENTS.slice(1, 5)] });
    const follower = await open({ statements: true });
    t.match(await follower.step(), { kind: 'advanced', alarms: [{ about: 'entry 0', evidence: { code } }] });
    t.equal(following.alarms.length, 1, 'the rest has no rules to break');
    const alarm = onlyOne(following.alarms);
    t.not(following.verdict(alarm).outcome, 'failed', code);
  }
});

t.test('a split view', async (t) => {
  for (const [name, common, others, serve] of [
    ['of one size', 290, 10, 300],
    ['in a larger tree', 290, 20, 310],
    ['in a smaller tree', 100, 199, 299],
    ['in a much smaller tree', 10, 20, 30],
  ] as const) {
    const { log, following, open } = await followed(t, 300);
    const follower = await open();
    await follower.step();
    log.fork(common, 'b', STATEMENTS.slice(1000, 1000 + others));
    log.serving = 'b';
    const step = await follower.step();
    t.match(step, { kind: 'alarmed', alarms: [{ evidence: { kind: 'split-view' } }] }, name);
    t.equal(log.size(), serve);
    const alarm = onlyOne(following.alarms);
    t.equal(following.verdict(alarm).outcome, 'proven', name);
    log.append(STATEMENTS[1500] ?? FIRST);
    t.strictSame((await follower.step()).alarms, [], 'it lasts, and is told once');
    t.equal(follower.seen?.opened.checkpoint.size, 300, 'the last good head is kept');
    log.serving = 'main';
    grow(log, 320);
    t.match(await follower.step(), { kind: 'advanced', alarms: [] }, 'the first history goes on');
    t.strictSame(await following.audit(), []);
  }
});

t.test('a split view is noticed after a restart, and half-way through a copy', async (t) => {
  const { log, following, open } = await followed(t, 600);
  log.trouble = 'drop';
  log.troubled = /entries\/002/;
  const follower = await open({ batch: 256 });
  t.match(await follower.step(), { kind: 'unreachable' });
  t.equal(follower.copied, 512, 'what came is kept');
  t.equal(follower.held, undefined);
  t.equal(follower.seen?.opened.checkpoint.size, 600);
  await follower.close();
  log.trouble = undefined;
  log.fork(550, 'b', STATEMENTS.slice(1000, 1100));
  log.serving = 'b';
  t.match(await (await open()).step(), { kind: 'alarmed', alarms: [{ evidence: { kind: 'split-view' } }] });
  t.equal(following.alarms.length, 1);
});

t.test('a rollback, and a head from a cache', async (t) => {
  const { log, following, open } = await followed(t, 300);
  const follower = await open();
  await follower.step();
  log.frozen = 280;
  t.match(await follower.step(), { kind: 'unchanged', stale: true, alarms: [] }, 'the larger tree is there');
  log.frozen = undefined;
  log.shown = 280;
  t.match(await follower.step(), { kind: 'alarmed', alarms: [{ evidence: { kind: 'rollback' } }] });
  const alarm = onlyOne(following.alarms);
  t.equal(following.verdict(alarm).outcome, 'reported');
  t.strictSame((await follower.step()).alarms, []);
  log.trouble = '503';
  log.troubled = /tile/;
  t.match(await follower.step(), { kind: 'unreachable' }, 'tiles that do not come say nothing');
  log.trouble = undefined;
  log.shown = undefined;
  t.match(await follower.step(), { kind: 'unchanged', stale: false });
  log.shown = 280;
  t.match(await follower.step(), { kind: 'alarmed', alarms: [{}] }, 'a second time is told again');
});

t.test('tampered data', async (t) => {
  for (const path of [
    'tile/0/000',
    'tile/0/002.p/188',
    'tile/1/000.p/2',
    'tile/entries/000',
    'tile/entries/002.p/188',
  ]) {
    const { log, following, open } = await followed(t, 700);
    const follower = await open();
    log.tamper(path, flipByte(40));
    const step = await follower.step();
    t.match(step, { kind: 'alarmed', alarms: [{ evidence: { kind: 'tampered-data' } }] }, path);
    const alarm = onlyOne(following.alarms);
    if (path !== 'tile/1/000.p/2') t.match(alarm.evidence, { path }, 'the file is named');
    t.equal(following.verdict(alarm).outcome, 'reported');
    t.equal(follower.held, undefined, 'nothing unverified is held');
    t.strictSame((await follower.step()).alarms, [], 'it is told once');
    log.tamper(path, undefined);
    t.match(await follower.step(), { kind: 'advanced', alarms: [] }, 'and mended');
    t.strictSame(await following.audit(), []);
    let flips = 1;
    grow(log, 800);
    for (const file of ['tile/0/003.p/32', 'tile/entries/003.p/32'])
      log.tamper(file, (bytes) => (flips-- > 0 ? flipByte(3)(bytes) : bytes));
    t.match(
      await follower.step(),
      { kind: 'advanced', alarms: [] },
      'what comes right the second time is noise',
    );
  }
});

t.test('known tiles point at the wrong one of an edge', async (t) => {
  const { log, following, open } = await followed(t, 600);
  const follower = await open();
  await follower.step();
  grow(log, 610);
  log.tamper('tile/1/000.p/2', flipByte(0));
  await follower.step();
  t.match(following.alarms, [{ evidence: { path: 'tile/1/000.p/2' } }]);
});

t.test('any bit of a bundle', async (t) => {
  const { log, following, open } = await followed(t, 40);
  const follower = await open();
  const bundle = concatBytes(...log.entriesOf().map((entry) => concatBytes(new Uint8Array(2), entry)));
  await fc.assert(
    fc.asyncProperty(fc.nat(bundle.length - 1), async (at) => {
      log.tamper('tile/entries/000.p/40', flipByte(at));
      following.alarms.length = 0;
      const step = await follower.step();
      log.tamper('tile/entries/000.p/40', undefined);
      // The alarm is told once while it lasts; the outcome is the same every time.
      return step.kind === 'alarmed' && follower.copied === 0;
    }),
    { numRuns: 25, examples: [[0], [1], [bundle.length - 1], [2 + (log.entriesOf()[0]?.length ?? 0)]] },
  );
  t.equal((await follower.step()).kind, 'advanced');
});

t.test('a cosignature in the name of a known witness', async (t) => {
  const good = {
    name: 'good.example',
    type: 4,
    signer: seedSigner('ed25519', new Uint8Array(32).fill(7)),
  } as const;
  const bad = {
    name: 'bad.example',
    type: 6,
    signer: seedSigner('ml-dsa-44', new Uint8Array(32).fill(8)),
  } as const;
  const [one, two] = [good, bad].map(({ name, type, signer }) => noteVerifier(name, type, signer.publicKey));
  if (one === undefined || two === undefined) throw new Error('two verifiers');
  const witnesses = [one, two].map((verifier) => ({ name: verifier.name, verifier }));
  const quorum = { name: 'both', threshold: 2, members: witnesses };
  const { log, following, open } = await followed(t, 5, undefined, (served) => ({
    ...policyOfLogs(served.vkeys.map(parseVkey)),
    witnesses,
    groups: [quorum],
    quorum,
  }));
  const follower = await open();
  log.cosigners = [good];
  log.forged = [two];
  const step = await follower.step();
  t.match(step, {
    kind: 'advanced',
    head: { quorum: false },
    alarms: [{ evidence: { kind: 'forged-cosignature' } }],
  });
  const alarm = onlyOne(following.alarms);
  t.not(following.verdict(alarm).outcome, 'failed');
  t.equal(follower.held?.opened.cosignatures.length, 1, 'what does verify counts');
  t.notMatch(new TextDecoder().decode(follower.held?.note), /bad\.example/, 'what does not is not passed on');
  t.strictSame((await follower.step()).alarms, [], 'told once');
  log.cosigners = [good, bad];
  log.forged = [];
  t.match(await follower.step(), { kind: 'unchanged', head: { quorum: true } });
  t.equal(follower.held?.opened.cosignatures.length, 2, 'a better signed note of the same tree is kept');
});

t.test('an outage is no alarm', async (t) => {
  const { log, following, open } = await followed(t, 300);
  const follower = await open();
  await follower.step();
  grow(log, 600);
  const troubles: Trouble[] = ['drop', '503', 'garbage', 'truncated', 'huge'];
  for (const trouble of troubles) {
    for (const troubled of [/checkpoint/, /tile\/0/, /tile\/1/, /entries/, /./]) {
      Object.assign(log, { trouble, troubled });
      const step = await follower.step();
      t.match(
        step,
        { kind: 'unreachable', alarms: [] },
        `${trouble} at ${troubled.source}: ${JSON.stringify(step.kind)}`,
      );
    }
  }
  log.trouble = 'slow';
  log.troubled = /entries/;
  t.match(await follower.step(), { kind: 'unreachable' });
  log.trouble = undefined;
  log.tamper('checkpoint', (note) => note.subarray(0, note.length - 20));
  t.match(await follower.step(), { kind: 'unreachable' }, 'half a checkpoint');
  log.tamper('checkpoint', flipByte(-30));
  t.match(await follower.step(), { kind: 'unreachable' }, 'a checkpoint that the log did not sign');
  log.tamper('checkpoint', undefined);
  const port = log.port;
  await log.close();
  t.match(await follower.step(), { kind: 'unreachable' });
  await log.listen(port);
  t.match(await follower.step(), { kind: 'advanced', alarms: [] });
  t.strictSame(following.alarms, []);
  t.strictSame(await following.audit(), []);
});

t.test('a log of other software', async (t) => {
  const { log, following, open } = await followed(t, 0, foreign('other.example/log', 600));
  const follower = await open();
  t.match(await follower.step(), { kind: 'advanced', alarms: [] });
  log.append(new TextEncoder().encode('opaque again'), new Uint8Array(0));
  t.match(
    await follower.step(),
    { kind: 'advanced', alarms: [] },
    'twice the same, and empty, is its own affair',
  );
  t.equal(follower.copied, 602);
  t.strictSame(await following.audit(false), []);
  t.match((await follower.reader.search({ limit: 1 })).rows, [{ index: 601, kind: 'other', subject: '' }]);
  t.ok(following.seen.every(({ parsed }) => parsed === undefined));
  log.append(new Uint8Array(9));
  log.tamper('tile/entries/002.p/91', flipByte(-1));
  t.match(await follower.step(), { kind: 'alarmed', alarms: [{ evidence: { kind: 'tampered-data' } }] });
});

t.test('a log without entries, yet', async (t) => {
  const { log, following, open } = await followed(t, 0, { entries: [] });
  const follower = await open();
  t.match(await follower.step(), { kind: 'advanced', head: { opened: { checkpoint: { size: 0 } } } });
  t.equal((await follower.step()).kind, 'unchanged');
  log.append(FIRST, ...STATEMENTS.slice(0, 3));
  t.match(await follower.step(), { kind: 'advanced', alarms: [] });
  log.shown = 0;
  t.match(await follower.step(), { kind: 'alarmed', alarms: [{ evidence: { kind: 'rollback' } }] });
  t.strictSame(await following.audit(), []);
});

t.test('a stop in the middle', async (t) => {
  const { open } = await followed(t, 700);
  const stop = new AbortController();
  const follower = await open({ batch: 256, onProgress: () => stop.abort() });
  await t.rejects(follower.step(stop.signal), { code: 'shutting-down' });
  t.ok(follower.copied >= 256 && follower.copied < 700, `stopped at ${follower.copied}`);
  t.match(await follower.step(), { kind: 'advanced' });
});

t.test('a log that is slow to copy is looked at in between', async (t) => {
  const { log, following, open } = await followed(t, 900);
  let time = 1_900_000_000;
  // The clock runs a minute for every bundle: after the first, the log shows somebody else's tree.
  const follower = await open({
    now: () => time,
    moment: (moment) => {
      if (moment === 'fetched') time += 61;
      if (moment === 'committed' && !log.branches.has('b')) {
        log.fork(800, 'b', STATEMENTS.slice(1000, 1200));
        log.serving = 'b';
      }
    },
  });
  t.match(await follower.step(), { kind: 'alarmed', alarms: [{ evidence: { kind: 'split-view' } }] });
  t.equal(follower.copied, 256);
  log.serving = 'main';
  t.match(await follower.step(), { kind: 'advanced', from: 256 });
  t.equal(log.asked.filter((path) => path === '/checkpoint').length, 2 + 3, 'a look for every bundle');
  t.strictSame(await following.audit(), []);
});

t.test('a sink that fails stops the commit', async (t) => {
  const { log, open } = await followed(t, 3);
  log.append(new Uint8Array(3));
  let full = true;
  const raised: Alarm[] = [];
  const follower = await open({
    alarms: {
      raise: async (alarm) => {
        if (full) throw new Error('disk full');
        raised.push(alarm);
      },
      isOpen: () => true,
    },
  });
  await t.rejects(follower.step(), /disk full/);
  t.equal(follower.copied, 0, 'no entry is committed before its alarm');
  full = false;
  t.match(await follower.step(), { kind: 'advanced' });
  t.equal(raised.length, 1);
});

t.test('any way of growing, tampering and dying ends in a true copy', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ by: fc.nat(300), die: fc.nat(12), flip: fc.option(fc.nat(5000)) }), {
        minLength: 1,
        maxLength: 5,
      }),
      async (rounds) => {
        const { log, following, open } = await followed(t, 1);
        for (const { by, die, flip } of rounds) {
          grow(log, Math.min(1000, log.size() + by));
          const bundle = Math.floor((log.size() - 1) / 256);
          const width = log.size() - 256 * bundle;
          const path = `tile/entries/00${bundle}${width === 256 ? '' : `.p/${width}`}`;
          if (flip !== null) log.tamper(path, flipByte(flip));
          let left = die;
          const follower = await open({
            batch: 256,
            moment: () => {
              if (left-- === 0) throw new Killed('any');
            },
          });
          await follower.step().catch((error: unknown) => {
            if (!(error instanceof Killed)) throw error;
          });
          await follower.close();
          log.tamper(path, undefined);
        }
        const follower = await open();
        await follower.step();
        await follower.close();
        const whole = follower.held?.opened.checkpoint.size === log.size();
        return whole && (await following.audit()).length === 0;
      },
    ),
    { numRuns: 4 },
  );
});
