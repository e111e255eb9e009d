/** The commitments of a subject, one after another: which is meant by a name, what became of it, since when something is as it is. Pure. */
import { formatHex } from '../bytes/text.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import type { PolicyHistory } from '../registration/history.ts';
import type { ClaimStatus } from './appraise.ts';
import { commitmentOf, approvalsLacking, type Declared, type History } from './history.ts';
import type { SubjectStatus } from './subject.ts';

/** Most characters of a name that a policy gives to a key. */
const NAME_SHOWN = 40;

/** Whether a name means an entry: its index, its id, or eight digits or more that the id begins with. */
export function isNamed(
  { index, id }: { readonly index: number; readonly id: string },
  name: string,
): boolean {
  return String(index) === name || (name.length >= 8 && id.startsWith(name));
}

/** The commitment of a subject that an index or an entry id names. Refuses `not-found`. */
export function versionNamed({ subject, history }: SubjectStatus, name: string): Declared {
  const found = history.declared.filter(({ entry }) => isNamed(entry, name));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw refuse(
    'not-found',
    `no commitment about ${printable(subject, 300)} is entry ${printable(name, 70)}; see registry show`,
  );
}

/**
 * Two commitments of a subject, the earlier one as it was named first: `names` has none, the one before, or both; without
 * them, the newest and the one that it replaces. Refuses `not-found`, also where there are no two.
 */
export function versionsNamed(
  status: SubjectStatus,
  [first, second]: readonly string[],
): readonly [before: Declared, after: Declared] {
  const { subject, history } = status;
  const all = history.declared;
  const after = second === undefined ? all.at(-1) : versionNamed(status, second);
  const before = first === undefined ? predecessorOf(history, after) : versionNamed(status, first);
  if (before !== undefined && after !== undefined) return [before, after];
  const count = `${all.length} ${all.length === 1 ? 'commitment' : 'commitments'}`;
  throw refuse('not-found', `there is nothing to compare: ${printable(subject, 300)} has ${count}`);
}

/** The commitment that another names in `supersedes`; undefined for the first. */
export function predecessorOf({ declared }: History, of: Declared | undefined): Declared | undefined {
  const replaced = of?.declaration.supersedes && formatHex(of.declaration.supersedes);
  return declared.find(({ entry }) => entry.id === replaced);
}

/** The commitment of a subject that something can be said about. Refuses `not-found` when it was withdrawn. */
export function currentOf(status: SubjectStatus): Declared {
  const about = commitmentOf(status);
  if (about !== undefined) return about;
  const subject = printable(status.subject, 300);
  throw refuse('not-found', `nothing is declared about ${subject}: its commitment was withdrawn`);
}

/** The commitment in force. Refuses `not-found`, with what is to be done first. */
export function inForceOf({ inForce, pending }: History, subject: string): Declared {
  if (inForce !== undefined) return inForce;
  const about = printable(subject, 300);
  if (pending === undefined)
    throw refuse('not-found', `no commitment to ${about} is in force; commit it first`);
  const lack = `entry ${pending.entry.index} lacks ${approvalsLacking(pending)} approvals; let tallystick approve give them`;
  throw refuse('not-found', `no commitment to ${about} is in force: ${lack}`);
}

/** The claim of a subject that has an id. Refuses `not-found`, naming those that there are. */
export function claimNamed({ subject, claims }: SubjectStatus, id: string): ClaimStatus {
  const found = claims.find(({ claim }) => claim.id === id);
  if (found !== undefined) return found;
  const known = claims.map(({ claim }) => claim.id).join(', ');
  const what = `${printable(subject, 300)} has no claim ${printable(id, 300)}`;
  throw refuse('not-found', `${what}; it has: ${known === '' ? 'none' : known}`);
}

/** Who declared a commitment, by the policy before it. */
export function authorOf(policies: Pick<PolicyHistory, 'nameOf'>, { entry }: Declared): string {
  return printable(policies.nameOf(entry.parsed.kid, entry.index), NAME_SHOWN);
}

/** A commitment as a line of a subject's history, as plain data. `state` is for people. */
export function versionJson(policies: Pick<PolicyHistory, 'nameOf'>, declared: Declared) {
  const { entry, approvals } = declared;
  return {
    entry: entry.id,
    index: entry.index,
    author: authorOf(policies, declared),
    time: entry.time,
    approved_by: approvals.map(({ index, parsed }) =>
      printable(policies.nameOf(parsed.kid, index), NAME_SHOWN),
    ),
    state: stateOf(declared),
  };
}

function stateOf({ ended, effective, followed, approvals, needed }: Declared): string {
  if (effective === undefined && followed !== undefined)
    return `never counted: entry ${followed.index} came before it had its approvals`;
  if (ended !== undefined) return `ended by entry ${ended.index}`;
  return effective === undefined ? `lacks approvals: ${approvals.length} of ${needed}` : 'in force';
}

/** What a commitment says of something, as one text. `unknown`: what it says is not at hand. */
export type Said = string | undefined | { readonly unknown: true };

/**
 * The commitment since which something is as `now` says it, going back by what each one superseded. `isUnknown`: the one
 * before it may have said the same.
 */
export function asItIsSince(
  history: History,
  now: Declared,
  said: (declared: Declared) => Said,
): { readonly since: Declared; readonly isUnknown: boolean } {
  const text = said(now);
  let since = now;
  for (let each = predecessorOf(history, now); each !== undefined; each = predecessorOf(history, each)) {
    const before = said(each);
    if (typeof before === 'object') return { since, isUnknown: true };
    if (before !== text) break;
    since = each;
  }
  return { since, isUnknown: false };
}
