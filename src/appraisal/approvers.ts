/**
 * Whether enough enrolled keys may approve a change of a subject. If too few may, no commitment can replace the one in
 * force until an admin enrols more approvers.
 */
import type { Policy } from '../statement/policy.ts';
import type { History } from './history.ts';

/**
 * Number of enrolled keys that may approve what the key `author` commits about a subject. Infinity in an open log,
 * where any key may approve.
 */
export function approversFor({ document, keys }: Policy, subject: string, author: string): number {
  if (document.open) return Infinity;
  return [...keys].filter(
    ([kid, { enrolled, allows }]) => kid !== author && enrolled.roles.includes('approver') && allows(subject),
  ).length;
}

/**
 * Text that says that fewer keys may approve than the commitment needs, and who can change that; undefined if there are
 * enough.
 */
export function approverFault(
  { inForce, pending, withdrawing }: Pick<History, 'inForce' | 'pending' | 'withdrawing'>,
  policy: Policy,
  subject: string,
): string | undefined {
  const waiting = pending ?? withdrawing;
  const about = waiting ?? inForce;
  if (about === undefined) return undefined;
  const needed = waiting === undefined ? (inForce?.declaration.approvals ?? 0) : waiting.needed;
  return tooFew(needed, approversFor(policy, subject, about.entry.parsed.kid));
}

/** The same text for a number of approvals that was asked for and a number of approvers. */
export function tooFew(needed: number, approvers: number): string | undefined {
  if (approvers >= needed) return undefined;
  const keys = approvers === 1 ? '1 other key' : `${approvers} other keys`;
  return `${needed} approvals are needed, and ${keys} may approve: let an admin enrol approvers for the subject`;
}
