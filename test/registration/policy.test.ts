/** Registration policy and admission: patterns, roles, chains, and every refusal with its code. */
import fc from 'fast-check';
import t from 'tap';
import { digest, entryId, type Digest } from '#src/bytes/brand.ts';
import { decodeCbor, encodeCbor, type CborMap, type CborValue } from '#src/bytes/cbor.ts';
import { isRefusalCode, Refusal, type RefusalCode } from '#src/bytes/refusal.ts';
import { keyThumbprint } from '#src/cose/key.ts';
import { CLAIM } from '#src/cose/labels.ts';
import { signStatement, verifyStatement } from '#src/cose/statement.ts';
import { attachReceipts } from '#src/cose/transparent.ts';
import { verifyWithNoble } from '#src/sign/algorithm.ts';
import {
  admit,
  assertSigned,
  chainKey,
  needs,
  signerKey,
  type Admission,
  type Facts,
} from '#src/registration/admit.ts';
import { orderKey } from '#src/registration/order.ts';
import type { Rules } from '#src/registration/rules.ts';
import { parseStatement, type ParsedStatement } from '#src/statement/parse.ts';
import { matcher, pattern } from '#src/statement/pattern.ts';
import {
  encodeApproval,
  encodeCommitment,
  encodeNotice,
  encodePolicy,
  encodeProof,
} from '#src/statement/payload.ts';
import {
  assertStrongPolicy,
  compilePolicy,
  policyDocument,
  type Policy,
  type PolicyDocument,
} from '#src/statement/policy.ts';
import {
  declaration,
  exampleLog,
  hashOf,
  kidOf,
  NOW,
  ORIGIN,
  policy,
  signAs,
  signers,
  SUBJECT,
  type Example,
} from '../support/statement-examples.ts';
import { seedSigner } from '../support/seed-signer.ts';

function refusalOf(run: () => unknown): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** The log so far, as facts: what a store or a monitor's index would answer. */
class Replay implements Facts {
  readonly commitments = new Map<string, ParsedStatement>();
  readonly chains = new Map<string, { seq: number; id: ReturnType<typeof entryId> }>();
  readonly add = (example: Example, admission: Admission): void => {
    this.commitments.set(example.id, example.parsed);
    if (admission.chain !== undefined) {
      this.chains.set(admission.chain.key, { seq: admission.chain.seq, id: entryId(example.id) });
    }
  };
}

const closed = compilePolicy(policy);
const open = compilePolicy({ ...policy, open: true });
const [genesis, commitment, approval, proof, notice, waiver, deployment] = await exampleLog();
const BEFORE_ALL: Rules = { origin: ORIGIN, inForce: undefined };
/** What an entry is judged by when a policy is in force. */
const under = (inForce: Policy): Rules => ({
  origin: ORIGIN,
  inForce: { policy: inForce, index: 0, id: entryId(genesis.id), entry: genesis.bytes },
});
const idOf = (example: Example): Digest => digest(Uint8Array.fromHex(example.id));
const stranger = seedSigner('ed25519', hashOf('tallystick example: stranger'));

/** An example's payload, signed by another. */
const resigned = (
  example: Example,
  signer: (typeof signers)['author'],
  subject = SUBJECT,
): Promise<Example> => signAs('author', example.kind, example.parsed.statement.payload, { signer, subject });

/** Facts after the example's first entries, without the proof. */
function beforeProof(): Replay {
  const facts = new Replay();
  for (const each of [genesis, commitment, approval])
    facts.add(each, each.kind === 'commitment' ? { chain: { key: orderKey(SUBJECT), seq: 0 } } : {});
  return facts;
}

t.test('the example log is admitted, entry by entry', async (t) => {
  const facts = new Replay();
  assertSigned(BEFORE_ALL, genesis.parsed);
  const first = admit(BEFORE_ALL, genesis.parsed, facts, NOW).policy ?? never();
  facts.add(genesis, {});
  for (const each of [commitment, approval, proof, notice, waiver, deployment]) {
    verifyStatement(each.parsed.statement, signerKey(first, each.parsed), verifyWithNoble);
    const admission = admit(under(first), each.parsed, facts, NOW);
    t.same(
      admission.chain,
      each.kind === 'proof'
        ? { key: chainKey(proof.parsed.kid, SUBJECT), seq: 0 }
        : each.kind === 'commitment'
          ? { key: orderKey(SUBJECT), seq: 0 }
          : undefined,
    );
    t.equal(admission.policy, undefined);
    facts.add(each, admission);
    t.same(each.parsed.entry, each.bytes, 'without unprotected header, the entry is the statement');
  }
  t.same(needs(genesis.parsed), { commitments: [], chains: [], counts: [] });
  t.same(needs(commitment.parsed), { commitments: [], chains: [orderKey(SUBJECT)], counts: [] });
  t.same(needs(approval.parsed), { commitments: [commitment.id], chains: [orderKey(SUBJECT)], counts: [] });
  t.same(needs(proof.parsed), {
    commitments: [commitment.id],
    chains: [`${kidOf('agent').toHex()} ${SUBJECT}`],
    counts: [],
  });
  t.same(needs(notice.parsed), { commitments: [], chains: [], counts: [] });
  for (const each of [waiver, deployment])
    t.same(needs(each.parsed), { commitments: [commitment.id], chains: [], counts: [] });
});

t.test('parsing a statement', async (t) => {
  const receipts = attachReceipts(commitment.bytes, [commitment.bytes]);
  t.not(receipts.length, commitment.bytes.length);
  t.same(parseStatement(receipts).entry, commitment.bytes, 'unprotected headers are left behind');

  const payload = encodeApproval({ commitment: idOf(commitment) });
  const headers = { issuer: 'https://a.example', contentType: 'application/vnd.tallystick.approval.v1+cbor' };
  const sign = async (more: object): Promise<Uint8Array> =>
    signStatement(
      { ...headers, subject: SUBJECT, ...more, claims: new Map([[CLAIM.iat, NOW]]) },
      payload,
      signers.approver,
    );
  for (const subject of ['', 'x'.repeat(1025), 'é'.repeat(513), 'a\nb', '\u001b[2J', '\u0085']) {
    const bytes = await sign({ subject });
    t.match(
      refusalOf(() => parseStatement(bytes)),
      { code: 'malformed-statement', message: /the subject \(sub\)/ },
    );
  }
  t.equal(parseStatement(await sign({ subject: 'é'.repeat(512) })).subject.length, 512);
  const escape = await sign({ issuer: 'a\u0007' });
  t.match(
    refusalOf(() => parseStatement(escape)),
    { code: 'malformed-statement', message: /the issuer \(iss\)/ },
  );
  const future = await sign({ contentType: 'application/vnd.tallystick.approval.v2+cbor' });
  t.match(
    refusalOf(() => parseStatement(future)),
    { code: 'malformed-statement', message: /does not know that content type/ },
  );
  const wrongPayload = await sign({ contentType: 'application/vnd.tallystick.notice.v1+cbor' });
  t.match(
    refusalOf(() => parseStatement(wrongPayload)),
    { code: 'malformed-payload', message: /^topic: the field is missing/ },
  );
  const loose = await signStatement(
    { ...headers, subject: SUBJECT },
    Uint8Array.of(0xa1, 0x78, 0x01, 0x61, 0x01),
    signers.approver,
  );
  t.match(
    refusalOf(() => parseStatement(loose)),
    { code: 'non-deterministic' },
  );
  const other = await sign({ contentType: 'application/json' });
  t.equal(parseStatement(other).kind, 'other');
  const envelope = await signStatement(
    { issuer: 'a', subject: 'b', hashEnvelope: {} },
    hashOf('x'),
    signers.approver,
  );
  t.equal(parseStatement(envelope).kind, 'other');
});

t.test('which key must have signed', async (t) => {
  t.equal(signerKey(closed, proof.parsed), closed.keys.get(proof.parsed.kid)?.enrolled.key);
  const unknown = (await signAs('agent', 'notice', notice.parsed.statement.payload, { signer: stranger }))
    .parsed;
  t.match(
    refusalOf(() => signerKey(closed, unknown)),
    { code: 'unknown-key', message: /ask an admin of log.example\/config/ },
  );
  t.match(
    refusalOf(() => signerKey(open, unknown)),
    { code: 'confirmation-missing' },
  );
  const confirmed = (
    await signAs('agent', 'notice', notice.parsed.statement.payload, { signer: stranger, confirm: true })
  ).parsed;
  t.same(signerKey(open, confirmed), stranger.publicKey);
  t.same(signerKey(open, proof.parsed), signers.agent.publicKey, 'an enrolled key needs no cnf');
  t.match(
    refusalOf(() => signerKey(closed, confirmed)),
    { code: 'unknown-key' },
  );

  const swapped: ParsedStatement = { ...confirmed, kid: kidOf('receipt').toHex() };
  t.match(
    refusalOf(() => signerKey(open, swapped)),
    { code: 'unknown-key', message: /not the thumbprint/ },
  );
  // The neutral element: every verifier could be brought to say yes.
  const weak = {
    algorithm: 'ed25519',
    bytes: Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0)),
  } as const;
  const weakly: ParsedStatement = {
    ...confirmed,
    statement: { ...confirmed.statement, confirmation: weak },
    kid: keyThumbprint(weak).toHex(),
  };
  t.match(
    refusalOf(() => signerKey(open, weakly)),
    { code: 'weak-key' },
  );

  const revoked = compilePolicy({
    ...policy,
    open: true,
    keys: policy.keys.filter((key) => key.name !== 'agent 1'),
    revoked: [{ kid: kidOf('agent'), since: 3, reason: 'laptop stolen' }],
  });
  t.match(
    refusalOf(() => signerKey(revoked, proof.parsed)),
    { code: 'unknown-key', message: /was revoked/ },
  );
  const takeover = (
    await signAs('admin', 'policy', encodePolicy(policy), {
      subject: ORIGIN,
      signer: stranger,
      confirm: true,
    })
  ).parsed;
  t.match(
    refusalOf(() => signerKey(open, takeover)),
    { code: 'unknown-key' },
    'an open log is not anybody’s to change',
  );
});

const grant = (who: string, more: Partial<PolicyDocument['keys'][number]>): Partial<PolicyDocument> => ({
  keys: policy.keys.map((key) => (key.name === who ? { ...key, ...more } : key)),
});
const approve = async (id: Digest, more: object = {}): Promise<ParsedStatement> =>
  (await signAs('approver', 'approval', encodeApproval({ commitment: id }), more)).parsed;
const commit = async (payload: Uint8Array, more: object = {}): Promise<ParsedStatement> =>
  (await signAs('author', 'commitment', payload, more)).parsed;
const supersede = (id: Digest): Uint8Array => encodeCommitment({ ...declaration, supersedes: id });

t.test('each refusal of admission', async (t) => {
  const facts = beforeProof();
  const refuses = (
    code: RefusalCode,
    parsed: ParsedStatement,
    message: RegExp,
    change: Partial<PolicyDocument> = {},
    time = NOW,
  ): void => {
    const refusal = refusalOf(() =>
      admit(under(compilePolicy({ ...policy, ...change })), parsed, facts, time),
    );
    t.match(refusal, { code, message }, `${code}: ${refusal.message}`);
    t.match(refusal.message, /[;:] /, 'it says what to do');
    t.ok(isRefusalCode(refusal.code), refusal.code);
  };

  refuses('limit-exceeded', proof.parsed, /has \d+ bytes and this log takes 200/, {
    limits: { entryBytes: 200 },
  });
  refuses(
    'limit-exceeded',
    proof.parsed,
    /the key of agent 1 takes 800/,
    grant('agent 1', { maxBytes: 800 }),
  );
  refuses('unknown-key', proof.parsed, /is not enrolled/, {
    keys: policy.keys.filter((key) => key.name !== 'agent 1'),
  });
  refuses('policy-rejected', proof.parsed, /not yet valid/, grant('agent 1', { notBefore: NOW + 1 }));
  refuses('policy-rejected', proof.parsed, /no longer valid/, grant('agent 1', { notAfter: NOW - 1 }));
  t.doesNotThrow(() =>
    admit(
      under(compilePolicy({ ...policy, ...grant('agent 1', { notBefore: NOW, notAfter: NOW + 1 }) })),
      proof.parsed,
      facts,
      NOW,
    ),
  );
  refuses(
    'wrong-role',
    proof.parsed,
    /a proof needs the role agent; the key of agent 1 has monitor, author/,
    grant('agent 1', { roles: ['monitor', 'author'] }),
  );
  refuses(
    'subject-not-allowed',
    proof.parsed,
    /only write about test\/\*\*, a/,
    grant('agent 1', { subjects: ['test/**', 'a'] }),
  );
  refuses('policy-rejected', proof.parsed, /signs as https:\/\/b/, grant('agent 1', { issuer: 'https://b' }));
  t.doesNotThrow(() =>
    admit(
      under(compilePolicy({ ...policy, ...grant('agent 1', { issuer: 'https://agent.example' }) })),
      proof.parsed,
      facts,
      NOW,
    ),
  );

  refuses('policy-rejected', commitment.parsed, /at least 2 approvals/, { approvals: 2 });
  t.doesNotThrow(() =>
    admit(under(compilePolicy({ ...policy, approvals: 1 })), commitment.parsed, new Replay(), NOW),
  );

  // What a statement refers to.
  refuses('unknown-commitment', await approve(hashOf('nothing')), /is not in this log/);
  refuses('unknown-commitment', await approve(idOf(approval)), /is of kind approval/);
  refuses(
    'subject-mismatch',
    await approve(idOf(commitment), { subject: 'prod/x' }),
    /is about "prod\/payments\/db"/,
  );
  refuses(
    'own-commitment',
    await approve(idOf(commitment), { signer: signers.author }),
    /cannot approve it/,
    grant('payments CI', { roles: ['author', 'approver'] }),
  );
  const proved = proof.parsed.kind === 'proof' ? proof.parsed.proof : undefined;
  if (proved === undefined) throw new Error('the example proof is none');
  const prove = async (change: object, more: object = {}): Promise<ParsedStatement> =>
    (await signAs('agent', 'proof', encodeProof({ ...proved, ...change }), more)).parsed;
  refuses('unknown-commitment', await prove({ commitment: hashOf('nothing') }), /log the commitment first/);
  refuses('subject-mismatch', await prove({}, { subject: 'prod/other/db' }), /set the subject/);
  const own = await prove({}, { signer: signers.author });
  const both = grant('payments CI', { roles: ['author', 'agent'] });
  refuses('own-commitment', own, /cannot prove it/, both);
  t.same(admit(under(compilePolicy({ ...policy, ...both, selfProof: true })), own, facts, NOW).chain, {
    key: chainKey(own.kid, SUBJECT),
    seq: 0,
  });
  const selfApproved = await approve(idOf(commitment), { signer: signers.author });
  refuses('own-commitment', selfApproved, /approve/, {
    ...grant('payments CI', { roles: ['author', 'approver'] }),
    selfProof: true,
  });

  // Waivers are a second person's, deployments an author's; both are about a commitment in the log.
  refuses('wrong-role', (await resigned(waiver, signers.author)).parsed, /needs the role approver/);
  refuses('own-commitment', (await resigned(waiver, signers.author)).parsed, /cannot waive it/, {
    ...grant('payments CI', { roles: ['author', 'approver'] }),
    selfProof: true,
  });
  refuses('wrong-role', (await resigned(deployment, signers.approver)).parsed, /needs the role author/);
  for (const each of [waiver, deployment]) {
    const signer = each === waiver ? signers.approver : signers.author;
    t.throws(
      () => admit(under(closed), each.parsed, new Replay(), NOW),
      { code: 'unknown-commitment' },
      each.kind,
    );
    const elsewhere = await resigned(each, signer, 'prod/payments/other');
    refuses('subject-mismatch', elsewhere.parsed, /is about "prod\/payments\/db"/);
  }

  // Superseding and withdrawing.
  t.same(needs(await commit(supersede(idOf(commitment)))).commitments, [commitment.id]);
  const chain = { key: orderKey(SUBJECT), seq: 1 };
  t.same(admit(under(closed), await commit(supersede(idOf(commitment))), facts, NOW), { chain });
  refuses('unknown-commitment', await commit(supersede(idOf(genesis))), /is of kind policy/);
  refuses(
    'subject-mismatch',
    await commit(supersede(idOf(commitment)), { subject: 'prod/payments/x' }),
    /about "prod\/payments\/db"/,
  );
  const withdraws = idOf(commitment);
  const withdraw = await commit(encodeCommitment({ withdraws, supersedes: withdraws }));
  t.same(
    admit(under(compilePolicy({ ...policy, approvals: 3 })), withdraw, facts, NOW),
    { chain },
    'what a declaration must ask for, a withdrawal need not: what it needs, the one in force says',
  );
  refuses('superseded-meanwhile', await commit(encodeCommitment({ withdraws })), /the newest is entry/);
  refuses(
    'superseded-meanwhile',
    await commit(encodeCommitment(declaration)),
    /names the newest in supersedes/,
  );
  refuses(
    'unknown-commitment',
    await commit(encodeCommitment({ withdraws: hashOf('x') })),
    /not in this log/,
  );
});

t.test('chains of proofs', async (t) => {
  const facts = beforeProof();
  if (proof.parsed.kind !== 'proof') throw new Error('the example proof is none');
  const base = proof.parsed.proof;
  const next = async (change: object, more: object = {}): Promise<Example> =>
    signAs('agent', 'proof', encodeProof({ ...base, ...change }), more);
  const broken = (example: Example, message: RegExp): void => {
    t.match(
      refusalOf(() => admit(under(closed), example.parsed, facts, NOW)),
      { code: 'chain-broken', message },
    );
  };
  broken(await next({ seq: 1, prev: idOf(proof) }), /has seq 0 and no prev/);
  facts.add(proof, admit(under(closed), proof.parsed, facts, NOW));
  const expected = new RegExp(`has seq 1 and prev ${proof.id}; continue there`);
  broken(await next({ window: { start: 1, end: 2 } }), expected);
  broken(await next({ seq: 2, prev: idOf(proof) }), expected);
  broken(await next({ seq: 1, prev: idOf(commitment) }), expected);
  const second = await next({ seq: 1, prev: idOf(proof) });
  facts.add(second, admit(under(closed), second.parsed, facts, NOW));
  broken(await next({ seq: 1, prev: idOf(proof), nextDue: NOW + 9999 }), /has seq 2/);
  const heartbeat = encodeProof({
    commitment: base.commitment,
    agent: base.agent,
    challenge: base.challenge,
    window: base.window,
    cost: base.cost,
    nextDue: base.nextDue,
    results: [],
    seq: 2,
    prev: idOf(second),
  });
  t.equal(admit(under(closed), (await signAs('agent', 'proof', heartbeat)).parsed, facts, NOW).chain?.seq, 2);
  // Another agent has a chain of its own; in an open log too, where nobody is enrolled.
  const other = await next({}, { signer: stranger, confirm: true });
  t.same(admit(under(open), other.parsed, facts, NOW).chain, {
    key: chainKey(other.parsed.kid, SUBJECT),
    seq: 0,
  });
});

t.test('an open log skips roles and subjects, and nothing else', async (t) => {
  const facts = beforeProof();
  const anyone = { signer: stranger, confirm: true };
  const free = await signAs('author', 'commitment', encodeCommitment(declaration), {
    ...anyone,
    subject: 'anything at all',
  });
  t.same(admit(under(open), free.parsed, facts, NOW), {
    chain: { key: orderKey('anything at all'), seq: 0 },
  });
  facts.add(free, {});
  const own = await signAs('approver', 'approval', encodeApproval({ commitment: idOf(free) }), {
    ...anyone,
    subject: 'anything at all',
  });
  t.match(
    refusalOf(() => admit(under(open), own.parsed, facts, NOW)),
    { code: 'own-commitment' },
  );
  const lost = await signAs('approver', 'approval', encodeApproval({ commitment: hashOf('x') }), anyone);
  t.match(
    refusalOf(() => admit(under(open), lost.parsed, facts, NOW)),
    { code: 'unknown-commitment' },
  );
  const loud = compilePolicy({
    ...policy,
    open: true,
    limits: { entryBytes: 1024 },
    keys: policy.keys.map((key) => ({ ...key, notAfter: 5 })),
  });
  t.same(
    admit(under(loud), approval.parsed, facts, NOW),
    {},
    'an enrolled key is no worse off than a stranger',
  );
  const long = await signAs(
    'monitor',
    'notice',
    encodeNotice(
      notice.parsed.kind === 'notice' && notice.parsed.notice.topic === 'stale'
        ? { ...notice.parsed.notice, reason: 'x'.repeat(1024) }
        : never(),
    ),
    anyone,
  );
  t.match(
    refusalOf(() => admit(under(loud), long.parsed, facts, NOW)),
    { code: 'limit-exceeded' },
  );
  const change = await signAs('agent', 'policy', encodePolicy({ ...policy, ...RE, open: true }), {
    subject: ORIGIN,
  });
  t.match(
    refusalOf(() => admit(under(open), change.parsed, facts, NOW)),
    { code: 'wrong-role' },
  );
});

function never(): never {
  throw new Error('unreachable');
}

const RE: Partial<PolicyDocument> = { replaces: idOf(genesis) };
/** A policy that may follow the first one. */
const changed = async (document: Partial<PolicyDocument>, more: object = {}): Promise<ParsedStatement> =>
  (
    await signAs('admin', 'policy', encodePolicy({ ...policy, ...RE, ...document }), {
      subject: ORIGIN,
      ...more,
    })
  ).parsed;
/** One that may be the first. */
const firstly = async (document: Partial<PolicyDocument>, more: object = {}): Promise<ParsedStatement> =>
  (await signAs('admin', 'policy', encodePolicy({ ...policy, ...document }), { subject: ORIGIN, ...more }))
    .parsed;

t.test('changing the policy', async (t) => {
  const facts = beforeProof();
  const refuses = (parsed: ParsedStatement, code: RefusalCode, message: RegExp): void => {
    t.match(
      refusalOf(() => admit(under(closed), parsed, facts, NOW)),
      { code, message },
    );
  };
  const next = admit(under(closed), await changed({ selfProof: true }), facts, NOW).policy;
  t.equal(next?.document.selfProof, true, 'the new policy applies from here on');
  const elsewhere = {
    origin: 'other.example',
    log: { ...policy.log, vkeys: ['other.example+00000000+AAAA'] },
  };
  refuses(await changed(elsewhere), 'policy-rejected', /this log is log.example\/config/);
  refuses(await changed({}, { subject: SUBJECT }), 'policy-rejected', /its subject \(sub\)/);
  refuses(await changed({ keys: policy.keys.slice(1) }), 'policy-rejected', /no key would be left/);
  refuses(
    await changed({ keys: policy.keys.map((key) => ({ ...key, notAfter: NOW - 1 })) }),
    'policy-rejected',
    /no key could change the policy now/,
  );
  refuses(await changed({}, { signer: signers.author }), 'wrong-role', /a policy needs the role admin/);
  refuses(await changed({}, { signer: stranger }), 'unknown-key', /is not enrolled/);

  const first = (parsed: ParsedStatement): Refusal =>
    refusalOf(() => {
      assertSigned(BEFORE_ALL, parsed);
      admit(BEFORE_ALL, parsed, facts, NOW);
    });
  t.match(first(commitment.parsed), { code: 'policy-rejected', message: /first entry/ });
  t.match(first(await firstly({}, { signer: stranger })), { code: 'unknown-key' });
  t.match(first(await firstly({}, { signer: signers.agent })), { code: 'wrong-role' });
  t.match(first(await firstly({}, { subject: SUBJECT })), { code: 'policy-rejected' });
  t.match(first(await firstly({ open: true }, { signer: stranger, confirm: true })), { code: 'unknown-key' });

  // Keys that verifiers could disagree on; only those that are new cost a check.
  const weak = {
    algorithm: 'ed25519',
    bytes: Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0)),
  } as const;
  const weakKeys = [...policy.keys, { key: weak, name: 'weak', roles: ['agent'], subjects: ['**'] } as const];
  const weakened = await changed({ keys: weakKeys });
  t.match(first(await firstly({ keys: weakKeys })), { code: 'weak-key' });
  const admitted = admit(under(closed), weakened, facts, NOW).policy ?? never();
  t.match(
    refusalOf(() => assertStrongPolicy(admitted, closed)),
    { code: 'weak-key' },
  );
  t.doesNotThrow(() => assertStrongPolicy(admitted, admitted));
  const renumbered = policy.log.vkeys.map((vkey) => vkey.replace(/\+[0-9a-f]{8}\+/, '+00000000+'));
  const forged = await firstly({ log: { ...policy.log, vkeys: renumbered } });
  t.match(first(forged), { code: 'malformed-key' });
});

t.test('a policy document that contradicts itself', async (t) => {
  const encoded = decodeCbor(encodePolicy(policy)) as CborMap;
  const keys = encoded.get('keys') as readonly CborMap[];
  const withKey = (fields: Record<string, CborValue>): CborMap =>
    new Map([...(keys[0] ?? new Map()), ...Object.entries(fields)]);
  const parse = (fields: Record<string, CborValue>): Refusal =>
    refusalOf(() => policyDocument.parse(new Map([...encoded, ...Object.entries(fields)]), ''));
  const key = keys[0]?.get('key') as Uint8Array;
  const members = decodeCbor(key) as CborMap;
  const spelled = (change: [number, CborValue][]): Uint8Array => encodeCbor(new Map([...members, ...change]));
  const bare = encodeCbor(new Map([...members].filter(([label]) => label !== 2)));
  const cases: [Record<string, CborValue>, RegExp][] = [
    [{ keys: [...keys, keys[0] ?? null] }, /^keys\[5\]: "[0-9a-f]{40}…" occurs twice/],
    [{ keys: [withKey({ roles: ['admin', 'admin'] })] }, /^keys\[0\].roles\[1\]: "admin" occurs twice/],
    [{ keys: [withKey({ roles: ['root'] })] }, /^keys\[0\].roles\[0\]: expected one of admin, author/],
    [{ keys: [withKey({ roles: [] })] }, /^keys\[0\].roles: expected 1 to 7 items/],
    [{ keys: [withKey({ subjects: ['**', '**'] })] }, /^keys\[0\].subjects\[1\]: "\*\*" occurs twice/],
    [{ keys: [withKey({ subjects: ['a?'] })] }, /^keys\[0\].subjects\[0\]: expected a pattern/],
    [{ keys: [withKey({ notBefore: 5, notAfter: 5 })] }, /^keys\[0\].notAfter: it must be later/],
    [{ keys: [withKey({ key: 'text' })] }, /^keys\[0\].key: expected COSE_Key bytes, got "text"/],
    [{ keys: [withKey({ key: key.subarray(1) })] }, /^keys\[0\].key: /],
    [{ keys: [withKey({ key: bare })] }, /^keys\[0\].key: expected the COSE_Key with its thumbprint as kid/],
    [{ keys: [withKey({ key: spelled([[4, [1]]]) })] }, /^keys\[0\].key: expected the COSE_Key with/],
    [{ keys: [withKey({ key: spelled([[2, hashOf('x')]]) })] }, /^keys\[0\].key: expected the COSE_Key with/],
    [
      {
        revoked: [
          new Map<string, CborValue>([
            ['kid', kidOf('admin')],
            ['since', 0],
          ]),
        ],
      },
      /^revoked\[0\].kid: the key is still enrolled/,
    ],
    [
      {
        log: new Map<string, CborValue>([
          ['vkeys', ['other+00000000+AAAA']],
          ['receiptKeys', [key]],
        ]),
      },
      /^log.vkeys\[0\]: expected a vkey named/,
    ],
    [
      {
        log: new Map<string, CborValue>([
          ['vkeys', [`${ORIGIN}+0`, `${ORIGIN}+0`]],
          ['receiptKeys', [key]],
        ]),
      },
      /^log.vkeys\[1\]: .* occurs twice/,
    ],
    [
      {
        log: new Map<string, CborValue>([
          ['vkeys', [`${ORIGIN}+0`]],
          ['receiptKeys', [key, key]],
        ]),
      },
      /^log.receiptKeys\[1\]: .* occurs twice/,
    ],
    [{ version: 2 }, /the payload: the field "version" is unknown|version/],
    [{ entry: 'mine' }, /^entry: expected one of entry = d2 84/],
    [
      { limits: new Map([['entryBytes', 70_000]]) },
      /^limits.entryBytes: expected an integer from 1024 to 65535/,
    ],
    [{ origin: 'has space' }, /^origin: expected a log's origin/],
  ];
  for (const [fields, message] of cases) t.match(parse(fields), { code: 'malformed-payload', message });
  t.match(parse({ keys: Array.from({ length: 1025 }, () => keys[0] ?? null) }), {
    message: /^keys: expected 0 to 1024 items/,
  });
});

t.test('subject patterns', async (t) => {
  const yes = [
    ['a', 'a'],
    ['*', 'a'],
    ['*', ''],
    ['**', 'a/b/c'],
    ['prod/*/db', 'prod/payments/db'],
    ['prod/**', 'prod/a/b'],
    ['prod/**/db', 'prod/a/b/db'],
    ['*-*', 'a-b-c'],
    ['**.tf', 'x/y.tf'],
    ['urn:x:*', 'urn:x:y'],
    ['💧*', '💧x'],
  ] as const;
  const no = [
    ['a', 'ab'],
    ['a', ''],
    ['*', 'a/b'],
    ['prod/*/db', 'prod/a/b/db'],
    ['prod/**', 'prod'],
    ['prod/**', 'xprod/a'],
    ['a.c', 'abc'],
    ['**/db', 'db'],
  ] as const;
  for (const [p, s] of yes) t.ok(matcher(p)(s), `${p} matches ${s}`);
  for (const [p, s] of no) t.notOk(matcher(p)(s), `${p} does not match ${s}`);
  for (const bad of ['', 'a?', 'a[b]', '{a,b}', 'a\\*', '***', 'a\n', 'x'.repeat(257)]) {
    t.equal(refusalOf(() => pattern.parse(bad, 'p')).code, 'malformed-payload', JSON.stringify(bad));
  }

  const letters = fc.constantFrom('a', 'b', '/', '*', '**');
  const patterns = fc
    .array(letters, { minLength: 1, maxLength: 9 })
    .map((parts) => parts.join('').replaceAll(/\*{3,}/g, '**'));
  const subjects = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 9 }).map((parts) => parts.join(''));
  let matched = 0;
  fc.assert(
    fc.property(patterns, subjects, (p, s) => {
      const expected = slowMatch(p, s);
      if (expected) matched++;
      if (matcher(p)(s) !== expected) throw new Error(`${p} on ${s}: expected ${expected}`);
    }),
    { numRuns: 5000, seed: 4 },
  );
  t.ok(matched > 500, `${matched} of 5000 random pairs match, all agree with the slow reference`);

  // Backtracking matchers need longer than anyone lives for these.
  t.notOk(matcher('*a'.repeat(128))('a'.repeat(1023) + 'b'));
  t.notOk(matcher('**a'.repeat(85))('a'.repeat(1023) + 'b'));
  t.notOk(matcher('**/*a'.repeat(51))('/a'.repeat(511) + 'b'));
});

/** The definition, tried every way. */
function slowMatch(p: string, s: string): boolean {
  if (p === '') return s === '';
  if (!p.startsWith('*')) return s !== '' && p[0] === s[0] && slowMatch(p.slice(1), s.slice(1));
  const deep = p.startsWith('**');
  const rest = p.slice(deep ? 2 : 1);
  for (let taken = 0; taken <= s.length; taken++) {
    if (!deep && s.slice(0, taken).includes('/')) break;
    if (slowMatch(rest, s.slice(taken))) return true;
  }
  return false;
}
