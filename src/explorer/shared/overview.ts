/**
 * The first screen as data (GET /v1/overview): the verdicts of every subject, as the server computed them. All of it is the word of
 * the server; a page shows it hollow until its browser has verified the subject. Times: POSIX seconds.
 */
import type { EvidenceClass, Verdict } from '../../statement/vocabulary.ts';

/** Where a server answers, below the base of a log. */
export const OVERVIEW_PATH = '/v1/overview';

/** Rows in one answer. */
export const OVERVIEW_PAGE = 100;
export const OVERVIEW_MOST = 500;

/** The verdict of a claim. `hidden`: what its waiver hides. */
export interface ClaimVerdict {
  readonly claim: string;
  readonly verdict: Verdict;
  readonly hidden: Verdict | null;
}

/** A subject, by its worst claim. */
export interface OverviewRow extends Omit<ClaimVerdict, 'claim'> {
  readonly subject: string;
  /** The worst claim; null if the subject could not be read. */
  readonly claim: string | null;
  readonly severity: string | null;
  readonly evidence: EvidenceClass | null;
  /** Since when the claim has had this verdict, as far as its entries show; null if they do not, and for PROVEN. */
  readonly since: number | null;
  /** Whether it may have been so for longer. */
  readonly or_longer: boolean;
  readonly explain: string | null;
  /** Who answers for the claim, and until when; null without a waiver. */
  readonly waived_by: string | null;
  readonly waived_until: number | null;
  /** The owner that the commitment names; else the name of the key that signed it, in the policy of that time. */
  readonly owner: string | null;
  readonly environment: string | null;
  /** When the next proof of any claim is due; in the past if it did not come. Null if no commitment is in force. */
  readonly due: number | null;
  /** Claims whose proof is past due. */
  readonly missed: number;
  /** Approvals that the newest commitment statement lacks. */
  readonly approvals_lacking: number;
  /** Deployments that no look at a claim with a deadline has followed yet. */
  readonly deployments_open: number;
  /** Every claim. */
  readonly claims: readonly ClaimVerdict[];
  /** Entry of the commitment, and of the proof that the worst verdict rests on. */
  readonly commitment_index: number | null;
  readonly proof_index: number | null;
  /** Why the subject could not be read. */
  readonly fault: string | null;
  /** Whether an entry, or the time, has changed something since this row was computed. */
  readonly outdated: boolean;
}

/** Subjects by their worst verdict. A verdict without subjects is left out. */
export type VerdictCounts = Partial<Record<Verdict, number>>;

/** Subjects of one prefix or owner. */
export interface OverviewGroup {
  readonly name: string;
  readonly subjects: number;
  readonly counts: VerdictCounts;
}

export interface OverviewJson {
  readonly computed_by: 'log' | 'monitor' | 'mirror';
  readonly origin: string;
  readonly as_of: {
    /** Entries of the head that the verdicts go by. */
    readonly size: number;
    /** When it was signed; null if nobody says so. */
    readonly head_time: number | null;
    /** At which moment the rows hold that are not outdated. */
    readonly time: number;
  };
  /** Null when everything is computed. */
  readonly computing: { readonly done: number; readonly of: number } | null;
  /** Subjects that match, whatever their verdict. */
  readonly subjects: number;
  /** Subjects without a claim: withdrawn ones. They have no row. */
  readonly without_claims: number;
  /** Subjects of the log that found no place here. */
  readonly left_out: number;
  readonly counts: VerdictCounts;
  /** Claims of the subjects that match, by verdict. */
  readonly claims: VerdictCounts;
  /** When the first proof of the subjects that are PROVEN throughout is due: until then they are covered. */
  readonly covered_until: number | null;
  /** The subject that has had no proof in time for the longest. */
  readonly longest_uncovered: { readonly subject: string; readonly since: number } | null;
  readonly prefixes: readonly OverviewGroup[];
  readonly owners: readonly OverviewGroup[];
  readonly rows: readonly OverviewRow[];
  /** Give it as `cursor` for the rows after these; null at the end. */
  readonly next: string | null;
}
