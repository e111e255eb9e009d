/**
 * One rule of what is in force and when a proof is due: readers, monitors and agents come to the same answer on every
 * history (src/appraisal). Histories are made up entry by entry; nothing in them is signed, since none of the three looks.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { agendaOf, nextDueOf, type Situation } from '../../src/agent/schedule.ts';
import { Seeds } from '../../src/agent/seeds.ts';
import type { ProvenAt } from '../../src/agent/spool.ts';
import { appraise } from '../../src/appraisal/appraise.ts';
import { claimDue, nextDue } from '../../src/appraisal/due.ts';
import { historyOf, type History, type SubjectEntry } from '../../src/appraisal/history.ts';
import { basisOf, newestReports, type AppraisalContext } from '../../src/appraisal/reports.ts';
import { DueProofs, type Due } from '../../src/monitor/due-proofs.ts';
import type { StoredSubjectDue } from '../../src/monitor/subject-due.ts';
import { isPast } from '../../src/monitor/missed-proofs.ts';
import { digest, entryId } from '../../src/bytes/brand.ts';
import type { Claim, Commitment } from '../../src/statement/commitment.ts';
import { compilePolicy } from '../../src/statement/policy.ts';
import type { ParsedStatement } from '../../src/statement/parse.ts';
import {
  encodeApproval,
  encodeCommitment,
  encodeDeployment,
  encodePolicy,
  encodeProof,
  encodeWaiver,
} from '../../src/statement/payload.ts';
import { declaration, hashOf, NOW, ORIGIN, policy, signAs, signers } from '../support/statement-examples.ts';

const SUBJECT = 'web/shop';
const AUTHORS = ['a1', 'a2'] as const;
const APPROVERS = ['p1', 'p2', 'p3'] as const;
const AGENTS = ['g1', 'g2', 'g3'] as const;
const kidOf = (name: string): string => hashOf(name).toHex();

/** One step of a made-up history. Numbers choose among what is there. */
type Move =
  | {
      readonly do: 'commit';
      readonly by: string;
      readonly asks: number;
      readonly claims: readonly Claim[];
      readonly attestors: { readonly of: readonly string[]; readonly threshold: number } | undefined;
      readonly validity: { readonly notBefore?: number; readonly notAfter?: number } | undefined;
    }
  | { readonly do: 'withdraw'; readonly by: string; readonly of: number }
  | { readonly do: 'approve'; readonly by: string; readonly of: number }
  | { readonly do: 'deploy'; readonly by: string; readonly of: number; readonly ago: number }
  | {
      readonly do: 'waive';
      readonly by: string;
      readonly of: number;
      readonly claim: number;
      readonly until: number;
    }
  | {
      readonly do: 'prove';
      readonly by: string;
      readonly of: number;
      readonly claims: readonly number[];
      readonly evidence: 'E1' | 'E3';
      readonly ago: number;
      readonly took: number;
      readonly behind: number;
    }
  | { readonly do: 'revoke'; readonly key: string; readonly back: number };

const claimNo = (n: number, of: Partial<Claim>): Claim => ({
  id: `c${n}`,
  expr: 'true',
  probe: 'tls@1',
  minEvidence: 'E0',
  cadence: 600,
  severity: 'low',
  ...of,
});

const claims = fc
  .array(
    fc.record(
      {
        cadence: fc.constantFrom(60, 300, 3600),
        grace: fc.constantFrom(1, 2),
        deadline: fc.constantFrom(30, 300, 9000),
      },
      { requiredKeys: ['cadence'] },
    ),
    { minLength: 1, maxLength: 2 },
  )
  .map((all) => all.map((each, i) => claimNo(i, each)));

/** A commitment statement that is mostly the newest, sometimes an older one. */
const older = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(4));
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      by: fc.constantFrom(...AUTHORS),
      asks: fc.nat(2),
      claims,
      attestors: fc.option(
        fc.record({
          of: fc.subarray([...AGENTS], { minLength: 2 }),
          threshold: fc.constantFrom(1, 2),
        }),
        { nil: undefined },
      ),
      validity: fc.option(
        fc.constantFrom(
          { notBefore: NOW + 900 },
          { notAfter: NOW + 4000 },
          { notBefore: NOW, notAfter: NOW + 9000 },
        ),
        { nil: undefined, freq: 4 },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('withdraw' as const),
      by: fc.constantFrom(...AUTHORS),
      of: older,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('approve' as const),
      by: fc.constantFrom(...APPROVERS, ...AUTHORS),
      of: older,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('deploy' as const),
      by: fc.constantFrom(...AUTHORS),
      of: older,
      ago: fc.constantFrom(0, 0, 10, 4000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('waive' as const),
      by: fc.constantFrom(...APPROVERS),
      of: older,
      claim: fc.nat(1),
      until: fc.constantFrom(-1, 500, 5000),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('prove' as const),
      by: fc.constantFrom(...AGENTS),
      of: older,
      claims: fc.subarray([0, 1]),
      evidence: fc.constantFrom('E1' as const, 'E3' as const),
      ago: fc.constantFrom(-100, 0, 0, 5, 2000),
      took: fc.constantFrom(0, 1, 60),
      behind: fc.constantFrom(0, 1, 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('revoke' as const),
      key: fc.constantFrom(...AUTHORS, ...APPROVERS, ...AGENTS),
      back: fc.nat(6),
    }),
  },
);
const moves = fc.array(fc.tuple(fc.constantFrom(0, 1, 20, 400, 3000), move), { minLength: 1, maxLength: 25 });

/** The history that moves make: what every party reads, and the policies between. */
interface Made {
  readonly entries: readonly SubjectEntry[];
  /** Policy entries: index, time, and the revocations that are known from there on. */
  readonly policies: readonly {
    readonly index: number;
    readonly time: number;
    readonly revoked: ReadonlyMap<string, number>;
  }[];
  readonly revoked: ReadonlyMap<string, number>;
  /** When each entry was logged. */
  readonly times: readonly number[];
}

/** A statement of each kind, which the made-up ones are like. */
const samples = {
  commitment: await sample('commitment', encodeCommitment(declaration)),
  approval: await sample('approval', encodeApproval({ commitment: hashOf('x') })),
  deployment: await sample('deployment', encodeDeployment({ commitment: hashOf('x'), deployed: NOW })),
  waiver: await sample(
    'waiver',
    encodeWaiver({ commitment: hashOf('x'), claims: ['c0'], owner: 'o', reason: 'r', notAfter: NOW + 1 }),
  ),
  proof: await sample(
    'proof',
    encodeProof({
      commitment: hashOf('x'),
      agent: { name: 'agent', version: '0' },
      seq: 0,
      challenge: { origin: ORIGIN, size: 1, root: hashOf('root'), nonce: new Uint8Array(16) },
      window: { start: NOW, end: NOW },
      population: { source: 'tls', total: 0, sampled: 0, method: 'all' },
      observations: { alg: 'rfc6962-sha256-salted', count: 0, root: hashOf('') },
      coverage: { declared: 1, compared: 1, excluded: 0 },
      results: [{ claim: 'c0', verdict: 'PROVEN', evidence: 'E1' }],
      cost: { cpuUs: 1, wallUs: 1, bytes: 1 },
      nextDue: NOW + 1,
    }),
  ),
};

async function sample<K extends 'commitment' | 'approval' | 'deployment' | 'waiver' | 'proof'>(
  kind: K,
  payload: Uint8Array,
): Promise<Extract<ParsedStatement, { kind: K }>> {
  const { parsed } = await signAs('author', kind, payload, { signer: signers.author });
  const is = (each: ParsedStatement): each is Extract<ParsedStatement, { kind: K }> => each.kind === kind;
  if (!is(parsed)) throw new Error(kind);
  return parsed;
}

function make(all: readonly (readonly [wait: number, Move])[]): Made {
  const entries: SubjectEntry[] = [];
  const policies: Made['policies'][number][] = [];
  const times = [NOW];
  let revoked: ReadonlyMap<string, number> = new Map();
  const seqs = new Map<string, number>();
  let time = NOW;
  const commitments = (): readonly string[] =>
    entries.filter(({ parsed }) => parsed.kind === 'commitment').map(({ id }) => id);
  const add = (by: string, payload: Payload): void => {
    const kid = kidOf(by);
    // The log takes nothing of a key once it knows that it was revoked.
    if (revoked.has(kid)) return;
    const index = times.length;
    times.push(time);
    const id = entryId(hashOf(`entry ${index}`).toHex());
    entries.push({ index, id, time, parsed: { ...payload, subject: SUBJECT, kid } });
  };
  for (const [wait, each] of all) {
    time += wait;
    const ids = commitments();
    const newest = ids.at(-1);
    const about = 'of' in each ? ids.at(-1 - (each.of % Math.max(1, ids.length))) : undefined;
    if (each.do === 'revoke') {
      const since = Math.max(1, times.length - each.back);
      revoked = new Map([
        ...revoked,
        [kidOf(each.key), Math.min(since, revoked.get(kidOf(each.key)) ?? Infinity)],
      ]);
      policies.push({ index: times.length, time, revoked });
      times.push(time);
    } else if (each.do === 'commit') {
      const { asks, claims, attestors, validity } = each;
      const { approvals: _, ...plain } = declaration;
      const commitment: Commitment = {
        ...plain,
        claims,
        ...(asks > 0 && { approvals: asks }),
        ...(attestors !== undefined && {
          attestors: { threshold: attestors.threshold, kids: attestors.of.map(hashOf) },
        }),
        ...(validity !== undefined && { validity }),
        ...(newest !== undefined && { supersedes: digest(Uint8Array.fromHex(newest)) }),
      };
      add(each.by, { ...samples.commitment, commitment });
    } else if (about !== undefined) {
      const commitment = digest(Uint8Array.fromHex(about));
      if (each.do === 'withdraw')
        add(each.by, { ...samples.commitment, commitment: { withdraws: commitment } });
      else if (each.do === 'approve') add(each.by, { ...samples.approval, approval: { commitment } });
      else if (each.do === 'deploy')
        add(each.by, { ...samples.deployment, deployment: { commitment, deployed: time - each.ago } });
      else if (each.do === 'waive') {
        const { waiver } = samples.waiver;
        const notAfter = time + each.until;
        add(each.by, {
          ...samples.waiver,
          waiver: { ...waiver, commitment, claims: [`c${each.claim}`], notAfter },
        });
      } else {
        const end = time - each.ago;
        const size = Math.max(1, times.length - each.behind);
        const seq = seqs.get(each.by) ?? 0;
        seqs.set(each.by, seq + 1);
        const { proof } = samples.proof;
        const results = each.claims.map((n) => ({
          claim: `c${n}`,
          verdict: 'PROVEN' as const,
          evidence: each.evidence,
        }));
        add(each.by, {
          ...samples.proof,
          proof: {
            ...proof,
            commitment,
            seq,
            challenge: { ...proof.challenge, size },
            window: { start: end - each.took, end },
            results,
            nextDue: end + 5000,
          },
        });
      }
    }
  }
  return { entries, policies, revoked, times };
}

type Payload = (typeof samples)[keyof typeof samples];

function readerOf({ revoked, times }: Made, now: number): AppraisalContext {
  return {
    now,
    origin: ORIGIN,
    wasHead: () => true,
    outgrownAt: (index) => times[index],
    revokedSince: (kid) => revoked.get(kid),
  };
}

const policySample = await signAs('admin', 'policy', encodePolicy(policy), { signer: signers.admin });

function policyOf(revoked: ReadonlyMap<string, number>): ParsedStatement {
  const listed = [...revoked].map(([kid, since]) => ({ kid: digest(Uint8Array.fromHex(kid)), since }));
  const { parsed } = policySample;
  if (parsed.kind !== 'policy') throw new Error('no policy');
  return { ...parsed, policy: compilePolicy({ ...policy, open: true, revoked: listed }) };
}

/** A monitor that reads entry by entry, and is stopped and started again in between. */
function bookOf({ entries, policies }: Made): DueProofs {
  let book = new DueProofs();
  let pages = new Map<string, StoredSubjectDue>();
  const rows = [...entries, ...policies].toSorted((a, b) => a.index - b.index);
  do {
    if (book.isOutdated) book.restart();
    for (const row of rows) {
      const { index, time } = row;
      const parsed = 'parsed' in row ? row.parsed : policyOf(row.revoked);
      book.read(
        { index, id: 'id' in row ? row.id : entryId(hashOf(`policy ${index}`).toHex()), parsed },
        time,
      );
      if (index % 5 > 0 || book.isOutdated) continue;
      const { put, gone, cover } = structuredClone(book.changes());
      pages = new Map([...pages, ...put.map((each): [string, StoredSubjectDue] => [each.subject, each])]);
      for (const subject of gone) pages.delete(subject);
      book = new DueProofs(book.upto, pages.values(), cover);
    }
  } while (book.isOutdated);
  return book;
}

/** What an agent has proven of what is in force, as its own store tells it. */
function provenBy(kid: string, { inForce, proofs }: History): ReadonlyMap<string, ProvenAt> {
  const own = proofs.filter(
    ({ parsed }) => parsed.kid === kid && parsed.proof.commitment.toHex() === inForce?.entry.id,
  );
  return new Map(
    own.flatMap(({ parsed: { proof } }) =>
      proof.results.map(({ claim, verdict }): [string, ProvenAt] => [
        claim,
        { started: proof.window.start, ended: proof.window.end, slot: undefined, verdict },
      ]),
    ),
  );
}

t.test('reader and monitor agree on what is due and what is late', async (t) => {
  fc.assert(
    fc.property(moves, fc.constantFrom(0, 1, 700, 4000, 20_000), (all, later) => {
      const made = make(all);
      const now = (made.times.at(-1) ?? NOW) + later;
      const history = historyOf(made.entries, (kid) => made.revoked.get(kid));
      const standings = appraise(history, readerOf(made, now));
      const dues = new Map(
        [...bookOf(made).all()].flatMap((each): [string, Due][] =>
          each.claim === undefined ? [] : [[each.claim, each]],
        ),
      );
      const { inForce } = history;
      const expected = inForce === undefined ? [] : standings.map(({ claim, due }) => [claim.id, due]);
      assert.deepEqual(
        [...dues.values()].map(({ claim, due }) => [claim, due]),
        expected,
      );
      for (const { claim, verdict } of standings) {
        const due = dues.get(claim.id);
        if (due === undefined) continue;
        assert.equal(due.commitment, inForce?.entry.id);
        const { notBefore = 0, notAfter = Infinity } = inForce?.declaration.validity ?? {};
        if (notAfter <= now) continue; // no longer valid, which is another reason to be STALE
        const isLate = isPast(due, now);
        assert.equal(isLate, now > due.due && verdict !== 'WAIVED');
        if (isLate) assert.ok(['STALE', 'REVOKED'].includes(verdict), `${verdict}, and missed`);
        if (verdict === 'STALE') assert.ok(isLate, 'STALE, and not missed');
        if (now < notBefore) assert.equal(isLate, false);
      }
    }),
    { numRuns: 1_000, seed: 10 },
  );
  t.pass('on every history');
});

t.test('an agent promises what readers wait for, and answers the deployments that they see', async (t) => {
  fc.assert(
    fc.property(moves, fc.constantFrom(...AGENTS), fc.constantFrom(1, 700, 4000), (all, agent, later) => {
      const made = make(all);
      const now = (made.times.at(-1) ?? NOW) + later;
      const history = historyOf(made.entries, (kid) => made.revoked.get(kid));
      const { inForce: declared, deployments } = history;
      if (declared === undefined) return;
      const kid = kidOf(agent);
      const proven = provenBy(kid, history);
      const reader = { ...readerOf(made, now), outgrownAt: () => undefined };
      const basis = basisOf(declared, history, now);
      const own = { ...history, proofs: history.proofs.filter(({ parsed }) => parsed.kid === kid) };
      const wanted = declared.declaration.claims.map((claim) => {
        const { attestors: _, ...others } = declared.declaration;
        const unnamed = { ...declared, declaration: others };
        const [said] = newestReports(claim, unnamed, own, basis, reader);
        return {
          claim,
          said,
          due: claimDue(claim, { ...basis, needed: 1 }, said === undefined ? [] : [said]).due,
        };
      });
      // What is said to end after it was logged counts from then: the agent's clock was ahead, and it cannot know.
      if (own.proofs.every(({ time, parsed: { proof } }) => proof.window.end <= time)) {
        const promised = nextDueOf(
          { declared, deployments, proven },
          [],
          undefined,
        )({ start: now, end: now });
        const late = wanted.map(({ claim, due }) => (due > now ? due : now + claim.cadence));
        assert.equal(promised, Math.min(...late));
      }
      const situation: Situation = {
        declared,
        deployments,
        proven,
        seeds: new Seeds(hashOf('seed'), SUBJECT, 86_400),
        beaconOf: () => ({ size: 1, root: hashOf('beacon') }),
        now,
      };
      const atOnce = agendaOf(situation).due.map(({ claim }) => claim.id);
      for (const { claim, said } of now < basis.from ? [] : wanted) {
        const answered = said === undefined ? Infinity : nextDue({ ...claim, cadence: 1e9 }, said, basis);
        if (said === undefined || answered < 1e9) assert.ok(atOnce.includes(claim.id), claim.id);
      }
    }),
    { numRuns: 1_000, seed: 10 },
  );
  t.pass('on every history');
});

t.test('what ended stays ended', async (t) => {
  fc.assert(
    fc.property(moves, (all) => {
      const made = make(all.filter(([, each]) => each.do !== 'revoke'));
      let before: History | undefined;
      const gone = new Set<string>();
      for (const [i] of made.entries.entries()) {
        const history = historyOf(made.entries.slice(0, i + 1));
        const was = before?.inForce;
        const is = history.inForce;
        if (was !== undefined && was.entry.id !== is?.entry.id) {
          gone.add(was.entry.id);
          const by = history.declared.find(({ entry }) => entry.id === was.entry.id)?.ended;
          const kids = approversOf(made.entries.slice(0, i + 1), by?.id);
          kids.delete(by?.parsed.kid ?? '');
          assert.ok(
            kids.size >= (was.declaration.approvals ?? 0),
            'as many as it asked for, and not its author',
          );
        }
        assert.ok(!(is !== undefined && gone.has(is.entry.id)), 'what ended does not come back');
        before = history;
      }
    }),
    { numRuns: 1_000, seed: 10 },
  );
  t.pass('on every history');
});

/** Keys that approved an entry. */
function approversOf(entries: readonly SubjectEntry[], id: string | undefined): Set<string> {
  return new Set(
    entries.flatMap(({ parsed }) =>
      parsed.kind === 'approval' && parsed.approval.commitment.toHex() === id ? [parsed.kid] : [],
    ),
  );
}
