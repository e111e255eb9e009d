/**
 * How far back a reader has to read the proofs of a commitment (spec/status.md, "How far a reader reads"). A report counts
 * until its due, and a due is at most a period, or the deadline, after the entry's time: what is older changes no verdict.
 */
import { countsFrom, periodOf } from './due.ts';
import type { Declared } from './history.ts';

/** Seconds that the times of a log may go back between entries: its clock may have been set. */
const SLACK = 600;

/**
 * POSIX seconds: a proof that was logged before then is out of date, whatever it says, and no due rests on it. So a
 * reader that goes from the newest proof to the oldest may stop there.
 */
export function readsFrom({ declaration, effective }: Declared, now: number): number {
  const spans = declaration.claims.map((claim) => Math.max(periodOf(claim), claim.deadline ?? 0));
  const horizon = Math.max(0, ...spans) + SLACK;
  const from = countsFrom(effective ?? now, declaration);
  return Math.min(now, from > now - horizon ? from : now) - horizon;
}
