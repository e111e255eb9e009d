/** Delegated keys of nodes for readers: revoked later, logged too late, within reach of the API, and counted as one. */
import t, { type Test } from 'tap';
import { digest, type Digest } from '#src/bytes/brand.ts';
import { parseHex } from '#src/bytes/text.ts';
import { kidOf } from '#src/cose/key.ts';
import { claimDue } from '#src/appraisal/due.ts';
import { appraiseSubject, type SubjectStatus } from '#src/appraisal/subject.ts';
import type { Signer } from '#src/sign/signer.ts';
import { signDelegation, type Delegating } from '#src/statement/delegation.ts';
import type { EnrolledKey, PolicyDocument } from '#src/statement/policy.ts';
import type { RuntimeProof } from '#src/statement/proof.ts';
import { seedSigner } from '../support/seed-signer.ts';
import { claim, SeeWorld, START } from '../support/see-world.ts';
import { ISSUER, nextPolicyStatement, ORIGIN, people, policyDocumentOf } from '../support/world.ts';

const signer = (n: number): Signer => seedSigner('ed25519', new Uint8Array(32).fill(n));
const [OWNER, SECOND_OWNER, NODE, SECOND] = [signer(111), signer(112), signer(113), signer(114)];
const HOUR = 3_600;
const SUBJECT = 'db/payments';

const enrolled = (key: Signer, name: string): EnrolledKey => ({
  key: key.publicKey,
  name,
  roles: ['delegator'],
  subjects: ['db/**'],
});
const kidBytes = (key: Signer): Digest => digest(parseHex(kidOf(key.publicKey)));

async function world(t: Test): Promise<SeeWorld> {
  const made = await SeeWorld.start(t);
  await policy(made, {});
  return made;
}

async function policy(made: SeeWorld, change: Partial<PolicyDocument>, without?: Signer): Promise<void> {
  const before = made.log.entries.findLast((entry) => entry.length > 0 && isPolicy(entry));
  if (before === undefined) throw new Error('a log begins with a policy');
  const owners = [enrolled(OWNER, 'owner'), enrolled(SECOND_OWNER, 'second owner')];
  const keys = [...policyDocumentOf().keys, ...owners.filter(({ key }) => key !== without?.publicKey)];
  made.log1(await nextPolicyStatement(before, { keys, ...change }));
}

function isPolicy(entry: Uint8Array): boolean {
  return new TextDecoder('latin1').decode(entry.subarray(0, 120)).includes('tallystick.policy');
}

async function delegation(
  change: Partial<Delegating> = {},
  by = OWNER,
): Promise<Pick<RuntimeProof, 'delegation'>> {
  const said = {
    key: NODE.publicKey,
    node: 'payments',
    subjects: [SUBJECT],
    notBefore: START - HOUR,
    notAfter: START + 2 * HOUR,
    log: ORIGIN,
    issuer: ISSUER,
    ...change,
  };
  return { delegation: await signDelegation(said, by) };
}

async function status(made: SeeWorld): Promise<SubjectStatus> {
  const snapshot = await made.client().snapshot();
  return appraiseSubject(await snapshot.subject(SUBJECT), snapshot.context);
}
const first = async (made: SeeWorld) => (await status(made)).claims[0];

t.test('a node proves, and what it is within reach of stands beside it', async (t) => {
  const made = await world(t);
  const commitment = await made.commit();
  await made.prove(commitment, {}, await delegation(), NODE);
  t.match(await first(made), {
    verdict: 'PROVEN',
    evidence: 'E1',
    explain: /within reach of the API of its cluster/,
  });
  made.now += 1;
  await made.prove(commitment, {}, await delegation({ apart: true }), NODE);
  t.match(await first(made), { verdict: 'PROVEN', explain: undefined });
});

t.test('revoking the delegator revokes what its nodes said, from that index on', async (t) => {
  const made = await world(t);
  const commitment = await made.commit();
  await made.prove(commitment, {}, await delegation(), NODE);
  const at = made.log.entries.length - 1;
  await policy(made, { revoked: [{ kid: kidBytes(OWNER), since: at + 1 }] }, OWNER);
  t.equal((await first(made))?.verdict, 'PROVEN', 'it was said before');
  await policy(made, { revoked: [{ kid: kidBytes(OWNER), since: at }] }, OWNER);
  t.equal((await first(made))?.verdict, 'REVOKED', 'the key was in other hands since then');
});

t.test('revoking the key of one node', async (t) => {
  const made = await world(t);
  const commitment = await made.commit();
  await made.prove(commitment, {}, await delegation(), NODE);
  const since = made.log.entries.length - 1;
  await policy(made, { revoked: [{ kid: kidBytes(NODE), since }] });
  t.equal((await first(made))?.verdict, 'REVOKED');
});

t.test('logged after the end: a PROVEN is not believed, a failure is', async (t) => {
  const late = async (verdict: 'PROVEN' | 'VIOLATED') => {
    const made = await world(t);
    const commitment = await made.commit();
    made.now = START + HOUR;
    const window = { start: made.now, end: made.now };
    const frame = { ...(await delegation()), window, nextDue: START + 10 * HOUR };
    made.now = START + 2 * HOUR + 301;
    await made.prove(commitment, { verdict, explain: 'so it says' }, frame, NODE);
    return first(made);
  };
  t.match(await late('PROVEN'), {
    verdict: 'UNKNOWN',
    doubted: true,
    explain: /after the delegation of node payments had ended/,
  });
  t.match(await late('VIOLATED'), { verdict: 'VIOLATED' });
});

t.test('keys of one delegator are one agent: they make no E2 and meet no threshold', async (t) => {
  const attested = (threshold: number, minEvidence: 'E1' | 'E2', ...kids: Signer[]) => ({
    attestors: { threshold, kids: kids.map(kidBytes) },
    claims: [{ ...claim, minEvidence }],
  });
  const run = async (
    declared: ReturnType<typeof attested>,
    ...proofs: readonly (readonly [Signer, Partial<Delegating>, Signer?])[]
  ) => {
    const made = await world(t);
    const commitment = await made.commit(declared);
    for (const [key, change, by] of proofs)
      await made.prove(commitment, {}, await delegation({ key: key.publicKey, ...change }, by), key);
    return first(made);
  };
  const apart = { apart: true } as const;
  t.match(
    await run(attested(2, 'E1', OWNER, people.agent), [NODE, apart], [SECOND, apart]),
    { verdict: 'UNKNOWN', explain: /1 of 2 agents/ },
    'two keys of one owner',
  );
  t.match(
    await run(attested(1, 'E1', OWNER), [NODE, apart]),
    { verdict: 'PROVEN' },
    'an attestor may delegate',
  );
  t.match(
    await run(attested(1, 'E1', SECOND_OWNER), [NODE, apart]),
    { verdict: 'UNKNOWN' },
    'one that is no attestor may not',
  );
  const two = attested(2, 'E2', OWNER, SECOND_OWNER);
  t.match(await run(two, [NODE, apart], [SECOND, apart, SECOND_OWNER]), {
    verdict: 'PROVEN',
    evidence: 'E2',
  });
  t.match(
    await run(two, [NODE, {}], [SECOND, apart, SECOND_OWNER]),
    { verdict: 'UNKNOWN', explain: /class E1/ },
    'one of them is within reach of the API',
  );
});

t.test('keys of one delegator are one agent when a claim is due, too', async (t) => {
  const made = await world(t);
  const attestors = { threshold: 2, kids: [OWNER, people.agent].map(kidBytes) };
  const commitment = await made.commit({ attestors, claims: [{ ...claim, deadline: undefined as never }] });
  const say = async (key: Signer) =>
    made.prove(
      commitment,
      {},
      await delegation({ key: key.publicKey, apart: true, notAfter: START + 20 * HOUR }),
      key,
    );
  await made.prove(commitment, {});
  await say(NODE);
  await say(SECOND);
  const due = (await first(made))?.due;
  t.match(await first(made), { verdict: 'PROVEN' });
  made.now += HOUR;
  await say(NODE);
  await say(SECOND);
  t.match(await first(made), { verdict: 'PROVEN', due }, 'the other attestor is due, whatever the nodes say');
  made.now = (due ?? 0) + 1;
  t.match(await first(made), { verdict: 'STALE', explain: '1 of 2 agents spoke in time' });
  const times = (agent: string, at: number) => ({ agent, started: at, counted: at });
  const basis = { from: 0, needed: 2, deployments: [] };
  const at = (...all: readonly (readonly [string, number])[]) =>
    claimDue(
      { id: 'c', cadence: 10 },
      basis,
      all.map(([agent, each]) => times(agent, each)),
    ).due;
  t.equal(at(['d', 100], ['d', 90], ['x', 50]), 60, 'the second agent, and not the second key');
  t.equal(at(['d', 10], ['d', 100], ['x', 90]), 100, 'a node that is gone makes nothing late');
  t.equal(at(['d', 100], ['d', 90]), 10, 'one agent alone: the other has until the first due');
});
