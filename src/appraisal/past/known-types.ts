/**
 * What is known now of a period of one subject (spec/audit.md): the looks at each claim, the spans that follow from them, and
 * the figures, each with the grade of completeness of what it rests on. Times are POSIX seconds, spans are `[from, to)`.
 */
import type { EntryId } from '../../bytes/brand.ts';
import type { EvidenceClass, Verdict } from '../../statement/vocabulary.ts';
import type { Declared, EntryOf, Withdrawn } from '../history.ts';
import type { Bounds, Grade, Period, WitnessedHead } from './types.ts';

/** One proof of one claim, and who vouches for when it was made. */
export interface Look {
  readonly entry: EntryOf<'proof'>;
  /** Thumbprint of the agent's key, and the name that the policy before the entry gives it. */
  readonly kid: string;
  readonly name: string;
  readonly commitment: EntryId;
  /** The verdict that the agent states. */
  readonly stated: Verdict;
  /** The verdict that counts: `stated`, or UNKNOWN for a proof that is not believed, or REVOKED. */
  readonly verdict: Verdict;
  readonly evidence: EvidenceClass | undefined;
  /** Why it is not believed, or the agent's explanation. */
  readonly explain: string | undefined;
  /** The time at which the log says that it logged the proof. Nobody else vouches for it. */
  readonly loggedAt: number | undefined;
  /** The proof was made not before the one, and logged not after the other. */
  readonly bounds: Bounds;
  /** Who vouches for the bounds. `log`: the log alone. */
  readonly vouched: 'witnesses' | 'log';
  /** Statements of the agent or the log about time that lie outside of the bounds, one sentence each. */
  readonly wrong: readonly string[];
  /** Whether the bounds are further apart than the cadence: it was made somewhere in between. */
  readonly isSomewhere: boolean;
  /**
   * Index of the entry that it counts as one look with: the first one that is made `somewhere` within the same bounds. Its
   * own index for every other look.
   */
  readonly oneWith: number;
  /** Whether it was logged more than 300 s after its window. */
  readonly isLate: boolean;
  /** The latest moment at which the agent can have observed it. */
  readonly seen: number;
  /** From when on it counts in `known`, and until when the next one is due. */
  readonly at: number;
  readonly due: number;
}

/**
 * Why nothing is known of a claim:
 *
 *     unclaimed    no commitment in force claims it
 *     withdrawn    it was withdrawn, and not claimed again
 *     pending      its commitment lacks approvals
 *     not-yet      the validity of its commitment has not begun
 *     expired      the validity of its commitment is over
 *     awaited      no proof yet, and none is due yet
 *     late         a look came after it was due, within a cadence
 *     missed       no look came, though its agent logged other things meanwhile
 *     agent-away   no look came, and nothing else of any agent that counts
 *     log-away     no head of the log was witnessed for longer than the cadence, and than 26 hours
 *     somewhere    a look was made, or a statement logged, at some moment that nobody can name
 *     unknown      the agent looked, and could not tell
 *     disbelieved  the proof has a fault
 *     revoked      the key that signed the proof is revoked
 *     short        too few agents, or a class below the one that the claim asks for
 */
export const UNCOVERED = [
  'unclaimed',
  'withdrawn',
  'pending',
  'not-yet',
  'expired',
  'awaited',
  'late',
  'missed',
  'agent-away',
  'log-away',
  'somewhere',
  'unknown',
  'disbelieved',
  'revoked',
  'short',
] as const;
export type Uncovered = (typeof UNCOVERED)[number];

export type SpanKind = 'covered' | 'failed' | 'uncovered' | 'waived';

/** A part of the period in which one thing is known of a claim. The spans of a claim partition the period. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly kind: SpanKind;
  /** What a waiver hides; undefined for a span of another kind. */
  readonly hides: 'failed' | 'uncovered' | undefined;
  /** Why nothing is known, also under a waiver; undefined where something is. */
  readonly why: Uncovered | undefined;
  /**
   * PROVEN where covered; VIOLATED or CONTRADICTED where failed; else what `status` should have said, by what is known now:
   * undefined where nothing is claimed. Under a waiver: what the waiver hides.
   */
  readonly verdict: Verdict | undefined;
  /** The class of a covered span. */
  readonly evidence: EvidenceClass | undefined;
  /** The commitment in force. */
  readonly commitment: EntryId | undefined;
  /** The proof that a failed span begins with. */
  readonly entry: EntryId | undefined;
  /** Of a failed span: when the claim was last PROVEN. It began to fail after that, and not after `from`. */
  readonly startedAfter: number | undefined;
  readonly waiver: EntryOf<'waiver'> | undefined;
}

/** A verdict, and what a waiver hides of it. */
export interface Told {
  readonly verdict: Verdict;
  readonly hidden: Verdict | undefined;
}

/** A time in which readers believed something else than what is known now. Undefined: nothing was claimed. */
export interface Difference {
  readonly from: number;
  readonly to: number;
  readonly believed: Told | undefined;
  readonly known: Told | undefined;
  /** The entries that changed it. */
  readonly changedBy: readonly { readonly index: number; readonly id: EntryId; readonly why: string }[];
}

/** What can be said about violations between looks. */
export type Moments =
  | {
      readonly kind: 'drawn';
      /** Seconds of a slot; slots of the period whose moment was recomputed from a revealed seed and is right. */
      readonly slotSeconds: number;
      readonly slots: number;
      /** Looks of the period in slots whose seed is not revealed; and in no slot. */
      readonly open: number;
      readonly outside: number;
      /** Slots of the period without a look, and looks late in their slot. */
      readonly missedSlots: number;
      readonly late: number;
      /** The most probable miss, over those slots, of a violation that lasted that many seconds between looks. */
      readonly missed: readonly { readonly seconds: number; readonly probability: number }[];
    }
  | { readonly kind: 'chosen'; readonly why: readonly string[] };

/** Figures of one claim. */
export interface Figures {
  /**
   * How complete what they rest on is. `looks`: the lowest grade of the agent keys that count and of the commitments; for the
   * numbers of looks. `time`: the lowest of that and of every other kind of entry; for the seconds.
   */
  readonly grades: { readonly looks: Grade; readonly time: Grade };
  /** Cadences that ended in the period while the claim counted: a look is expected in each. */
  readonly expected: number;
  /** Looks, each group that is made `somewhere` counted as one. */
  readonly looks: number;
  readonly proven: number;
  readonly failed: number;
  /** Neither PROVEN nor failed: unknown, not believed, revoked. */
  readonly other: number;
  /** Of the expected ones, those without a look. */
  readonly missed: number;
  /** Looks that came after the one before was due. */
  readonly late: number;
  /** Seconds of each kind of span; `waived` hides what `hidden` says. They add up to the period. */
  readonly seconds: Readonly<Record<SpanKind, number>>;
  readonly hidden: Readonly<Record<'failed' | 'uncovered', number>>;
  /** Seconds of the covered spans of each class. */
  readonly coveredBy: Readonly<Partial<Record<EvidenceClass, number>>>;
  /** Of the time in which something was claimed, the longest part in which nothing was known, also under a waiver. */
  readonly longestUncovered: { readonly from: number; readonly to: number } | undefined;
}

/** The moments of one agent's looks at a claim under one commitment. */
export interface AgentMoments {
  readonly kid: string;
  readonly commitment: EntryId;
  readonly moments: Moments;
}

export interface ClaimPast {
  readonly claim: string;
  readonly looks: readonly Look[];
  readonly spans: readonly Span[];
  readonly differences: readonly Difference[];
  readonly figures: Figures;
  readonly moments: readonly AgentMoments[];
}

/** An agent key that a policy of the period allows for the subject, with or without a proof. */
export interface AgentKey {
  readonly kid: string;
  /** Names that the policies of the period give it. */
  readonly names: readonly string[];
  /** Index from which on it is revoked, and the policy that says so first. */
  readonly revoked: { readonly since: number; readonly by: number } | undefined;
  /** Proofs of the subject that were logged in the period. */
  readonly proofs: number;
  readonly grade: Grade;
  /** Why the grade is no better. */
  readonly why: string;
}

/** The past of a subject over a period. */
export interface KnownHistory {
  readonly subject: string;
  readonly origin: string;
  /** `until` is not later than `asOf`. */
  readonly period: Period;
  /** Entries of the log that it rests on, and the time of the reader. */
  readonly size: number;
  readonly asOf: number;
  /** The witnessed heads next to the period, outside of it. */
  readonly heads: { readonly before: WitnessedHead | undefined; readonly after: WitnessedHead | undefined };
  readonly vouched: 'witnesses' | 'log';
  /** Every declaration of the period: in force, superseded, withdrawn, pending. */
  readonly declared: readonly Declared[];
  readonly withdrawals: readonly Withdrawn[];
  readonly claims: readonly ClaimPast[];
  readonly keys: readonly AgentKey[];
  /** Grade of the entries of each kind. */
  readonly grades: Readonly<
    Record<'policy' | 'commitment' | 'approval' | 'waiver' | 'deployment' | 'proof', Grade>
  >;
  /** Times of the log that lie outside of the witnesses' bounds: one sentence each. */
  readonly wrong: readonly string[];
}
