/** Where claims stand, from the log alone: what fails, what goes stale, and what is not to be believed (src/appraisal). */
import t from 'tap';
import { historyOf, type SubjectEntry } from '../../src/appraisal/history.ts';
import type { AppraisalContext } from '../../src/appraisal/reports.ts';
import { appraise, type ClaimStatus } from '../../src/appraisal/appraise.ts';
import { verdictText } from '../../src/appraisal/subject.ts';
import type { Weighed } from '../../src/evidence/weigh.ts';
import type { Signer } from '../../src/sign/signer.ts';
import { keyThumbprint } from '../../src/cose/key.ts';
import { digest } from '../../src/bytes/brand.ts';
import type { Declaration } from '../../src/statement/commitment.ts';
import type { StatementKind } from '../../src/statement/kinds.ts';
import {
  encodeApproval,
  encodeCommitment,
  encodeDeployment,
  encodeProof,
  encodeWaiver,
} from '../../src/statement/payload.ts';
import type { RuntimeProof } from '../../src/statement/proof.ts';
import { declaration, hashOf, NOW, ORIGIN, signAs, signers } from '../support/statement-examples.ts';
import { seedSigner } from '../support/seed-signer.ts';

const HOUR = 3600;
const ROOT = hashOf('a root');

/** A log of one subject that grows entry by entry, `at` seconds after NOW. */
class Story {
  readonly entries: SubjectEntry[] = [];

  async add(
    kind: Exclude<StatementKind, 'other'>,
    payload: Uint8Array,
    signer: Signer,
    at: number,
  ): Promise<SubjectEntry> {
    const { id, parsed } = await signAs('author', kind, payload, { signer });
    const entry = { index: 10 + this.entries.length, id, time: NOW + at, parsed };
    this.entries.push(entry);
    return entry;
  }

  commit(at: number, change: Partial<Declaration> = {}, signer = signers.author): Promise<SubjectEntry> {
    const { approvals: _, ...plain } = declaration;
    return this.add('commitment', encodeCommitment({ ...plain, ...change }), signer, at);
  }

  approve(commitment: SubjectEntry, at: number, signer: Signer = signers.approver): Promise<SubjectEntry> {
    return this.add('approval', encodeApproval({ commitment: idOf(commitment) }), signer, at);
  }

  /** A proof of `tls-min`, seen in the second before it is logged. */
  prove(
    commitment: SubjectEntry,
    at: number,
    result: Partial<RuntimeProof['results'][number]> = {},
    change: Partial<RuntimeProof> = {},
    signer: Signer = signers.agent,
  ): Promise<SubjectEntry> {
    const proof: RuntimeProof = {
      commitment: idOf(commitment),
      agent: { name: 'agent 1', version: '0.1.0' },
      seq: 0,
      challenge: { origin: ORIGIN, size: 9, root: ROOT, nonce: new Uint8Array(16) },
      window: { start: NOW + at - 1, end: NOW + at },
      population: { source: 'tls', total: 0, sampled: 0, method: 'all' },
      observations: { alg: 'rfc6962-sha256-salted', count: 0, root: hashOf('') },
      coverage: { declared: 2, compared: 1, excluded: 0 },
      results: [{ claim: 'tls-min', verdict: 'PROVEN', evidence: 'E1', ...result }],
      cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
      nextDue: NOW + at + HOUR,
      ...change,
    };
    return this.add('proof', encodeProof(proof), signer, at);
  }

  at(seconds: number, reader: Partial<AppraisalContext> = {}): ClaimStatus {
    const [standing] = appraise(historyOf(this.entries), {
      now: NOW + seconds,
      origin: ORIGIN,
      wasHead: (size, root) => size === 9 && digest(root).toHex() === ROOT.toHex(),
      outgrownAt: () => NOW,
      revokedSince: () => undefined,
      ...reader,
    });
    if (standing === undefined) throw new Error('no claim');
    return standing;
  }
}

const idOf = ({ id }: SubjectEntry): ReturnType<typeof digest> => digest(Uint8Array.fromHex(id));
const agentNo = (n: number): Signer => seedSigner('ed25519', hashOf(`agent ${n}`));
const violated = { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' } as const;

t.test('from silence to silence', async (t) => {
  const story = new Story();
  const commitment = await story.commit(0);
  t.match(story.at(10), { verdict: 'UNKNOWN', explain: 'no proof yet', due: NOW + 2 * HOUR });
  t.match(story.at(2 * HOUR + 1), { verdict: 'STALE', explain: 'no proof came in time' });
  const proof = await story.prove(commitment, 100);
  t.match(story.at(160), { verdict: 'PROVEN', evidence: 'E1', age: 60, proof: { id: proof.id } });
  t.equal(story.at(100 + 2 * HOUR).verdict, 'PROVEN', 'one miss is allowed (grace 1)');
  t.match(story.at(101 + 2 * HOUR), {
    verdict: 'STALE',
    explain: 'the last proof said PROVEN; the next one did not come',
  });
  await story.prove(commitment, 3 * HOUR, violated);
  t.match(story.at(3 * HOUR + 5), { verdict: 'VIOLATED', explain: 'TLS 1.2 was accepted' });
  t.equal(story.at(9 * HOUR).verdict, 'STALE', 'an old violation is no news either');
});

t.test('approvals', async (t) => {
  const story = new Story();
  const commitment = await story.commit(0, { approvals: 2 });
  await story.approve(commitment, 1);
  await story.approve(commitment, 2);
  await story.approve(commitment, 3, signers.author);
  await story.prove(commitment, 50);
  t.match(
    story.at(60),
    { verdict: 'UNKNOWN', explain: 'the commitment lacks 1 approvals' },
    'one key, and not the author',
  );
  t.equal(historyOf(story.entries).inForce, undefined);
  await story.approve(commitment, 70, signers.admin);
  t.equal(story.at(80).verdict, 'PROVEN');
  const next = await story.commit(100, { approvals: 2, supersedes: idOf(commitment), environment: 'next' });
  t.equal(
    historyOf(story.entries).inForce?.entry.id,
    commitment.id,
    'a successor that lacks approvals ends nothing',
  );
  t.equal(historyOf(story.entries).pending?.entry.id, next.id);
  await story.approve(next, 110);
  await story.approve(next, 120, signers.admin);
  t.equal(historyOf(story.entries).inForce?.entry.id, next.id);
  t.match(
    story.at(130),
    { verdict: 'UNKNOWN', explain: 'no proof yet' },
    'a proof of what it replaced counts no more',
  );
  const taking = await story.add(
    'commitment',
    encodeCommitment({ withdraws: idOf(next) }),
    signers.author,
    140,
  );
  t.match(
    historyOf(story.entries),
    { inForce: { entry: { id: next.id } }, withdrawing: { needed: 2, entry: { id: taking.id } } },
    'one author does not take back what two approved',
  );
  await story.approve(taking, 150);
  await story.approve(taking, 160, signers.admin);
  t.equal(historyOf(story.entries).inForce, undefined, 'withdrawn');
});

t.test('a deployment starts the deadline', async (t) => {
  const story = new Story();
  const commitment = await story.commit(0);
  await story.prove(commitment, 100);
  const deploy = { commitment: idOf(commitment), deployed: NOW + 1000 };
  await story.add('deployment', encodeDeployment(deploy), signers.author, 1010);
  t.match(story.at(1100), { verdict: 'PROVEN', due: NOW + 1300 });
  t.equal(story.at(1301).verdict, 'STALE', 'what was proven before the deployment answers nothing');
  await story.prove(commitment, 1200);
  t.match(story.at(1301), { verdict: 'PROVEN', due: NOW + 1200 + 2 * HOUR });
});

t.test('waivers', async (t) => {
  const story = new Story();
  const commitment = await story.commit(0);
  const waiver = {
    commitment: idOf(commitment),
    claims: ['tls-min'],
    owner: 'Alice',
    reason: 'old terminal',
  };
  await story.add('waiver', encodeWaiver({ ...waiver, notAfter: NOW + 500 }), signers.approver, 10);
  await story.prove(commitment, 20, violated);
  t.match(story.at(30), {
    verdict: 'WAIVED',
    hidden: 'VIOLATED',
    explain: /^until \d{4}-.*Z, Alice answers for it: old terminal$/,
  });
  t.match(
    story.at(501),
    { verdict: 'VIOLATED', hidden: undefined },
    'an expired waiver waives and hides nothing',
  );
  await story.prove(commitment, 40);
  t.equal(story.at(50).verdict, 'PROVEN', 'what is proven needs no waiver');
  await story.prove(commitment, 60, violated);
  await story.add('waiver', encodeWaiver({ ...waiver, notAfter: NOW + 1 }), signers.approver, 70);
  t.equal(story.at(80).verdict, 'VIOLATED', 'a later one that is past ends it');
});

t.test('proofs that show nothing: replayed, relabelled, back-dated, of another log', async (t) => {
  const lies: Record<string, Partial<RuntimeProof>> = {
    'of another log': {
      challenge: { origin: 'other.example', size: 9, root: ROOT, nonce: new Uint8Array(16) },
    },
    'did not exist yet': { challenge: { origin: ORIGIN, size: 99, root: ROOT, nonce: new Uint8Array(16) } },
    'never had': {
      challenge: { origin: ORIGIN, size: 9, root: hashOf('made up'), nonce: new Uint8Array(16) },
    },
    'clock of the agent': { window: { start: NOW, end: NOW + 5 * HOUR }, nextDue: NOW + 6 * HOUR },
  };
  for (const [why, lie] of Object.entries(lies)) {
    const story = new Story();
    await story.prove(await story.commit(0), 100, {}, lie);
    t.match(story.at(200), { verdict: 'UNKNOWN', explain: new RegExp(why) }, why);
  }
  const story = new Story();
  const first = await story.commit(0);
  const other = await story.commit(1, { environment: 'other', supersedes: idOf(first) });
  await story.prove(first, 100);
  t.equal(story.at(200).verdict, 'UNKNOWN', 'a proof of another commitment is none of this one');
  await story.prove(other, 300, {}, { window: { start: NOW, end: NOW + 1 } });
  t.match(
    story.at(400),
    { verdict: 'PROVEN', age: 399 },
    'an old observation is as old as it says, however late it comes',
  );
  const kid = keyThumbprint(signers.agent.publicKey).toHex();
  t.match(story.at(400, { revokedSince: (each) => (each === kid ? 13 : undefined) }), { verdict: 'REVOKED' });
  t.equal(story.at(400, { revokedSince: () => 14 }).verdict, 'PROVEN', 'from that index on, not before');
});

t.test('back-dated declarations and deployments', async (t) => {
  const story = new Story();
  const old = await story.commit(0);
  await story.prove(old, 10, violated);
  const clean = await story.commit(5 * HOUR, {
    supersedes: idOf(old),
    validity: { notBefore: NOW },
    environment: 'always-so',
  });
  t.match(
    story.at(5 * HOUR + 1),
    { verdict: 'UNKNOWN', explain: 'no proof yet', due: NOW + 7 * HOUR },
    'a declaration counts from when it was logged, whatever it says',
  );
  await story.prove(clean, 5 * HOUR + 10);
  const future = { commitment: idOf(clean), deployed: NOW + 50 * HOUR };
  await story.add('deployment', encodeDeployment(future), signers.author, 5 * HOUR + 20);
  t.match(story.at(5 * HOUR + 30), { due: NOW + 5 * HOUR + 320 }, 'nobody deploys later than it was logged');
});

t.test('several agents', async (t) => {
  const kids = [1, 2, 3].map((n) => digest(keyThumbprint(agentNo(n).publicKey)));
  const story = new Story();
  const [claim] = declaration.claims;
  if (claim === undefined) throw new Error('the example has a claim');
  const commitment = await story.commit(0, {
    attestors: { threshold: 2, kids },
    claims: [{ ...claim, minEvidence: 'E2' }],
  });
  await story.prove(commitment, 10);
  t.match(
    story.at(20),
    { verdict: 'UNKNOWN', explain: 'no proof yet' },
    'an agent that is not named does not count',
  );
  await story.prove(commitment, 30, {}, {}, agentNo(1));
  t.match(story.at(40), { verdict: 'UNKNOWN', explain: '1 of 2 agents have proven it' });
  await story.prove(commitment, 50, {}, {}, agentNo(2));
  t.match(story.at(60), { verdict: 'PROVEN', evidence: 'E2' });
  const alone = new Story();
  const single = await alone.commit(0, { claims: [{ ...claim, minEvidence: 'E2' }] });
  await alone.prove(single, 10, { evidence: 'E2' });
  t.match(
    alone.at(20),
    { verdict: 'UNKNOWN', evidence: 'E1', explain: /known at class E1; .*E2 on the agent's word alone/ },
    'one agent is not several',
  );
  await story.prove(commitment, 70, violated, {}, agentNo(3));
  t.equal(story.at(80).verdict, 'VIOLATED', 'one that saw it otherwise is enough');
});

t.test('silence is told agent by agent', async (t) => {
  const kids = [1, 2].map((n) => digest(keyThumbprint(agentNo(n).publicKey)));
  const [claim] = declaration.claims;
  if (claim === undefined) throw new Error('the example has a claim');
  const attested = { attestors: { threshold: 2, kids }, claims: [{ ...claim, minEvidence: 'E2' }] } as const;
  const YEAR = 365 * 24 * HOUR;

  const story = new Story();
  const commitment = await story.commit(0, attested);
  await story.prove(commitment, 10, {}, {}, agentNo(1));
  t.match(story.at(20), { verdict: 'UNKNOWN', explain: '1 of 2 agents have proven it', due: NOW + 2 * HOUR });
  t.match(
    story.at(10 + 2 * HOUR),
    { verdict: 'STALE', explain: '1 of 2 agents spoke in time' },
    'one that never spoke',
  );
  await story.prove(commitment, 30, {}, {}, agentNo(2));
  t.match(story.at(40), { verdict: 'PROVEN', evidence: 'E2', due: NOW + 10 + 2 * HOUR });
  await story.prove(commitment, YEAR, {}, {}, agentNo(2));
  t.match(
    story.at(YEAR + 10),
    { verdict: 'STALE', explain: '1 of 2 agents spoke in time', due: NOW + 10 + 2 * HOUR },
    'one that fell silent, while the other goes on',
  );
  await story.prove(commitment, YEAR + 20, violated, {}, agentNo(2));
  t.equal(story.at(YEAR + 30).verdict, 'VIOLATED', 'and silence hides nothing that the other sees');

  const deserted = new Story();
  const declared = await deserted.commit(0, attested);
  await deserted.prove(declared, 10, {}, {}, agentNo(1));
  await deserted.prove(declared, 20, {}, {}, agentNo(2));
  await deserted.prove(declared, YEAR);
  t.match(deserted.at(YEAR + 10), { verdict: 'STALE', due: NOW + 10 + 2 * HOUR }, 'no stand-in counts');
  const deployed = await story.commit(YEAR + 100, attested);
  await story.prove(deployed, YEAR + 110, {}, {}, agentNo(1));
  await story.prove(deployed, YEAR + 120, {}, {}, agentNo(2));
  const deploy = { commitment: idOf(deployed), deployed: NOW + YEAR + 200 };
  await story.add('deployment', encodeDeployment(deploy), signers.author, YEAR + 200);
  await story.prove(deployed, YEAR + 250);
  await story.prove(deployed, YEAR + 260, {}, {}, agentNo(1));
  t.match(story.at(YEAR + 300), { verdict: 'PROVEN', due: NOW + YEAR + 500 });
  t.equal(story.at(YEAR + 501).verdict, 'STALE', 'a deployment is answered by as many as are asked for');

  const handed = new Story();
  const over = await handed.commit(0);
  await handed.prove(over, 10, violated, {}, agentNo(1));
  await handed.prove(over, HOUR, {}, {}, agentNo(2));
  t.equal(handed.at(HOUR + 5).verdict, 'VIOLATED', 'the worst of those that spoke in time');
  t.match(
    handed.at(11 + 2 * HOUR),
    { verdict: 'PROVEN', evidence: 'E1' },
    'an agent that is gone says no more',
  );
  await handed.prove(over, 3 * HOUR, { evidence: 'E0' }, {}, agentNo(1));
  await handed.prove(over, 3 * HOUR + 1, {}, {}, agentNo(2));
  t.match(handed.at(3 * HOUR + 5), { evidence: 'E1' }, 'what an API said is no second pair of eyes');
});

t.test("a revoked agent's proof: the target's signature stands, and nothing is green", async (t) => {
  const story = new Story();
  const commitment = await story.commit(0);
  const attached = { attachments: [{ mediaType: 'application/x-tls', data: new Uint8Array(4) }] };
  const kid = keyThumbprint(signers.agent.publicKey).toHex();
  const revokedSince = (each: string): number | undefined => (each === kid ? 0 : undefined);
  const checked = (): Weighed => ({ fault: undefined, unchecked: undefined });
  const look = (weighed: () => Weighed): ClaimStatus => story.at(20, { revokedSince, weighed });
  await story.prove(commitment, 10, { evidence: 'E3', attachments: [0] }, attached);
  const standing = look(checked);
  t.match(standing, {
    verdict: 'REVOKED',
    stands: true,
    evidence: 'E3',
    explain:
      /^the key that signed the proof is revoked; it said PROVEN, and the signature of the target in it stands \(E3\)$/,
  });
  t.equal(verdictText(standing), "REVOKED (target's signature stands)");
  t.match(
    look(() => ({ fault: 'signed by another key', unchecked: undefined })),
    { verdict: 'REVOKED', stands: false },
  );
  const unchecked = look(() => ({ fault: undefined, unchecked: 'no identity' }));
  t.match(unchecked, { verdict: 'REVOKED', stands: false, evidence: 'E1' });
  t.equal(verdictText(unchecked), 'REVOKED');
  t.equal(story.at(20, { weighed: checked }).stands, false, 'nothing stands alone that is not revoked');
  t.equal(story.at(20, { weighed: checked }).verdict, 'PROVEN');
  await story.prove(commitment, 15, { evidence: 'E1' });
  t.match(look(checked), { verdict: 'REVOKED', stands: false }, "the agent's own word does not stand");
});
