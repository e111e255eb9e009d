/**
 * How far back a reader has to read the proofs of a commitment (spec/status.md, "How far a reader reads"). A report counts
 * until its due, and a due is at most a period, or the deadline, after the entry's time: what is older changes no verdict.
 */
import { readsPrev } from '../claim/prev.ts';
import { isWithdrawal, type Claim } from '../statement/commitment.ts';
import { countsFrom, periodOf } from './due.ts';
import type { Declared, SubjectEntry } from './history.ts';

/** Seconds by which a later entry of the log may have an earlier time, since the log's clock may have been set back. */
const SLACK = 600;

/**
 * POSIX seconds. A proof that was logged earlier is out of date in any case, and no due time depends on it. A reader
 * that goes from the newest proof to the oldest may stop there.
 */
export function readsFrom({ declaration, effective }: Declared, now: number): number {
  const spans = declaration.claims.map((claim) => Math.max(periodOf(claim), claim.deadline ?? 0));
  const horizon = Math.max(0, ...spans) + SLACK;
  const from = countsFrom(effective ?? now, declaration);
  return Math.min(now, from > now - horizon ? from : now) - horizon;
}

/** Whether some claim of a declaration reads `prev`: then its verdicts rest on all earlier proofs. */
export function isOverTime({ declaration }: Pick<Declared, 'declaration'>): boolean {
  return declaration.claims.some(readsPrev);
}

/**
 * The entry that declared the first claim of a subject that reads `prev`, under whichever terms: all later proofs count for it. Undefined
 * if there is none. `declaring`: in log order.
 */
export function overTimeFrom(declaring: readonly SubjectEntry[]): SubjectEntry | undefined {
  const ids = new Set(declaring.flatMap(claimsIn).flatMap((claim) => (readsPrev(claim) ? [claim.id] : [])));
  return declaring.find((each) => claimsIn(each).some(({ id }) => ids.has(id)));
}

/** The claims of a commitment; none of anything else. */
export function claimsIn({ parsed }: Pick<SubjectEntry, 'parsed'>): readonly Claim[] {
  return parsed.kind === 'commitment' && !isWithdrawal(parsed.commitment) ? parsed.commitment.claims : [];
}

/** Most seconds before a period that are read for it: a claim with a longer cadence begins with less. */
const MOST_BEFORE = 400 * 86_400;

/**
 * Seconds before a period in which a proof may have been logged that counts in it, and one cadence more, in which a head was
 * witnessed that shows when it was made.
 */
export function secondsBefore(claims: readonly Claim[]): number {
  const each = claims.map((claim) => Math.max(periodOf(claim), claim.deadline ?? 0) + claim.cadence);
  return Math.min(MOST_BEFORE, Math.max(0, ...each) + SLACK);
}
