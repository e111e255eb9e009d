/** The subjects that a watch observes if none is named: all that have claims. */
import { refuse } from '../../bytes/refusal.ts';
import { commitmentOf, declaresAlone, historyOf } from '../../appraisal/history.ts';
import type { Listed } from '../../client/search.ts';
import { isWithdrawal } from '../../statement/commitment.ts';
import type { ParsedStatement } from '../../statement/parse.ts';
import { isOfOne } from '../../bytes/nature.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { printable } from '../../bytes/printable.ts';

/** Bounds of one observation. */
export interface WatchLimits {
  /** Most subjects with claims that are watched. Observing one takes a few requests. */
  readonly subjects: number;
  /** Most subjects whose newest commitment is read to find out whether it has claims. */
  readonly examined: number;
}

/** A daemon continues with its next observation; with `once` there is no next one. */
export const WATCH_LIMITS: WatchLimits = { subjects: 10_000, examined: 256 };
export const WATCH_ONCE: WatchLimits = { subjects: 10_000, examined: 10_000 };

/** What is watched from now on, and how much is not. */
export interface Watched {
  /** Subjects with claims that were not watched before, oldest first. */
  readonly subjects: readonly string[];
  /** Number of subjects that are not watched, at most: with claims and without room, or not examined yet. */
  readonly leftOut: number;
  /** Number of these that the next observation will examine. */
  readonly unexamined: number;
}

/** For each subject: its newest commitment, the policy at that time, and whether it has claims. */
export class Claiming {
  readonly #known = new Map<
    string,
    { readonly newest: number; readonly policy: number; readonly is: boolean }
  >();

  get(subject: string, newest: number, policy: number): boolean | undefined {
    const known = this.#known.get(subject);
    return known?.newest === newest && known.policy === policy ? known.is : undefined;
  }

  set(subject: string, newest: number, policy: number, is: boolean): void {
    this.#known.set(subject, { newest, policy, is });
  }
}

/**
 * Chooses subjects: those that were watched before (`remembered`), then the others, the oldest first, so that nobody
 * who may log statements can displace a watched subject. One call examines a bounded number; the next continues with
 * what `claiming` does not know. Subjects without claims take no place. Refuses `proof-failed` if the log no longer
 * names a remembered subject.
 */
export async function watchedSubjects(
  look: Snapshot,
  remembered: ReadonlySet<string>,
  claiming: Claiming,
  limits = WATCH_LIMITS,
): Promise<Watched> {
  const roster = await look.roster();
  const isWhole = roster.unread === 0 && roster.dropped === 0;
  for (const subject of remembered)
    if (isWhole && !roster.has(subject))
      throw refuse(
        'proof-failed',
        `the log's search names no commitment about ${printable(subject, 300)} any more, and it did: it hides something`,
      );
  const found: string[] = [];
  let [examined, unknown] = [0, 0];
  const policy = look.policies.newest.index;
  for (const newest of roster.newest) {
    const { subject, index } = newest;
    if (remembered.has(subject)) continue;
    let is = claiming.get(subject, index, policy);
    if (is === undefined && examined < limits.examined) {
      examined++;
      is = await claimingOrUnreadable(look, newest);
      claiming.set(subject, index, policy, is);
    }
    if (is === true) found.push(subject);
    if (is === undefined) unknown++;
  }
  const room = Math.max(0, limits.subjects - remembered.size);
  const unexamined = unknown + roster.unread;
  return {
    subjects: found.slice(0, room),
    leftOut: Math.max(0, found.length - room) + roster.dropped + unexamined,
    unexamined,
  };
}

/** A subject that cannot be read is watched as if it had claims, so that the watch reports why it cannot be read. */
async function claimingOrUnreadable(look: Snapshot, newest: Listed): Promise<boolean> {
  try {
    return await isClaiming(look, newest);
  } catch (error) {
    if (isOfOne(error)) return true;
    throw error;
  }
}

/** If the newest commitment has no claims and does not decide alone, all commitment statements are read. */
async function isClaiming(look: Snapshot, row: Listed): Promise<boolean> {
  const [newest] = await look.read([row], 'commitment');
  const alone = declaresAlone(newest?.parsed, (kid) => look.policies.revokedSince(kid) !== undefined);
  if (alone !== undefined) return alone.claims.length > 0;
  if (claimsOf(newest?.parsed) > 0) return true;
  const { subject } = row;
  const entries = [
    ...(await look.entries({ subject, kind: 'commitment' })),
    ...(await look.entries({ subject, kind: 'approval' })),
  ];
  const inOrder = entries.toSorted((a, b) => a.index - b.index);
  const history = historyOf(inOrder, look.context.revokedSince);
  return (commitmentOf({ history })?.declaration.claims.length ?? 0) > 0;
}

/** Number of claims, of a commitment that is in force or lacks approvals. */
function claimsOf(parsed: ParsedStatement | undefined): number {
  return parsed?.kind === 'commitment' && !isWithdrawal(parsed.commitment)
    ? parsed.commitment.claims.length
    : 0;
}
