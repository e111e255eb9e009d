/**
 * The status of one subject from its verified entries: what is declared, and the verdict on each claim
 * (spec/status.md). Pure and synchronous: the client has verified the entries and checked the signatures in proofs
 * before (client/subject.ts).
 */
import type { Weighed } from '../evidence/weigh.ts';
import type { Result } from '../statement/proof.ts';
import type { Verdict } from '../statement/vocabulary.ts';
import { appraise, type ClaimStatus } from './appraise.ts';
import { overTime } from './past/over.ts';
import type { PastRecord } from './past/types.ts';
import { historyOf, type History, type SubjectEntry } from './history.ts';
import type { AppraisalContext } from './reports.ts';

/** What a client read about one subject: verified, and enough to appraise it. */
export interface SubjectRecord extends Pick<AppraisalContext, 'wasHead' | 'outgrownAt'> {
  readonly subject: string;
  /** In log order. Proofs are included as far back as any can count (reach.ts). */
  readonly entries: readonly SubjectEntry[];
  /** The result of checking the signatures of each result that a verdict may rest on (`decisiveProofs`). */
  readonly evidence: ReadonlyMap<Result, Weighed>;
  /** The past of a subject with claims that read `prev`, from the first of them on. Without it, these are UNKNOWN. */
  readonly past?: PastRecord | undefined;
}

/** What is true of the log at the moment of a snapshot, for every subject. */
export type SnapshotContext = Omit<AppraisalContext, 'wasHead' | 'outgrownAt' | 'weighed'>;

export interface SubjectStatus {
  readonly subject: string;
  /** All entries that were read about the subject, in log order. */
  readonly entries: readonly SubjectEntry[];
  readonly history: History;
  readonly claims: readonly ClaimStatus[];
}

/** Computes the status of each claim of a subject. */
export function appraiseSubject(record: SubjectRecord, context: SnapshotContext): SubjectStatus {
  const { subject, entries } = record;
  const history = historyOf(entries, context.revokedSince);
  return { subject, entries, history, claims: appraise(history, appraisalContext(record, context)) };
}

/** What the appraiser knows of a subject besides its entries. */
export function appraisalContext(
  {
    evidence,
    wasHead,
    outgrownAt,
    past,
  }: Pick<SubjectRecord, 'evidence' | 'wasHead' | 'outgrownAt' | 'past'>,
  context: SnapshotContext,
): AppraisalContext {
  const weighed = (result: Result): Weighed | undefined => evidence.get(result);
  return { ...context, wasHead, outgrownAt, weighed, ...(past !== undefined && { over: overTime(past) }) };
}

/**
 * `PROVEN`, `WAIVED (VIOLATED)`, `REVOKED (target's signature stands)`: what a waiver hides stands beside it, so that
 * nothing looks better than it is.
 */
export function verdictText({
  verdict,
  hidden,
  stands = false,
}: Pick<ClaimStatus, 'verdict' | 'hidden'> & Partial<Pick<ClaimStatus, 'stands'>>): string {
  if (hidden !== undefined) return `${verdict} (${hidden})`;
  return stands && verdict === 'REVOKED' ? `${verdict} (target's signature stands)` : verdict;
}

/** The verdicts on all claims of a subject. */
export function verdictsOf({ claims }: Pick<SubjectStatus, 'claims'>): readonly Verdict[] {
  return claims.map(({ verdict }) => verdict);
}
