/** Which subjects a watch looks at when none is named: all that claim something. */
import { refuse } from '../../bytes/refusal.ts';
import { declaresAlone, historyOf } from '../../appraisal/history.ts';
import type { Listed } from '../../client/search.ts';
import { isWithdrawal } from '../../statement/commitment.ts';
import type { ParsedStatement } from '../../statement/parse.ts';
import { isOfOne } from '../../bytes/nature.ts';
import type { Snapshot } from '../../client/snapshot.ts';
import { commitmentOf } from '../../appraisal/subject.ts';
import { printable } from '../../bytes/printable.ts';

/** Bounds of one look. */
export interface WatchLimits {
  /** Subjects with claims that are watched at most: a look at each takes the log a few answers. */
  readonly subjects: number;
  /** Subjects whose newest commitment is read to see whether it claims something. */
  readonly examined: number;
}

/** A daemon goes on at its next look; `once`: there is no other look. */
export const WATCH_LIMITS: WatchLimits = { subjects: 10_000, examined: 256 };
export const WATCH_ONCE: WatchLimits = { subjects: 10_000, examined: 10_000 };

/** What is watched from now on, and what is not. */
export interface Watched {
  /** Subjects with claims that were not watched before, oldest first. */
  readonly subjects: readonly string[];
  /** Subjects that are not watched: with claims, or of which nobody knows yet whether they have some; at most so many. */
  readonly leftOut: number;
  /** How many of those the next look goes on with. */
  readonly unexamined: number;
}

/** Of each subject: which commitment was its newest, under which policy, and whether it claims something. */
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
 * Beside those that were watched before (`remembered`), the others from the oldest on: so whoever may log something can
 * push nobody out of the watch. One call examines a bounded number, and the next goes on with what `claiming` does not
 * know. What claims nothing takes no place. Refuses `proof-failed` when one of the former is not named any more.
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

/** What cannot be read is looked at like what claims something: so the watch says why it cannot be. */
async function claimingOrUnreadable(look: Snapshot, newest: Listed): Promise<boolean> {
  try {
    return await isClaiming(look, newest);
  } catch (error) {
    if (isOfOne(error)) return true;
    throw error;
  }
}

/** Where the newest commitment claims nothing and does not decide alone, all are read. */
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

/** Whether it counts or waits: a subject with claims is watched. */
function claimsOf(parsed: ParsedStatement | undefined): number {
  return parsed?.kind === 'commitment' && !isWithdrawal(parsed.commitment)
    ? parsed.commitment.claims.length
    : 0;
}
