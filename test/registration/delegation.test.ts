/** Delegated keys of nodes at the log: every way in which a proof could borrow, outlive or extend a delegation. */
import t from 'tap';
import { entryId, digest } from '#src/bytes/brand.ts';
import { decodeCbor, encodeCbor, type CborMap } from '#src/bytes/cbor.ts';
import { Refusal } from '#src/bytes/refusal.ts';
import { parseHex } from '#src/bytes/text.ts';
import { kidOf } from '#src/cose/key.ts';
import { CLAIM } from '#src/cose/labels.ts';
import { encodeSign1, NO_HEADERS } from '#src/cose/sign1.ts';
import { signStatement } from '#src/cose/statement.ts';
import { admit, assertSigned, NO_FACTS, signerKey } from '#src/registration/admit.ts';
import { countsAfter } from '#src/registration/counts.ts';
import { LATE_DELIVERY } from '#src/registration/delegated.ts';
import { verifyWithNoble } from '#src/sign/algorithm.ts';
import { issuerOf } from '#src/registration/issuer.ts';
import type { Signer } from '#src/sign/signer.ts';
import {
  MAX_DELEGATION,
  parseDelegation,
  signDelegation,
  type Delegating,
  type Delegation,
} from '#src/statement/delegation.ts';
import { parseStatement } from '#src/statement/parse.ts';
import { encodeProof } from '#src/statement/payload.ts';
import { compilePolicy, type EnrolledKey, type Policy, type PolicyDocument } from '#src/statement/policy.ts';
import type { RuntimeProof } from '#src/statement/proof.ts';
import { seedSigner } from '../support/seed-signer.ts';
import { ISSUER, ORIGIN, ownStatement, people, policyDocumentOf } from '../support/world.ts';

const signer = (n: number): Signer => seedSigner('ed25519', new Uint8Array(32).fill(n));
const [OWNER, OTHER_OWNER, NODE, SECOND] = [signer(101), signer(102), signer(103), signer(104)];
const NOW = 1_800_000_000;
const DAY = 86_400;
const SUBJECT = 'prod/eu1/nodes/ip-1';
const COMMITMENT = 'ab'.repeat(32);

const enrolled = (key: Signer, change: Partial<EnrolledKey> = {}): EnrolledKey => ({
  key: key.publicKey,
  name: 'cluster owner',
  roles: ['delegator'],
  subjects: ['prod/eu1/**'],
  ...change,
});
function policyOf(keys: readonly EnrolledKey[], change: Partial<PolicyDocument> = {}): Policy {
  return compilePolicy(policyDocumentOf({ ...change, keys: [...policyDocumentOf().keys, ...keys] }));
}
const POLICY = policyOf([
  enrolled(OWNER),
  enrolled(OTHER_OWNER, { name: 'other', subjects: ['prod/eu2/**'] }),
]);

function delegating(change: Partial<Delegating> = {}): Delegating {
  return {
    key: NODE.publicKey,
    node: 'ip-1',
    subjects: [SUBJECT],
    notBefore: NOW - DAY,
    notAfter: NOW + DAY,
    log: ORIGIN,
    issuer: ISSUER,
    ...change,
  };
}
const made = (change: Partial<Delegating> = {}, by = OWNER): Promise<Delegation> =>
  signDelegation(delegating(change), by);

interface Said {
  readonly by?: Signer;
  readonly subject?: string;
  readonly window?: RuntimeProof['window'];
  readonly delegation?: Delegation;
  readonly issuer?: string;
}

async function proofOf({
  by = NODE,
  subject = SUBJECT,
  window,
  delegation,
  issuer = issuerOf(undefined, by.publicKey),
}: Said): Promise<Uint8Array> {
  const payload = encodeProof({
    commitment: digest(parseHex(COMMITMENT)),
    agent: { name: 'node agent', version: '0' },
    seq: 0,
    challenge: { origin: ORIGIN, size: 1, root: digest(new Uint8Array(32)), nonce: new Uint8Array(16) },
    window: window ?? { start: NOW, end: NOW },
    results: [],
    cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
    nextDue: (window ?? { end: NOW }).end + 3_600,
    delegation: delegation ?? (await made()),
  });
  return ownStatement('proof', subject, payload, by, { issuer, confirm: true });
}

const facts = (author: Signer, subject = SUBJECT) => ({
  ...NO_FACTS,
  commitments: new Map([
    [entryId(COMMITMENT), { kind: 'commitment', kid: kidOf(author.publicKey), subject } as const],
  ]),
});

/** What the log, with a time, and a replay, without one, make of a proof. */
async function codes(
  said: Said | Uint8Array,
  policy = POLICY,
  { time = NOW, author = people.author, subject = SUBJECT } = {},
): Promise<readonly [log: string, replay: string]> {
  const bytes = said instanceof Uint8Array ? said : await proofOf(said);
  const rules = { origin: ORIGIN, inForce: { policy, index: 0, id: entryId('00'.repeat(32)), entry: bytes } };
  const one = (at: number | undefined): string => {
    try {
      const parsed = parseStatement(bytes);
      assertSigned(rules, parsed, verifyWithNoble);
      admit(rules, parsed, facts(author, subject), at);
      return 'admitted';
    } catch (error) {
      if (error instanceof Refusal) return error.code;
      throw error;
    }
  };
  return [one(time), one(undefined)];
}
const both = (code: string): readonly [string, string] => [code, code];

t.test('a node proves by a delegation, and its key alone does not', async (t) => {
  t.same(await codes({}), both('admitted'));
  for (const issuer of [ISSUER, 'ip-1', issuerOf(undefined, OWNER.publicKey)])
    t.same(await codes({ issuer }), both('policy-rejected'), 'it signs as itself, and as nobody else');
  t.same(await codes({ delegation: await made({ subjects: ['prod/*/nodes/ip-1'] }) }), both('admitted'));
  const bare = await ownStatement(
    'proof',
    SUBJECT,
    encodeCbor(
      new Map(
        [...(decodeCbor(parseStatement(await proofOf({})).statement.payload) as CborMap)].filter(
          ([name]) => name !== 'delegation',
        ),
      ),
    ),
    NODE,
    { confirm: true },
  );
  t.same(await codes(bare), both('unknown-key'));
  const parsed = parseStatement(await proofOf({}));
  t.equal(kidOf(signerKey(POLICY, parsed)), kidOf(NODE.publicKey));
});

t.test('times: expired, not yet valid, clocks that differ, late delivery', async (t) => {
  const at = (time: number, window = { start: NOW, end: NOW }) => codes({ window }, POLICY, { time });
  t.same(
    await at(NOW + DAY + LATE_DELIVERY),
    both('admitted'),
    'made in time, and the log was away for a day',
  );
  t.same(await at(NOW + DAY + LATE_DELIVERY + 1), ['policy-rejected', 'admitted']);
  t.same(await at(NOW - DAY - 300), both('admitted'), "the log's clock is five minutes behind");
  t.same(await at(NOW - DAY - 301), ['policy-rejected', 'admitted']);
  const end = NOW + DAY;
  t.same(await at(end, { start: end, end }), both('admitted'));
  t.same(await at(end, { start: end, end: end + 1 }), both('policy-rejected'), 'it goes on after the end');
  t.same(await at(NOW, { start: NOW - DAY - 1, end: NOW }), both('policy-rejected'), 'it began before');
});

t.test('bounds: a month, its own node, no self, no other form', async (t) => {
  const refused = async (change: Partial<Delegating>, message: RegExp, by = OWNER): Promise<void> =>
    void (await t.rejects(made(change, by), { name: 'Refusal', message }));
  await refused({ notAfter: NOW - DAY + MAX_DELEGATION + 1 }, /at most 31 days/);
  await refused({ notAfter: NOW - DAY }, /later than notBefore/);
  await refused({ subjects: ['prod/eu1/nodes/ip-2'] }, /must end in \/ip-1/);
  await refused({ subjects: ['prod/eu1/nodes/*'] }, /must end in/);
  await refused({ subjects: ['prod/**'] }, /must end in/);
  await refused({ subjects: ['prod/eu1/nodes/xip-1'] }, /must end in/);
  await refused({ subjects: [SUBJECT, SUBJECT] }, /occurs twice/);
  await refused({ node: 'ip/1', subjects: ['prod/ip/1'] }, /name/);
  await refused({ node: '*', subjects: ['prod/*'] }, /name/);
  await refused({}, /itself/, NODE);
});

t.test('another node, subject, delegator, log, key', async (t) => {
  t.same(
    await codes({ subject: 'prod/eu1/nodes/ip-2' }, POLICY, { subject: 'prod/eu1/nodes/ip-2' }),
    both('subject-not-allowed'),
  );
  t.same(await codes({ by: SECOND }), both('unknown-key'), "another node sends the first one's");
  const wide = { subjects: ['**/ip-1'] };
  const there = 'prod/eu2/nodes/ip-1';
  t.same(
    await codes({ subject: there, delegation: await made(wide) }, POLICY, { subject: there }),
    both('subject-not-allowed'),
    'the delegator itself may not write there',
  );
  t.same(await codes({ delegation: await made({}, OTHER_OWNER) }), both('subject-not-allowed'));
  t.same(await codes({ delegation: await made({ log: 'other.example/log' }) }), both('wrong-audience'));
  t.same(await codes({ delegation: await made({}, people.stranger) }), both('unknown-key'));
  const asOther = policyOf([enrolled(OWNER, { issuer: 'https://owner.example' })]);
  t.same(await codes({}, asOther), both('policy-rejected'), 'its issuer is another');
});

t.test('only the role delegator delegates, and it does nothing else', async (t) => {
  for (const role of ['admin', 'author', 'approver', 'agent', 'monitor', 'submitter'] as const)
    t.same(await codes({}, policyOf([enrolled(OWNER, { roles: [role] })])), both('wrong-role'), role);
  const { delegation: _, ...own } = (
    parseStatement(await proofOf({})) as { proof: RuntimeProof } & { kind: string }
  ).proof;
  const direct = await ownStatement('proof', SUBJECT, encodeProof(own), OWNER);
  t.same(await codes(direct), both('wrong-role'), 'a delegator does not prove');
});

t.test('a chain of two: a delegated key cannot delegate', async (t) => {
  const second = await made({ key: SECOND.publicKey }, NODE);
  t.same(await codes({ by: SECOND, delegation: second }), both('unknown-key'));
});

t.test('forged: every byte of a delegation, and the parts of two put together', async (t) => {
  const { bytes, statement } = await made();
  const other = await made({ notAfter: NOW + 2 * DAY });
  const mixed = encodeSign1({
    ...statement.sign1,
    payload: other.statement.payload,
    unprotected: NO_HEADERS,
  });
  t.same(await codes({ delegation: parseDelegation(mixed) }), both('bad-signature'));
  let admitted = 0;
  for (let i = 0; i < bytes.length; i++) {
    const changed = Uint8Array.from(bytes);
    changed[i] = (changed[i] ?? 0) ^ 1;
    try {
      const [log] = await codes({ delegation: parseDelegation(changed) });
      if (log === 'admitted') admitted += 1;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
  }
  t.equal(admitted, 0);
  const statementOfOwner = await signStatement(
    { issuer: ISSUER, subject: 'ip-1', contentType: 'text/plain', claims: new Map([[CLAIM.aud, ORIGIN]]) },
    statement.payload,
    OWNER,
  );
  t.throws(() => parseDelegation(statementOfOwner), /content type/, 'another message of the same key');
  t.throws(() => parseStatement(bytes), /does not know that content type/, 'and a delegation is no entry');
});

t.test('revoked: the delegator, or the key of one node', async (t) => {
  const gone = (key: Signer) =>
    policyOf(
      [OWNER, OTHER_OWNER].filter((each) => each !== key).map((each) => enrolled(each)),
      {
        revoked: [{ kid: digest(parseHex(kidOf(key.publicKey))), since: 3 }],
      },
    );
  t.same(await codes({}, gone(OWNER)), both('unknown-key'));
  t.same(await codes({}, gone(NODE)), both('unknown-key'));
  t.same(await codes({}, gone(SECOND)), both('admitted'));
  const past = policyOf([enrolled(OWNER, { notAfter: NOW - 1 })]);
  t.same(await codes({}, past), ['policy-rejected', 'admitted'], 'the delegator is no longer valid');
});

t.test('an author does not prove its own commitment by way of a node', async (t) => {
  t.same(await codes({}, POLICY, { author: OWNER }), both('own-commitment'));
  t.same(await codes({}, POLICY, { author: NODE }), both('own-commitment'));
});

t.test('a key that is enrolled itself, and an open log', async (t) => {
  const twice = policyOf([enrolled(OWNER), enrolled(NODE, { roles: ['agent'] })]);
  t.same(await codes({}, twice), both('policy-rejected'));
  const open = { open: true } as const;
  t.same(await codes({}, policyOf([enrolled(OWNER)], open)), both('admitted'));
  t.same(
    await codes({}, policyOf([], open)),
    both('unknown-key'),
    'readers would name a delegator that is none',
  );
  t.same(
    await codes({ subject: 'x/ip-1' }, policyOf([enrolled(OWNER)], open), { subject: 'x/ip-1' }),
    both('subject-not-allowed'),
  );
});

t.test('what a delegator can make keys of counts for the delegator', async (t) => {
  const limited = policyOf([enrolled(OWNER, { maxStatements: 2 })]);
  const inForce = { policy: limited, index: 0, id: entryId('00'.repeat(32)), entry: new Uint8Array() };
  const first = parseStatement(await proofOf({}));
  const second = parseStatement(
    await proofOf({ by: SECOND, delegation: await made({ key: SECOND.publicKey }) }),
  );
  const keys = [first, second].map((each) => [...countsAfter(each, inForce, new Map()).keys()]);
  t.same(keys[0], keys[1], 'one count, whichever node speaks');
  t.match(keys[0]?.[0], kidOf(OWNER.publicKey));
});

t.test('10,000 nodes: each delegation is checked once, whatever it is sent with', async (t) => {
  let checks = 0;
  const counting: typeof verifyWithNoble = (...args) => {
    checks += 1;
    return verifyWithNoble(...args);
  };
  const rules = { origin: ORIGIN, inForce: { policy: POLICY } };
  const fresh = await made({ notAfter: NOW + DAY + 7 });
  const proofs = await Promise.all(
    [0, 1, 2].map(async (i) =>
      parseStatement(await proofOf({ window: { start: NOW + i, end: NOW + i }, delegation: fresh })),
    ),
  );
  for (const parsed of proofs) assertSigned(rules, parsed, counting);
  t.equal(checks, 4, 'three proofs and one delegation');
  t.ok(fresh.bytes.length < 500, `a proof is longer by ${fresh.bytes.length} bytes`);
});
