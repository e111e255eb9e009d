/**
 * `tallystick/appraisal`: verified entries of a subject → where each of its claims stands. Pure and synchronous: a client read
 * the entries and weighed the signatures in them before, so the same entries give the same status to everybody.
 *
 *     import { openClient } from 'tallystick/client';
 *     import { appraiseSubject } from 'tallystick/appraisal';
 *
 *     const snapshot = await openClient({ log, trust, fetch, now: Date.now }).snapshot();
 *     const { claims } = appraiseSubject(await snapshot.subject('web/shop'), snapshot.context);
 *     for (const { claim, verdict, evidence } of claims) console.log(claim.id, verdict, evidence);
 *
 * Only PROVEN is green. A verdict that nobody gave in time is STALE, and what cannot be judged is UNKNOWN.
 */

// A subject: what is declared of it, and the status of each claim.
export { appraiseSubject, type SnapshotContext, type SubjectRecord, type SubjectStatus } from './subject.ts';
export type { ClaimStatus } from './appraise.ts';
export type { Report } from './reports.ts';
export type { Verdict } from '../statement/vocabulary.ts';

// Whether somebody may go on by it, what changed about it, and the same as plain data.
export { gate, gateSince, outcomeOf, type GateRules, type Hindrance, type Outcome } from './gate.ts';
export { changesSince, newsOf, type StatusChange } from './changes.ts';
export { claimJson, subjectJson, type ClaimJson, type SubjectJson } from './json.ts';

// What entries show of it: in force, waiting for approvals, withdrawn.
export {
  commitmentOf,
  approvalsLacking,
  historyOf,
  type Declared,
  type History,
  type SubjectEntry,
  type Withdrawn,
} from './history.ts';

// Its commitments one after another, and what of it can be approved.
export { approvableIn, approvableNamed, assertMayApprove } from './approvable.ts';
export { asItIsSince, currentOf, predecessorOf, versionJson, versionNamed, type Said } from './versions.ts';

// When a proof is due: the rule that readers, monitors and agents share.
export {
  claimDue,
  firstDue,
  nextDue,
  type Basis,
  type ClaimDue,
  type ObservationTimes,
  type Terms,
} from './due.ts';

// The past of a subject: what was believed at a moment, and what is known now of a period (spec/audit.md).
export { believedAt, type Then } from './past/believed.ts';
export { knownHistory } from './past/known.ts';
export { historyJson, type HistoryJson } from './past/json.ts';
export type {
  ClaimPast,
  Difference,
  Figures,
  KnownHistory,
  Look,
  Span,
  Uncovered,
} from './past/known-types.ts';
export { timeBounds, witnessedHead } from './past/bounds.ts';
export type { Bounds, Grade, PastRecord, Period, WitnessedHead } from './past/types.ts';
