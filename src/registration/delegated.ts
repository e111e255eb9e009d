/**
 * Proofs by keys that no policy enrols: an enrolled key delegates to the key of a node (spec/statements.md §5a). The log,
 * replays and readers decide here; only the log has the time of admission.
 *
 * A delegation is made by an enrolled key in the role `delegator` and by no other, so a delegated key cannot delegate.
 */
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import { kidOf } from '../cose/key.ts';
import { verifyStatement } from '../cose/statement.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import type { Delegation } from '../statement/delegation.ts';
import { matcher } from '../statement/pattern.ts';
import type { Enrolment, Policy } from '../statement/policy.ts';
import { hashLeaf } from '../tree/hash.ts';
import { thumbprintUri } from './issuer.ts';

/** Seconds by which the clocks of a log and of who delegates may differ. */
const CLOCK_TOLERANCE = 300;
/** Seconds after the end in which a log takes proofs that were made before it: a log may have been away. */
export const LATE_DELIVERY = 86_400;

/** A statement as far as delegations are concerned. Only proofs have one. */
export interface Speaker {
  readonly kid: string;
  readonly proof?: { readonly delegation?: Delegation | undefined };
}

/** The delegation that a statement rests on; undefined if its own key must be enrolled. */
export function delegationOf({ proof }: Speaker): Delegation | undefined {
  return proof?.delegation;
}

/** Thumbprint of the enrolled key that answers for a statement: of a delegated proof the delegator's. */
export function answerable(said: Speaker): string {
  return delegationOf(said)?.kid ?? said.kid;
}

/** Index from which on a statement does not count: once its key or the delegator's is revoked; undefined while neither is. */
export function endedSince(
  said: Speaker,
  revokedSince: (kid: string) => number | undefined,
): number | undefined {
  const since = Math.min(revokedSince(said.kid) ?? Infinity, revokedSince(answerable(said)) ?? Infinity);
  return Number.isFinite(since) ? since : undefined;
}

/**
 * The enrolment of the delegator. Refuses `unknown-key` if it is not enrolled or revoked, or if the delegation is for
 * another key, and `policy-rejected` for a key that is enrolled itself.
 */
export function delegatorOf(policy: Policy, kid: string, delegation: Delegation): Enrolment {
  const { origin } = policy.document;
  if (kidOf(delegation.key) !== kid)
    throw refuse(
      'unknown-key',
      `the delegation is for key ${kidOf(delegation.key)}, and ${kid} signed: use the delegation that was made for this key`,
    );
  if (policy.keys.has(kid))
    throw refuse('policy-rejected', `key ${kid} is enrolled itself; sign without the delegation`);
  if (policy.revoked.has(delegation.kid))
    throw refuse(
      'unknown-key',
      `key ${delegation.kid}, which delegated, was revoked; have another key delegate to the node`,
    );
  const delegator = policy.keys.get(delegation.kid);
  if (delegator !== undefined) return delegator;
  throw refuse(
    'unknown-key',
    `key ${delegation.kid}, which delegated, is not enrolled; ask an admin of ${origin} to enrol it in the role delegator`,
  );
}

/**
 * Signatures of delegations that verified, by delegator and bytes. A delegation comes with every proof of its node; the
 * set is cleared at `MAX_FOUND`, enough for the nodes of a large cluster.
 */
const found = new Set<string>();
const MAX_FOUND = 20_000;

/** Checks the delegator's signature. Refuses `bad-signature`, `unsupported-algorithm`, and what `delegatorOf` refuses. */
export function assertDelegationSigned(
  policy: Policy,
  kid: string,
  delegation: Delegation,
  verify?: VerifySignature,
): void {
  const { enrolled } = delegatorOf(policy, kid, delegation);
  const key = `${delegation.kid} ${formatHex(hashLeaf(delegation.bytes))}`;
  if (found.has(key)) return;
  verifyStatement(delegation.statement, enrolled.key, verify);
  if (found.size >= MAX_FOUND) found.clear();
  found.add(key);
}

/** The proof, as far as its delegation bounds it. */
interface Bounded {
  readonly kid: string;
  readonly subject: string;
  readonly issuer: string;
  readonly proof?: { readonly window: { readonly start: number; readonly end: number } };
}

/**
 * Checks what a delegation allows. `time`: of admission, POSIX seconds; undefined in a replay, which has none. Refuses
 * `wrong-audience`, `wrong-role`, `subject-not-allowed`, `policy-rejected`.
 */
export function assertDelegated(
  policy: Policy,
  { enrolled, allows }: Enrolment,
  delegation: Delegation,
  { kid, subject, issuer: said, proof }: Bounded,
  time: number | undefined,
): void {
  const { origin } = policy.document;
  const { node, subjects, audience, issuer, notBefore, notAfter } = delegation;
  if (!enrolled.roles.includes('delegator'))
    throw refuse(
      'wrong-role',
      `a delegation needs the role delegator; the key of ${enrolled.name} has ${enrolled.roles.join(', ')}`,
    );
  if (!audience.includes(origin))
    throw refuse('wrong-audience', `the delegation is for another log; have one made for ${origin}`);
  if (issuer !== (enrolled.issuer ?? issuer))
    throw refuse('policy-rejected', `the key of ${enrolled.name} delegates as ${enrolled.issuer}`);
  if (!subjects.some((each) => matcher(each)(subject)))
    throw refuse(
      'subject-not-allowed',
      `the delegation of node ${node} is about ${subjects.join(', ')}; have one made that names this subject`,
    );
  if (!allows(subject))
    throw refuse(
      'subject-not-allowed',
      `the key of ${enrolled.name} may delegate about ${enrolled.subjects.slice(0, 8).join(', ')}, and not about this subject`,
    );
  if (said !== thumbprintUri(kid))
    throw refuse(
      'policy-rejected',
      `a delegated key signs as itself, since nobody gave node ${node} another name: set the issuer (iss) to ${thumbprintUri(kid)}`,
    );
  const { start, end } = proof?.window ?? { start: 0, end: 0 };
  if (start < notBefore || end > notAfter) throw outside(delegation, 'the proof was made');
  if (time === undefined) return;
  if (time < notBefore - CLOCK_TOLERANCE || time > notAfter + LATE_DELIVERY)
    throw outside(delegation, 'the proof came');
}

function outside({ node, notBefore, notAfter }: Delegation, what: string): Error {
  return refuse(
    'policy-rejected',
    `${what} outside of the time of its delegation, which is from ${formatTime(notBefore)} to ${formatTime(notAfter)}: ` +
      `renew it for node ${node} with \`tallystick agent delegate\``,
  );
}

/** What a reader says beside a verdict of a node's agent; undefined if the delegator says that it is apart, or nothing of it. */
export function reachRemark(said: Speaker): string | undefined {
  const delegation = delegationOf(said);
  if (delegation === undefined || delegation.apart === true) return undefined;
  return `the agent of node ${delegation.node} is within reach of the API of its cluster: nobody says that it is apart`;
}

/** Whether a proof is of an agent of its own: not of one that is within reach of what it checks. */
export function isApart(said: Speaker): boolean {
  return reachRemark(said) === undefined;
}

/**
 * Why a reader does not believe a proof by its delegation: it was logged after the end. `logged`: the latest time at which
 * that can have been, POSIX seconds. A log takes such a proof for a day, since it may have been away; only that the agent
 * says so shows that it was made before.
 */
export function delegationFault(said: Speaker, logged: number): string | undefined {
  const delegation = delegationOf(said);
  if (delegation === undefined || logged <= delegation.notAfter + CLOCK_TOLERANCE) return undefined;
  return `it was logged after the delegation of node ${delegation.node} had ended, at ${formatTime(delegation.notAfter)}`;
}
