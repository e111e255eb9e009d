/**
 * The past of one subject: what a client reads for it, and the bounds in time that the reader's witnesses give
 * (spec/audit.md). Pure: nothing here reads, and nothing looks at a clock. Times are POSIX seconds.
 */
import type { Digest } from '../../bytes/brand.ts';
import type { Weighed } from '../../evidence/weigh.ts';
import type { PolicyHistory } from '../../registration/history.ts';
import type { StatementKind } from '../../statement/kinds.ts';
import type { Result } from '../../statement/proof.ts';
import type { SubjectEntry } from '../history.ts';

/**
 * A head of the log that a quorum of the reader's witnesses cosigned. The client has verified the signatures, and that the
 * log's newest tree begins with this one.
 */
export interface WitnessedHead {
  /** Index of the notice `witnessed` that holds the checkpoint; undefined for one that the reader got otherwise. */
  readonly index: number | undefined;
  readonly size: number;
  readonly root: Digest;
  /** When a quorum had cosigned it, at the latest: the tree was there by then (`QuorumTimes.earliest`). */
  readonly notAfter: number;
  /** When the quorum was still cosigning it: a notice that holds it was made then or later (`QuorumTimes.latest`). */
  readonly notBefore: number;
}

/** Between which times something happened. Undefined where nobody that the reader trusts says so. */
export interface Bounds {
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
}

/** An entry about the subject. `time`: when it was logged, on the log's word alone; undefined if the source has no times. */
export type PastEntry = Omit<SubjectEntry, 'time'> & { readonly time: number | undefined };

/** A registration policy: its text is in `PastRecord.policies`. */
export type PastPolicy = Pick<PastEntry, 'index' | 'id' | 'time'>;

/** How complete the entries of a kind are, worst first (spec/audit.md, "Completeness"). */
export const GRADES = ['word', 'chain', 'monitor', 'whole'] as const;
export type Grade = (typeof GRADES)[number];

/** The grades that a source can vouch for. `chain` follows from the entries themselves. */
export type SourceGrade = Exclude<Grade, 'chain'>;

/** Everything that was read of a subject for a period, verified. */
export interface PastRecord {
  readonly subject: string;
  /** Name of the log. */
  readonly origin: string;
  /** Entries of the log in the newest head: nothing with this index or a later one was read. */
  readonly size: number;
  /** The time of the reader, not before what the newest head's signers state (clock.ts). */
  readonly now: number;
  /** When the newest head was signed; undefined if no time that counts is known. */
  readonly headTime: number | undefined;
  /**
   * The entries about the subject in log order. Of commitments, approvals, waivers and deployments: all, from the first on.
   * Of proofs: all that were logged in the period; of each agent key also the newest before the period, and the next one
   * after it, if there is one; and those after it that reveal seeds of the period, if slots are to be recomputed.
   */
  readonly entries: readonly PastEntry[];
  /** All registration policies of the log up to `size`. */
  readonly policies: PolicyHistory;
  /** The same policies, one for each step of `policies`, in log order. */
  readonly policyEntries: readonly PastPolicy[];
  /** In any order. Empty if the reader's policy asks for no witnesses: then all time is the log's word. */
  readonly heads: readonly WitnessedHead[];
  /** What checking the signatures showed, of every result of every proof. */
  readonly evidence: ReadonlyMap<Result, Weighed>;
  /** Whether the log had this root at this size; for the size of every challenge and of every beacon (`slot.beacon`). */
  readonly wasHead: (size: number, root: Uint8Array) => boolean;
  /**
   * When the entry with an index was logged, on the log's word; undefined if it is not known. It is asked for
   * `challenge.size` and `challenge.size - 1` of every proof.
   */
  readonly loggedAt: (index: number) => number | undefined;
  /** How complete the entries of each kind are. A kind that is not named: `word`. */
  readonly complete: Readonly<Partial<Record<StatementKind, SourceGrade>>>;
}

/** `[since, until)`. */
export interface Period {
  readonly since: number;
  readonly until: number;
}
