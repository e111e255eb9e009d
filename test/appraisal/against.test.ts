/**
 * `kubernetes@1` and `net@1` together: bytes of a target that the declared policies deny, while the API serves these policies as
 * declared, are CONTRADICTED; without the second they are VIOLATED. Whatever is tried here, nothing becomes green.
 */
import t, { type Test } from 'tap';
import { againstJson } from '#src/appraisal/json.ts';
import { appraiseSubject } from '#src/appraisal/subject.ts';
import { assembleProof, type Run } from '#src/claim/assemble.ts';
import type { Observed, Unobserved } from '#src/claim/observed.ts';
import type { ValueMap } from '#src/claim/value.ts';
import { checkAgainst } from '#src/commit/checkagainst.ts';
import { parseClaims } from '#src/declare/claims.ts';
import type { Digest } from '#src/bytes/brand.ts';
import type { Signer } from '#src/sign/signer.ts';
import type { Claim } from '#src/statement/commitment.ts';
import type { EnrolledKey } from '#src/statement/policy.ts';
import { encodeProof } from '#src/statement/payload.ts';
import type { RuntimeProof } from '#src/statement/proof.ts';
import { seedSigner } from '../support/seed-signer.ts';
import { hashOf, HOUR, SeeWorld, SUBJECT } from '../support/see-world.ts';
import { agentTwo } from '../support/past-story.ts';
import { nextPolicyStatement, people, policyDocumentOf } from '../support/world.ts';

const FILE = `
tier: critical-path
claims:
  - { pack: network-policies-settled, cadence: 15m, params: { target: 'https://10.0.0.10:6443' } }
  - pack: network-policy-denied
    cadence: 15m
    against: network-policies-settled
    params: { target: '10.0.0.7:5432', fromPod: shop/app=guest, toPod: shop/app=db, control: 22, controlAnswer: ssh }
`;
const { claims } = parseClaims(FILE);
const [K, N] = claims as [Claim, Claim];

const seen = (value: ValueMap, more: Partial<Observed> = {}): Observed => ({
  value,
  grades: [],
  attachments: [],
  contradictions: [],
  population: { source: 'x', total: 1, sampled: 1, method: 'all' },
  bytes: 1,
  ...more,
});
const AS_DECLARED = { differing: [], missing: [], deleted: [], extra: [], undeclared: [], whole: true };
const apiGood = seen({ ...AS_DECLARED, settled: true }, { grades: [{ path: '', evidence: 'E0' }] });
const apiFresh = seen(AS_DECLARED, { withheld: [{ path: '/settled', reason: 'it was written lately' }] });
const apiBad = seen({ ...AS_DECLARED, settled: true, deleted: ['/np'] });
const away: Unobserved = { code: 'unavailable', message: 'the API is away' };
const reached = seen({ allowed: false, reachable: true, outcome: 'answered' });
const open = seen({ allowed: true, reachable: true, outcome: 'answered' });
const denied = seen({ allowed: false, reachable: false, outcome: 'silence' });
const unsure = seen(
  { allowed: false, reachable: false, outcome: 'silence' },
  { unproven: [{ path: '/reachable', reason: 'no control' }] },
);

class Both extends SeeWorld {
  /** Logs a proof of what was seen, as an agent makes it. */
  look(
    commitment: Digest,
    runs: readonly (readonly [Claim, Observed | Unobserved])[],
    change: Partial<RuntimeProof> = {},
    by: Signer = people.agent,
    subject = SUBJECT,
  ): Promise<Digest> {
    const frame = { ...this.frame(commitment, by), ...change };
    const made: readonly Run[] = runs.map(([claim, each]) => ({ claims: [claim], seen: each }));
    const { proof } = assembleProof(frame, made, { leaves: 1, excluded: 0 }, hashOf('salt'));
    return this.say('proof', encodeProof(proof), by, subject);
  }

  async status(subject = SUBJECT) {
    const snapshot = await this.client().snapshot();
    return appraiseSubject(await snapshot.subject(subject), snapshot.context);
  }

  async told(): Promise<string> {
    const { claims: all } = await this.status();
    return all
      .map(({ verdict, hidden }) => (hidden === undefined ? verdict : `${verdict}(${hidden})`))
      .join(' ');
  }
}

async function world(t: Test): Promise<readonly [Both, Digest]> {
  const made = await Both.start(t);
  const commitment = await made.commit({ claims });
  made.now += 1;
  return [made, commitment];
}

t.test('bytes came, and the API serves the policies: CONTRADICTED, and both entries are named', async (t) => {
  const [w, commitment] = await world(t);
  await w.look(commitment, [[N, reached]]);
  t.equal(await w.told(), 'UNKNOWN VIOLATED', 'nobody looked at the API');
  w.now += 60;
  await w.look(commitment, [[K, apiGood]]);
  t.equal(await w.told(), 'PROVEN CONTRADICTED');
  const [, n] = (await w.status()).claims;
  const last = w.log.entries.length - 1;
  t.equal(n?.proof?.index, last - 1);
  t.equal(n?.against?.index, last);
  t.match(n?.explain, new RegExp(`entry ${last - 1} shows bytes .* entry ${last} that the API`));
  t.match(againstJson(n ?? {}), { against: { index: last } });
  t.equal(n?.evidence, 'E1', 'it is what the look at the network is worth');
});

t.test('both in one proof', async (t) => {
  const [w, commitment] = await world(t);
  await w.look(commitment, [
    [K, apiGood],
    [N, reached],
  ]);
  t.equal(await w.told(), 'PROVEN CONTRADICTED');
});

t.test('what another agent of this log saw counts as well', async (t) => {
  const [w, commitment] = await world(t);
  const two: EnrolledKey = { key: agentTwo.publicKey, name: 'agent two', roles: ['agent'], subjects: ['**'] };
  const [first = new Uint8Array()] = w.log.entries;
  w.log1(await nextPolicyStatement(first, { keys: [...policyDocumentOf().keys, two] }));
  await w.look(commitment, [[N, reached]]);
  await w.look(commitment, [[K, apiGood]], {}, agentTwo);
  t.equal(await w.told(), 'PROVEN CONTRADICTED');
});

const late = (seconds: number) => (w: Both) => void (w.now += seconds);
/** What is logged after the commitment, and what the two claims come to. */
const CASES: readonly (readonly [
  what: string,
  steps: readonly ((w: Both, commitment: Digest) => unknown)[],
  says: string,
])[] = [
  [
    'the API was looked at before, and not since',
    [(w, c) => w.look(c, [[K, apiGood]]), late(60), (w, c) => w.look(c, [[N, reached]])],
    'PROVEN VIOLATED',
  ],
  [
    'the API was looked at later, by a challenge of before',
    [
      (w, c) => w.look(c, [[N, reached]]),
      (w, c) => {
        const { size, root } = w.log.head(w.log.entries.length - 1);
        const nonce = new Uint8Array(16);
        return w.look(c, [[K, apiGood]], {
          challenge: { origin: w.frame(c).challenge.origin, size, root, nonce },
        });
      },
    ],
    'PROVEN VIOLATED',
  ],
  [
    'the API was looked at too long after it',
    [(w, c) => w.look(c, [[N, reached]]), late(1_801), (w, c) => w.look(c, [[K, apiGood]])],
    'PROVEN STALE',
  ],
  [
    'the policies were written lately',
    [(w, c) => w.look(c, [[N, reached]]), (w, c) => w.look(c, [[K, apiFresh]])],
    'UNKNOWN VIOLATED',
  ],
  [
    'the API does not serve the policies',
    [(w, c) => w.look(c, [[N, reached]]), (w, c) => w.look(c, [[K, apiBad]])],
    'VIOLATED VIOLATED',
  ],
  [
    'the API is away',
    [(w, c) => w.look(c, [[N, reached]]), (w, c) => w.look(c, [[K, away]])],
    'UNKNOWN VIOLATED',
  ],
  [
    'the policies allow it: the claim is wrong, and no source contradicts another',
    [(w, c) => w.look(c, [[N, open]]), (w, c) => w.look(c, [[K, apiGood]])],
    'PROVEN VIOLATED',
  ],
  [
    'denied, with the control',
    [(w, c) => w.look(c, [[N, denied]]), (w, c) => w.look(c, [[K, apiGood]])],
    'PROVEN PROVEN',
  ],
  [
    'silence without a control',
    [(w, c) => w.look(c, [[N, unsure]]), (w, c) => w.look(c, [[K, apiGood]])],
    'PROVEN UNKNOWN',
  ],
  [
    'the proof of the API is of a tree that the log never had',
    [
      (w, c) => w.look(c, [[N, reached]]),
      (w, c) =>
        w.look(c, [[K, apiGood]], { challenge: { ...w.frame(c).challenge, root: hashOf('no such root') } }),
    ],
    'UNKNOWN VIOLATED',
  ],
  [
    'the claim about the API is waived: what a waiver hides is no proof',
    [
      (w, c) => w.look(c, [[N, reached]]),
      (w, c) => w.look(c, [[K, apiBad]]),
      (w, c) => w.waive(c, { claims: [K.id] }),
    ],
    'WAIVED(VIOLATED) VIOLATED',
  ],
  [
    'the claim about the network is waived: it stays waived, and says what it hides',
    [
      (w, c) => w.look(c, [[N, reached]]),
      (w, c) => w.look(c, [[K, apiGood]]),
      (w, c) => w.waive(c, { claims: [N.id] }),
    ],
    'PROVEN WAIVED(CONTRADICTED)',
  ],
  [
    'it is denied again: the contradiction is over',
    [
      (w, c) => w.look(c, [[N, reached]]),
      (w, c) => w.look(c, [[K, apiGood]]),
      late(60),
      (w, c) => w.look(c, [[N, denied]]),
    ],
    'PROVEN PROVEN',
  ],
  [
    'the look at the API is of an earlier commitment',
    [
      (w, c) => w.look(c, [[N, reached]]),
      (w, c) => w.look(c, [[K, apiGood]]),
      async (w) => {
        const next = await w.commit({ claims });
        w.now += 1;
        await w.look(next, [[N, reached]]);
      },
    ],
    'UNKNOWN VIOLATED',
  ],
];
for (const [what, steps, says] of CASES)
  t.test(what, async (t) => {
    const [w, commitment] = await world(t);
    for (const step of steps) await step(w, commitment);
    t.equal(await w.told(), says);
  });

t.test('a look at the API of another subject says nothing of this one', async (t) => {
  const [w, commitment] = await world(t);
  await w.look(commitment, [[N, reached]]);
  const other = await w.commit({ claims }, 'db/other');
  const prev = { seq: 0 };
  const { prev: _, ...frame } = w.frame(other);
  const { proof } = assembleProof(
    { ...frame, ...prev },
    [{ claims: [K], seen: apiGood }],
    { leaves: 1, excluded: 0 },
    hashOf('salt'),
  );
  await w.say('proof', encodeProof(proof), people.agent, 'db/other');
  t.equal(await w.told(), 'UNKNOWN VIOLATED');
});

t.test(
  'an agent that says CONTRADICTED itself, or VIOLATED and shows nothing, is believed no more than before',
  async (t) => {
    const [w, commitment] = await world(t);
    await w.prove(commitment, { claim: N.id, verdict: 'VIOLATED', explain: 'on my word' });
    await w.look(commitment, [[K, apiGood]]);
    t.equal(await w.told(), 'PROVEN VIOLATED', 'no leaf shows that bytes came');
  },
);

t.test('history tells the same of the time in which it was so', async (t) => {
  const [w, commitment] = await world(t);
  await w.look(commitment, [[N, reached]]);
  w.now += 60;
  await w.look(commitment, [[K, apiGood]]);
  w.now += 60;
  await w.look(commitment, [[N, denied]]);
  w.now += 60;
  const { knownHistory } = await import('#src/appraisal/past/known.ts');
  const { readPast } = await import('#src/client/past/read.ts');
  const snapshot = await w.client().snapshot();
  const period = { since: w.now - HOUR, until: w.now };
  const past = await readPast(snapshot, SUBJECT, period, { slots: false });
  const of = knownHistory(past, period).claims.find(({ claim }) => claim === N.id);
  const failed = (of?.spans ?? []).filter(({ kind }) => kind === 'failed').map(({ verdict }) => verdict);
  t.ok(
    failed.includes('CONTRADICTED'),
    JSON.stringify(of?.spans.map(({ kind, verdict }) => [kind, verdict])),
  );
});

t.test('what is refused before it is signed', (t) => {
  const fault = (text: string): string => {
    try {
      checkAgainst(parseClaims(text));
      return 'taken';
    } catch (error) {
      return error instanceof Error ? error.message : 'else';
    }
  };
  const of = (from: string, to: string): string => fault(FILE.replace(from, to));
  t.equal(fault(FILE), 'taken');
  t.match(of('against: network-policies-settled', 'against: other'), /another claim of this file/);
  t.match(of('against: network-policies-settled', 'against: policy-denies'), /another claim of this file/);
  t.match(of('pack: network-policy-denied', 'pack: network-policy-enforced'), /pack network-policy-denied/);
  t.match(of('pack: network-policies-settled', 'pack: network-policies-as-declared'), /another claim/);
  t.match(of('cadence: 15m, params: {', 'cadence: 16m, params: {'), /settle: 3840 /);
  t.end();
});

t.test('a signed commitment whose claims are against each other is refused by everybody', async (t) => {
  const made = await Both.start(t);
  const refused = (each: readonly Claim[]) =>
    t.throws(() => void made.commit({ claims: each }), { code: 'malformed-payload' });
  refused([{ ...K, against: N.id }, N]);
  refused([{ ...N, against: 'gone' }]);
  refused([{ ...N, against: N.id }]);
});

/** Claims of other programs that no `commit` of this one takes: their looks say nothing of what an API serves. */
const OTHERS: readonly (readonly [string, Partial<Claim>])[] = [
  ['of another probe', { probe: 'files@1', expr: 'o.files.whole' }],
  [
    'of another probe, with the names of the API',
    { probe: 'files@1', expr: K.expr.replaceAll('kubernetes', 'files') },
  ],
  [
    'that need not be settled',
    { expr: K.expr.replace('o.kubernetes.settled', '(o.kubernetes.settled || true)') },
  ],
  [
    'that names it in a text',
    { expr: K.expr.replace('o.kubernetes.settled', '"o.kubernetes.settled" != ""') },
  ],
  ['that compares nothing', { expr: 'o.kubernetes.settled' }],
  ['that may be looked at too seldom', { cadence: 2 * K.cadence }],
];
for (const [what, change] of OTHERS)
  t.test(`a claim ${what}: commit refuses it, and readers say VIOLATED`, async (t) => {
    const other = { ...K, ...change };
    const w = await Both.start(t);
    const commitment = await w.commit({ claims: [other, N] });
    w.now += 1;
    await w.look(commitment, [[N, reached]]);
    await w.look(commitment, [[other, apiGood]]);
    t.equal(await w.told(), 'PROVEN VIOLATED');
    t.throws(() => checkAgainst({ claims: [other, N] }), { code: 'malformed-payload' });
  });

t.test('an agent whose key nobody enrolled', async (t) => {
  const [w, commitment] = await world(t);
  await w.look(commitment, [[N, reached]]);
  await w.look(commitment, [[K, apiGood]], {}, seedSigner('ed25519', new Uint8Array(32).fill(9)));
  await t.rejects(w.told(), /key|enrol/, 'a log that admits it is caught');
});
