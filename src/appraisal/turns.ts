/**
 * When a verdict changes although nothing is logged: when a report is past its due, when the claim is, when the validity of
 * the commitment begins or ends, when a waiver ends. Whoever replays the past asks for these moments and need not try every
 * second. Pure. Times are POSIX seconds, whole ones as all times in entries are.
 */
import type { Claim } from '../statement/commitment.ts';
import { newestWaiver, otherOf, type ClaimHistory } from './appraise.ts';
import { MOST_BEHIND } from './clock.ts';
import { claimDue, type Basis } from './due.ts';
import type { Declared } from './history.ts';
import { basisOf, newestReports, type AppraisalContext } from './reports.ts';

/**
 * The first moment after `context.now` at which the verdict of the claim may be another one, if nothing is logged until then.
 * Undefined if it stays as it is.
 */
export function nextTurn(
  claim: Claim,
  declared: Declared,
  history: ClaimHistory,
  context: AppraisalContext,
  basis: Basis = basisOf(declared, history, context.now),
): number | undefined {
  const said = newestReports(claim, declared, history, basis, context);
  const { validity } = declared.declaration;
  const turns = [
    ...said.flatMap(({ due, seen }) => [due + 1, seen - MOST_BEHIND]),
    // The due of a commitment that is not in force moves with the time at which it is asked for.
    declared.effective === undefined ? Infinity : claimDue(claim, basis, said).due + 1,
    validity?.notBefore ?? Infinity,
    validity?.notAfter ?? Infinity,
    newestWaiver(claim, declared, history)?.parsed.waiver.notAfter ?? Infinity,
  ];
  const other = otherOf(claim, declared);
  const { proofsAgainst: proofs = history.proofs } = history;
  const others = other && nextTurn(other, declared, { ...history, proofs }, context, basis);
  const next = Math.min(...turns.filter((each) => each > context.now), others ?? Infinity);
  return next === Infinity ? undefined : next;
}
