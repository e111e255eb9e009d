/** Whether somebody may go on by what claims came to (src/appraisal/gate.ts). */
import t from 'tap';
import type { ClaimStatus } from '#src/appraisal/appraise.ts';
import { gate, gateSince, outcomeOf, worstOf, type Hindrance } from '#src/appraisal/gate.ts';
import type { SubjectStatus } from '#src/appraisal/subject.ts';
import { VERDICTS, type Verdict } from '#src/statement/vocabulary.ts';
import { claim } from '../support/see-world.ts';

const statusOf = (verdict: Verdict, change: Partial<ClaimStatus> = {}): ClaimStatus => ({
  claim,
  verdict,
  evidence: 'E1',
  doubted: false,
  proof: undefined,
  age: 10,
  started: 1_000,
  due: 2_000,
  explain: undefined,
  waiver: undefined,
  hidden: undefined,
  stands: false,
  ...change,
});
const subjectWith = (...claims: readonly ClaimStatus[]): SubjectStatus => ({
  subject: 'db/payments',
  entries: [],
  history: {
    declared: [],
    withdrawals: [],
    inForce: undefined,
    pending: undefined,
    withdrawing: undefined,
    newest: undefined,
    proofs: [],
    waivers: [],
    deployments: [],
  },
  claims,
});
const told = (found: readonly Hindrance[]): readonly string[] =>
  found.map(({ kind, failed }) => (failed ? `${kind}!` : kind));

t.test('only PROVEN passes, and a waiver where it may', async (t) => {
  for (const verdict of VERDICTS) {
    const subject = subjectWith(statusOf(verdict));
    const passes = verdict === 'PROVEN' || verdict === 'WAIVED';
    const failed = ['VIOLATED', 'CONTRADICTED', 'REVOKED'].includes(verdict);
    t.strictSame(told(gate(subject)), passes ? [] : [failed ? 'verdict!' : 'verdict'], verdict);
    t.equal(gate(subject, { strict: true }).length, verdict === 'PROVEN' ? 0 : 1, `${verdict}, strictly`);
    t.equal(outcomeOf([verdict, 'PROVEN']), passes ? 'held' : failed ? 'failed' : 'unknown');
  }
  t.strictSame(told(gate(subjectWith())), ['no-claims'], 'nothing is no pass');
  t.strictSame(told(gateSince(subjectWith(), 0)), ['no-claims']);
  t.strictSame(told(gate(subjectWith(statusOf('PROVEN'), statusOf('STALE')))), ['verdict'], 'each counts');
});

t.test('class and age', async (t) => {
  const proven = subjectWith(statusOf('PROVEN'));
  t.strictSame(told(gate(proven, { minEvidence: 'E1', maxAge: 10 })), []);
  t.strictSame(told(gate(proven, { minEvidence: 'E3' })), ['class']);
  t.strictSame(told(gate(proven, { maxAge: 9 })), ['age']);
  const bare = subjectWith(statusOf('PROVEN', { evidence: undefined, age: undefined }));
  t.strictSame(told(gate(bare, { minEvidence: 'E1' })), ['class'], 'what is not known is the least');
  t.strictSame(told(gate(bare, { maxAge: 1_000 })), ['age'], 'and the oldest');
});

t.test('since a time', async (t) => {
  const at = (verdict: Verdict, change: Partial<ClaimStatus> = {}) =>
    told(gateSince(subjectWith(statusOf(verdict, change)), 1_000));
  t.strictSame(at('PROVEN'), []);
  t.strictSame(at('PROVEN', { started: 999 }), ['unseen'], 'a look from before passes nothing');
  t.strictSame(at('VIOLATED', { started: 999 }), ['unseen'], 'nor fails it');
  t.strictSame(at('VIOLATED'), ['verdict!']);
  t.strictSame(at('UNKNOWN', { started: undefined }), ['unseen']);
  t.strictSame(at('WAIVED', { started: 999 }), []);
  t.equal(worstOf(['PROVEN', 'STALE', 'VIOLATED']), 'VIOLATED');
  t.equal(worstOf([]), undefined);
});
