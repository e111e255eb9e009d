/**
 * What one run of a probe returns, and how each part of it is known. The evidence class belongs to an observation, not
 * to a probe: a server that accepted TLS 1.2 signed that itself (E3); that it refused TLS 1.2, only the agent saw (E1).
 */
import type { Digest } from '../bytes/brand.ts';
import type { EvidenceClass } from '../statement/vocabulary.ts';
import type { Value, ValueMap } from './value.ts';
import type { Withheld } from './withheld.ts';

/** Evidence by value: a transcript, a digest file. */
export interface Attachment {
  readonly mediaType: string;
  readonly data: Uint8Array;
}

/**
 * How a part of the value is known: everything at or below `path` (JSON Pointer), unless a longer path has a grade of
 * its own.
 */
export interface Grade {
  readonly path: string;
  readonly evidence: EvidenceClass;
  /** Indices into `attachments`: the evidence of E3 and E4, or the agent's record of a refusal (E1). */
  readonly attachments?: readonly number[];
  /** Why the class is only E1 though something was signed: the signer is not known. */
  readonly lowered?: string;
  /**
   * True if the part means something only when the target itself signed `attachments`. If another signed, nothing is known of
   * the part (agent/bound.ts). Otherwise a server that answers in place of the target would count as the target.
   */
  readonly ofTarget?: boolean;
}

/** A contradiction at `path`: the control plane states one thing, and the behaviour shows another. */
export interface Contradiction {
  /** JSON Pointers of both sides in the value. */
  readonly paths: readonly string[];
  /** Both sides, for people: `ssl_min_protocol_version is TLSv1.3, and TLSv1.2 was accepted`. */
  readonly explain: string;
  /**
   * `violated`: it is a contradiction only for a claim that is violated, because the control plane's statement could
   * not be read.
   */
  readonly onlyAgainst?: 'violated';
}

/** How many things there were to observe, and how many were observed. */
export interface Population {
  readonly source: string;
  readonly total: number;
  readonly sampled: number;
  readonly method: string;
  /** The files in which the population was found, so that somebody can count again; the counts add up to `total`. */
  readonly files?: readonly { readonly digest: Digest; readonly count: number }[];
}

export interface Observed {
  /** What claims read as `o.<name of the probe>`. Paths of grades and contradictions start here. */
  readonly value: ValueMap;
  /** A part without a grade is E1: the agent saw it. */
  readonly grades: readonly Grade[];
  readonly attachments: readonly Attachment[];
  readonly contradictions: readonly Contradiction[];
  readonly population: Population;
  /**
   * Number of leaves of the declaration that were compared, and of live things that no declaration names; for a probe
   * that compares.
   */
  readonly compared?: { readonly declared: number; readonly compared: number; readonly excluded: number };
  readonly undeclared?: readonly Value[];
  /**
   * Parts that the value lacks though the target may have them (withheld.ts). A claim that reads such a part is
   * UNKNOWN.
   */
  readonly withheld?: readonly Withheld[];
  /**
   * Parts whose value states that nothing is known, with the reason. They do not decide: a claim that has an answer
   * without them keeps it, and a claim without an answer shows the reason.
   */
  readonly unclear?: readonly Pick<Withheld, 'path' | 'reason'>[];
  /**
   * Parts that can show a failure and never a success, with the reason: a connection that was reset shows that nothing came
   * through, and not that something was denied. A claim that reads such a part, or its absence, and holds is UNKNOWN.
   */
  readonly unproven?: readonly Pick<Withheld, 'path' | 'reason'>[];
  /** Bytes sent and received. */
  readonly bytes: number;
}

/** The result of a probe that could not observe. The claim is UNKNOWN. `code` is stable, for programs. */
export interface Unobserved {
  readonly code: string;
  readonly message: string;
}
