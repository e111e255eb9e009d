/** Whether a subject has as many approvers as it asks for: else nothing replaces what is in force until an admin enrols others. */
import type { Policy } from '../statement/policy.ts';
import type { History } from './history.ts';

/** Enrolled keys that may approve what this author says about a subject; Infinity in an open log. */
export function approversFor({ document, keys }: Policy, subject: string, author: string): number {
  if (document.open) return Infinity;
  return [...keys].filter(
    ([kid, { enrolled, allows }]) => kid !== author && enrolled.roles.includes('approver') && allows(subject),
  ).length;
}

/** Says that fewer keys can approve than must, and who can mend it; undefined where there are enough. */
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

/** The same of a number that is asked for. */
export function tooFew(needed: number, approvers: number): string | undefined {
  if (approvers >= needed) return undefined;
  const keys = approvers === 1 ? '1 other key' : `${approvers} other keys`;
  return `${needed} approvals are needed, and ${keys} may approve: let an admin enrol approvers for the subject`;
}
