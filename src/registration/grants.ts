/**
 * The checks of one statement against the registration policy that need no other entry: whether its key is enrolled,
 * valid now, in the right role, and allowed this subject (spec/statements.md §7).
 */
import { refuse } from '../bytes/refusal.ts';
import { isWithdrawal, type Commitment } from '../statement/commitment.ts';
import type { StatementKind } from '../statement/kinds.ts';
import type { Notice } from '../statement/notice.ts';
import type { RuntimeProof } from '../statement/proof.ts';
import { assertDelegated, delegationOf, delegatorOf } from './delegated.ts';
import { ROLE_FOR, type Enrolment, type Policy, type Role } from '../statement/policy.ts';

/** The parts of a statement that these checks use. `kid`: key thumbprint, lower-case hex. */
export interface Submission {
  readonly kind: StatementKind;
  readonly kid: string;
  readonly entry: Uint8Array;
  readonly subject: string;
  readonly issuer: string;
  /** Of a notice, whose topic decides about the role. */
  readonly notice?: Pick<Notice, 'topic'>;
  /** Of a proof, which a delegation may allow. */
  readonly proof?: Pick<RuntimeProof, 'delegation' | 'window'>;
}

/** The roles of which a key needs one for this statement. */
export function rolesFor({ kind, notice }: Pick<Submission, 'kind' | 'notice'>): readonly Role[] {
  return notice?.topic === 'retention' ? ['agent', 'author'] : [ROLE_FOR[kind]];
}

/**
 * The enrolment of the statement's key, or of the key that delegated to it. In an open log it may be undefined, but never for a policy statement: who may
 * change the policy is always enrolled. Refuses `unknown-key`, also in an open log if the key is revoked.
 */
export function enrolmentOf(policy: Policy, submission: Submission): Enrolment | undefined {
  const { kid, kind } = submission;
  if (policy.revoked.has(kid)) throw refuse('unknown-key', `key ${kid} was revoked; sign with another key`);
  const delegation = delegationOf(submission);
  if (delegation !== undefined) return delegatorOf(policy, kid, delegation);
  const found = policy.keys.get(kid);
  if (found === undefined && (!policy.document.open || kind === 'policy')) {
    const admin = `an admin of ${policy.document.origin}`;
    throw refuse('unknown-key', `key ${kid} is not enrolled; ask ${admin} to log a policy that enrols it`);
  }
  return found;
}

/**
 * Refuses a statement that the policy does not allow. An open log allows everyone everything except a change of its
 * policy.
 */
export function assertGranted(policy: Policy, submission: Submission, time: number | undefined): void {
  assertLength(submission, policy.document.limits.entryBytes, 'this log');
  const enrolment = enrolmentOf(policy, submission);
  const delegation = delegationOf(submission);
  if (enrolment === undefined) return;
  // What a delegation says is checked in an open log, too: readers name the delegator.
  if (policy.document.open && submission.kind !== 'policy' && delegation === undefined) return;
  const { name, maxBytes } = enrolment.enrolled;
  assertValid(enrolment, time);
  if (delegation === undefined) {
    assertRole(enrolment, submission);
    assertAuthority(enrolment, submission);
  } else assertDelegated(policy, enrolment, delegation, submission, time);
  if (maxBytes !== undefined) assertLength(submission, maxBytes, `the key of ${name}`);
}

function assertLength({ entry }: Submission, limit: number, whose: string): void {
  if (entry.length <= limit) return;
  const length = entry.length;
  throw refuse(
    'limit-exceeded',
    `the entry has ${length} bytes and ${whose} takes ${limit}; make it smaller`,
  );
}

function assertValid({ enrolled }: Enrolment, time: number | undefined): void {
  if (time === undefined) return;
  const { notBefore = 0, notAfter = Infinity, name } = enrolled;
  if (time >= notBefore && time <= notAfter) return;
  const when = time < notBefore ? 'not yet' : 'no longer';
  throw refuse(
    'policy-rejected',
    `the key of ${name} is ${when} valid; use one that is, or have its dates changed`,
  );
}

function assertRole({ enrolled: { name, roles } }: Enrolment, submission: Submission): void {
  const wanted = rolesFor(submission);
  if (wanted.some((role) => roles.includes(role))) return;
  const { kind, notice } = submission;
  const what = notice === undefined ? kind : `${kind} (${notice.topic})`;
  throw refuse(
    'wrong-role',
    `a ${what} needs the role ${wanted.join(' or ')}; the key of ${name} has ${roles.join(', ')}: sign with another key`,
  );
}

/**
 * Checks subject and issuer. A policy statement is about the log itself, so the admin's own subjects do not restrict
 * it.
 */
function assertAuthority({ enrolled, allows }: Enrolment, { kind, subject, issuer }: Submission): void {
  const { name, subjects } = enrolled;
  if (kind !== 'policy' && !allows(subject)) {
    const allowed = subjects.slice(0, 8).join(', ');
    throw refuse(
      'subject-not-allowed',
      `the key of ${name} may only write about ${allowed}; change the subject (sub), or have it added to the policy`,
    );
  }
  if (issuer !== (enrolled.issuer ?? issuer)) {
    throw refuse(
      'policy-rejected',
      `the key of ${name} signs as ${enrolled.issuer}; set the issuer (iss) to that`,
    );
  }
}

/** Refuses a commitment that asks for fewer approvals than the policy requires. */
export function assertApprovals(policy: Policy, commitment: Commitment): void {
  const least = policy.document.approvals ?? 0;
  if (isWithdrawal(commitment) || (commitment.approvals ?? 0) >= least) return;
  throw refuse(
    'policy-rejected',
    `this log wants at least ${least} approvals; ask for them in the field approvals`,
  );
}
