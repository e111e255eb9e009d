/** What of a subject can be approved, and by whom: the newest statement about it, by a key that is not its author's. Pure. */
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import type { Committed } from './history.ts';
import type { SubjectStatus } from './subject.ts';

/** What waits for approvals: a commitment or a withdrawal. Refuses `not-found`, and `usage` where nothing does. */
export function approvableIn({ subject, history }: SubjectStatus): Committed {
  const { pending, withdrawing, inForce } = history;
  const about = pending ?? withdrawing;
  if (about !== undefined) return about;
  const name = printable(subject, 300);
  if (inForce === undefined) throw refuse('not-found', `there is no commitment about ${name} to approve`);
  throw refuse(
    'usage',
    `the commitment about ${name} has all the approvals it asks for; to approve it all the same, give its entry id, ${inForce.entry.id}`,
  );
}

/**
 * The statement of an entry, which must be the newest of its subject. Refuses `superseded-meanwhile`, and `not-found` for one
 * whose key was revoked.
 */
export function approvableNamed(
  { subject, history }: SubjectStatus,
  { index, id }: { readonly index: number; readonly id: string },
): Committed {
  const all: readonly Committed[] = [...history.declared, ...history.withdrawals];
  const about = all.find(({ entry }) => entry.id === id);
  if (about === undefined)
    throw refuse(
      'not-found',
      `entry ${index} about ${printable(subject, 300)} counts for nothing: its key was revoked`,
    );
  if (about.followed === undefined) return about;
  throw refuse(
    'superseded-meanwhile',
    `entry ${about.followed.index} followed entry ${index}, and approvals are taken of the newest alone; look at it: ` +
      `tallystick approve ${about.followed.id}`,
  );
}

/** Refuses an approval that would count nothing: `own-commitment` by the author, `usage` a second one by the same key. `kid`: its thumbprint. */
export function assertMayApprove({ entry, approvals }: Committed, kid: string): void {
  if (entry.parsed.kid === kid)
    throw refuse('own-commitment', 'the author of a commitment cannot approve it; let another key do that');
  const already = approvals.find(({ parsed }) => parsed.kid === kid);
  if (already !== undefined)
    throw refuse('usage', `this key approved it already, in entry ${already.index}; another one must`);
}
