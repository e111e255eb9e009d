/**
 * Which policy may follow which (spec/statements.md §7). The next policy must name the one that it replaces, keep or
 * raise the version of the rules, keep every revocation, and leave at least one admin who can log another policy.
 */
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import type { EnrolledKey, Policy, PolicyDocument, RevokedKey } from '../statement/policy.ts';
import type { InForce, Rules } from './rules.ts';

/**
 * Bytes by which the next policy must be allowed to grow, so that an admin can always add a key to repair the policy.
 */
const ROOM_TO_CHANGE = 4096;

/** The parts of a policy statement that these checks use. `length`: bytes of its entry. */
export interface PolicyStatement {
  readonly subject: string;
  readonly length: number;
}

/**
 * The policy that applies from the next entry on: `next`, with every revocation so far. `time`: POSIX seconds; if
 * undefined, validity dates are not checked (a replay has no time). Refuses `overtaken` if `next` replaces another
 * policy than the one in force, else `policy-rejected`.
 */
export function successor(
  { origin, inForce }: Rules,
  next: Policy,
  { subject, length }: PolicyStatement,
  time: number | undefined,
): Policy {
  if (next.document.origin !== origin || subject !== origin)
    throw rejected(`this log is ${origin}: set both the policy's origin and its subject (sub) to that`);
  assertReplaces(inForce, next.document);
  const policy = inForce === undefined ? next : withRevocations(inForce.policy, next);
  assertChangeable(policy, length, time);
  return policy;
}

/** Refuses a policy that was signed for another state of the log: each policy names the one before it. */
function assertReplaces(inForce: InForce | undefined, { replaces, rules }: PolicyDocument): void {
  if (inForce === undefined) {
    if (replaces === undefined) return;
    throw rejected('the first policy of a log replaces none; leave the field replaces out');
  }
  if (rules < inForce.policy.document.rules)
    throw rejected(
      `the policy in force has rules ${inForce.policy.document.rules}, and no later one goes back to ${rules}; update tallystick`,
    );
  const named = replaces && formatHex(replaces);
  if (named === inForce.id) return;
  throw refuse(
    'overtaken',
    `the policy replaces ${named ?? 'none'}, and ${inForce.id} (entry ${inForce.index}) is in force: make the ` +
      'change again from that one',
  );
}

/**
 * Adds earlier revocations to `next`. Refuses a policy that enrols a revoked key, or that revokes it from a later index
 * on than before.
 */
function withRevocations(current: Policy, next: Policy): Policy {
  for (const [kid, earlier] of current.revoked) {
    if (next.keys.has(kid))
      throw rejected(`key ${kid} was revoked and cannot come back; enrol another key instead`);
    const said = next.revoked.get(kid);
    if (said !== undefined && said.since > earlier.since)
      throw rejected(
        `key ${kid} is not believed from entry ${earlier.since} on; name that or an earlier one, or leave it out`,
      );
  }
  const revoked = new Map<string, RevokedKey>([...current.revoked, ...next.revoked]);
  return { ...next, revoked };
}

/** Refuses a policy unless some admin could log it at `time` even if it were `ROOM_TO_CHANGE` bytes longer. */
function assertChangeable(policy: Policy, length: number, time: number | undefined): void {
  const admins = adminsOf(policy);
  if (admins.length === 0)
    throw rejected('no key would be left to change the policy; keep one with the role admin');
  const valid = admins.filter((key) => isValid(key, time));
  if (valid.length === 0)
    throw rejected(
      'no key could change the policy now: each admin key is not yet valid, or no longer; keep one that is valid',
    );
  const most = Math.max(...valid.map((key) => largestEntry(policy, key)));
  if (length + ROOM_TO_CHANGE <= most) return;
  throw rejected(
    `this policy has ${length} bytes, and an admin could log no more than ${most}: leave ${ROOM_TO_CHANGE} bytes for ` +
      'the next change by raising limits.entryBytes or maxBytes of an admin key, or by a shorter policy',
  );
}

function adminsOf(policy: Policy): readonly EnrolledKey[] {
  return policy.document.keys.filter(({ roles }) => roles.includes('admin'));
}

function isValid({ notBefore = 0, notAfter = Infinity }: EnrolledKey, time: number | undefined): boolean {
  return time === undefined || (time >= notBefore && time <= notAfter);
}

/** Bytes of the largest entry that a key may submit. */
function largestEntry({ document: { limits } }: Policy, { maxBytes = Infinity }: EnrolledKey): number {
  return Math.min(limits.entryBytes, maxBytes);
}

/** Seconds before the last admin key expires from which on a warning is given. */
const SOON = 30 * 86_400;

/** Share of the largest allowed entry from which on the length of a policy gives a warning. */
const NEARLY_FULL = 0.75;

/**
 * Warnings about conditions that will keep every admin from changing the policy: the last admin key expires soon, or
 * the policy is nearly too long. `length`: bytes of its entry. `time`: POSIX seconds.
 */
export function lockOutWarnings(policy: Policy, length: number, time: number): readonly string[] {
  const valid = adminsOf(policy).filter((key) => isValid(key, time));
  const last = Math.max(0, ...valid.map(({ notAfter = Infinity }) => notAfter));
  const most = Math.max(0, ...valid.map((key) => largestEntry(policy, key)));
  const days = Math.max(0, Math.floor((last - time) / 86_400));
  return [
    ...(valid.length === 0
      ? ['no admin key is valid now: nobody can change the policy']
      : last - time < SOON
        ? [
            `the last admin key ends in ${days} days: enrol another with \`tallystick policy enrol\` before that`,
          ]
        : []),
    ...(valid.length > 0 && length > most * NEARLY_FULL
      ? [`the policy has ${length} of at most ${most} bytes: take out keys that are no longer used`]
      : []),
  ];
}

function rejected(message: string): Error {
  return refuse('policy-rejected', message);
}
