/**
 * A subject as its verified entries show it: what is declared, and the status of each claim (spec/status.md). Pure and
 * synchronous: whoever fetched the entries verified them, and weighed the signatures in proofs, before (client/).
 */
import type { Weighed } from '../evidence/weigh.ts';
import type { Result } from '../statement/proof.ts';
import { appraise, type ClaimStatus } from './appraise.ts';
import { historyOf, type Declared, type History, type SubjectEntry } from './history.ts';
import type { AppraisalContext } from './reports.ts';

/** What a client read about one subject: verified, and enough to appraise it. */
export interface SubjectRecord extends Pick<AppraisalContext, 'wasHead' | 'outgrownAt'> {
  readonly subject: string;
  /** In the order of the log. Proofs as far back as any counts (reach.ts). */
  readonly entries: readonly SubjectEntry[];
  /** Of the results that verdicts may rest on (`decisiveProofs`), what their signatures were found to be. */
  readonly evidence: ReadonlyMap<Result, Weighed>;
}

/** What holds of the log at one moment, whatever the subject. */
export type SnapshotContext = Omit<AppraisalContext, 'wasHead' | 'outgrownAt' | 'weighed'>;

export interface SubjectStatus {
  readonly subject: string;
  /** Everything that was read about it, in the order of the log. */
  readonly entries: readonly SubjectEntry[];
  readonly history: History;
  readonly claims: readonly ClaimStatus[];
}

/** Where the claims of a subject are. */
export function appraiseSubject(
  { subject, entries, evidence, wasHead, outgrownAt }: SubjectRecord,
  context: SnapshotContext,
): SubjectStatus {
  const history = historyOf(entries, context.revokedSince);
  const weighed = (result: Result): Weighed | undefined => evidence.get(result);
  const claims = appraise(history, { ...context, wasHead, outgrownAt, weighed });
  return { subject, entries, history, claims };
}

/** The commitment that claims are of: the one in force, else the one that waits for approvals. */
export function commitmentOf({ history }: Pick<SubjectStatus, 'history'>): Declared | undefined {
  return history.inForce ?? history.pending;
}
