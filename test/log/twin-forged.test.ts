/** A log that shows an entry and its twin, or an entry meant for another log, is found out by everyone who looks. */
import t, { type Test } from 'tap';
import { digest } from '#src/bytes/brand.ts';
import { parseHex } from '#src/bytes/text.ts';
import { CLAIM } from '#src/cose/labels.ts';
import { decodeSign1 } from '#src/cose/sign1.ts';
import { signStatement } from '#src/cose/statement.ts';
import { twinOf } from '#src/cose/twin.ts';
import { encodeUtf8 } from '#src/bytes/text.ts';
import { recall } from '#src/agent/history.ts';
import { AgentStore } from '#src/agent/agent-store.ts';
import { entryIdOf } from '#src/client/scrapi.ts';
import { ALGORITHMS } from '#src/sign/algorithm.ts';
import { encodeApproval } from '#src/statement/payload.ts';
import type { Role } from '#src/statement/policy.ts';
import { agentWorld } from '../support/agent-world.ts';
import { Following } from '../support/followed.ts';
import { HostileLog } from '../support/hostile-log.ts';
import {
  approvalStatement,
  commitmentStatement,
  nextPolicyStatement,
  ISSUER,
  ORIGIN,
  otherStatement,
  ownStatement,
  people,
  policyDocumentOf,
  policyStatement,
} from '../support/world.ts';
import { seedSigner } from '../support/seed-signer.ts';

const twin = (statement: Uint8Array): Uint8Array => {
  const found = twinOf(decodeSign1(statement));
  if (found === undefined) throw new Error('no twin');
  return found.entry;
};
const hsm = seedSigner('ecdsa-p256', new Uint8Array(32).fill(7));
const roles: readonly Role[] = ['admin', 'author', 'approver', 'submitter'];
const { keys } = policyDocumentOf();
const withHsm = [...keys, { key: hsm.publicKey, name: 'HSM', roles, subjects: ['**'] }];

async function followed(t: Test, ...entries: Uint8Array[]) {
  const log = await HostileLog.start({ entries });
  const following = new Following(log);
  const follower = await following.open();
  t.teardown(async () => {
    await follower.close();
    await log.close();
    following.remove();
  });
  await follower.step();
  return { log, following, follower };
}

t.test('monitors, fsck and incident checks find a twin', async (t) => {
  const first = await policyStatement({ keys: withHsm });
  const without = await nextPolicyStatement(first, { keys }, hsm);
  const again = await nextPolicyStatement(without, { keys: withHsm, selfProof: true });
  const commitment = await commitmentStatement('web', {}, hsm);
  const approval = await approvalStatement('db', '00'.repeat(32), hsm);
  const mine = await otherStatement('mine', hsm);
  // What a twin says counts for nothing: a policy does not come back, and no entry has two ids.
  const { following } = await followed(
    t,
    first,
    commitment,
    twin(commitment),
    await approvalStatement('web', entryIdOf(twin(commitment))),
    mine,
    mine,
    twin(mine),
    approval,
    twin(approval),
    without,
    again,
    twin(without),
    await otherStatement('still enrolled', hsm),
  );
  const found = following.alarms.map(({ about, evidence }) =>
    evidence.kind === 'entry-rejected' ? [about, evidence.code, evidence.before?.index] : evidence.kind,
  );
  t.strictSame(found, [
    ['entry 2', 'duplicate', 1],
    ['entry 3', 'unknown-commitment', undefined],
    ['entry 5', 'duplicate', 4],
    ['entry 6', 'duplicate', 4],
    ['entry 7', 'unknown-commitment', undefined],
    ['entry 8', 'duplicate', 7],
    ['entry 11', 'duplicate', 9],
  ]);
  for (const alarm of following.alarms) {
    const { outcome, what } = following.verdict(alarm);
    t.equal(
      outcome,
      'code' in alarm.evidence && alarm.evidence.code === 'duplicate' ? 'proven' : 'reported',
      what,
    );
  }
  const audited = (await following.audit(true)).filter((each) => each.includes('logged before'));
  t.same(
    audited.map((each) => each.split(':', 1)[0]),
    ['2', '5', '6', '8', '11'],
  );
});

t.test('two like entries that are no twins accuse nobody', async (t) => {
  const [one, two] = [await otherStatement('one', hsm), await otherStatement('two', hsm)];
  const { log, following } = await followed(t, await policyStatement({ keys: withHsm }), one, two, twin(one));
  const [alarm] = following.alarms;
  if (alarm?.evidence.kind !== 'entry-rejected') throw new Error('no alarm');
  const { evidence } = alarm;
  const swapped = { ...alarm, evidence: { ...evidence, before: { ...evidence.entry, index: 2 } } };
  t.equal(following.verdict(alarm).outcome, 'proven');
  t.equal(following.verdict(swapped).outcome, 'failed');
  t.equal(log.size(), 4);
});

t.test('agents do not rely on a log with a twin', async (t) => {
  const statement = await commitmentStatement('web', {}, hsm);
  const agent = await agentWorld(t);
  agent.reopen();
  const store = new AgentStore(agent.db);
  for (const [index, bytes] of [statement, twin(statement)].entries()) {
    store.setEntry({ index, id: entryIdOf(bytes), subject: 'web', time: 0, bytes });
    if (index === 0) t.equal(recall(store, 'web', undefined).declared.length, 1);
  }
  t.throws(() => recall(store, 'web', undefined), { code: 'proof-failed' });
});

const aud = (value: unknown) => new Map([[CLAIM.aud, value as string]]);

t.test('for which log a statement is: who may say what', async (t) => {
  const other = (audience?: unknown) =>
    signStatement(
      {
        issuer: ISSUER,
        subject: 'other',
        contentType: 'text/plain',
        ...(audience !== undefined && { claims: aud(audience) }),
      },
      encodeUtf8(JSON.stringify(audience ?? null)),
      people.submitter,
    );
  const bare = await signStatement(
    {
      issuer: ISSUER,
      subject: 'web',
      contentType: 'application/vnd.tallystick.approval.v1+cbor',
      claims: new Map([[CLAIM.iat, 1]]),
    },
    encodeApproval({ commitment: digest(parseHex('00'.repeat(32))) }),
    people.approver,
  );
  const commitment = await commitmentStatement('web');
  const genesis = await policyStatement();
  const { following } = await followed(
    t,
    genesis,
    await other(),
    await other('else.example/log'),
    await other(ORIGIN),
    await other(['else.example/log', ORIGIN]),
    await other(['else.example/log', 'third.example']),
    await other([]),
    await other(7),
    commitment,
    bare,
    await nextPolicyStatement(genesis, { requireAudience: true }),
    await otherStatement('it names no log'),
    await other(),
    await other([ORIGIN]),
  );
  t.strictSame(
    following.alarms.map(({ about, evidence }) => [about, 'code' in evidence && evidence.code]),
    [
      ['entry 2', 'wrong-audience'],
      ['entry 5', 'wrong-audience'],
      ['entry 6', 'malformed-statement'],
      ['entry 7', 'malformed-statement'],
      ['entry 9', 'wrong-audience'],
      ['entry 11', 'wrong-audience'],
      ['entry 12', 'duplicate'],
    ],
  );
  for (const alarm of following.alarms) t.equal(following.verdict(alarm).outcome, 'proven', alarm.what);
});

t.test('statements of another log do not count here, on any algorithm', async (t) => {
  for (const algorithm of ALGORITHMS) {
    const signer = seedSigner(algorithm, new Uint8Array(32).fill(9));
    const entry = await ownStatement('commitment', 'web', await payloadOf(), signer, {
      log: 'else.example/log',
    });
    const enrolled = [...keys, { key: signer.publicKey, name: 'both', roles, subjects: ['**'] }];
    const { following } = await followed(t, await policyStatement({ keys: enrolled }), entry);
    t.match(following.alarms, [{ evidence: { code: 'wrong-audience' } }], algorithm);
  }
});

async function payloadOf(): Promise<Uint8Array> {
  const { payload } = decodeSign1(await commitmentStatement('web'));
  if (payload === null) throw new Error('no payload');
  return payload;
}
