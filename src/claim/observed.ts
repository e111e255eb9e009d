/**
 * What one run of a probe brings back, and how each part of it is known: the evidence class belongs to an
 * observation, never to a probe. That a server accepted TLS 1.2 it signed itself (E3); that it refused it, only
 * the agent saw (E1).
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

/** How a part of the value is known: everything at or below `path` (JSON Pointer), where no longer path says otherwise. */
export interface Grade {
  readonly path: string;
  readonly evidence: EvidenceClass;
  /** Indices into `attachments`: what E3 and E4 rest on, and what the agent tells of a refusal (E1). */
  readonly attachments?: readonly number[];
  /** Why it is no better than E1 though something was signed: by whom is not known. */
  readonly lowered?: string;
}

/** The control plane says one thing of `path`, and behaviour another. */
export interface Contradiction {
  /** JSON Pointers of both sides in the value. */
  readonly paths: readonly string[];
  /** Both sides, for people: `ssl_min_protocol_version is TLSv1.3, and TLSv1.2 was accepted`. */
  readonly explain: string;
  /** It is one only to a claim that does not hold: what the other side says could not be read. */
  readonly onlyAgainst?: 'violated';
}

/** What was there to be observed, and how much of it was. */
export interface Population {
  readonly source: string;
  readonly total: number;
  readonly sampled: number;
  readonly method: string;
  /** Where the population was found, file by file, for whoever counts again: the counts add up to `total`. */
  readonly files?: readonly { readonly digest: Digest; readonly count: number }[];
}

export interface Observed {
  /** What claims see as `o.<name of the probe>`. Paths of grades and contradictions are told from here. */
  readonly value: ValueMap;
  /** Without a grade, an observation is E1: the agent saw it. */
  readonly grades: readonly Grade[];
  readonly attachments: readonly Attachment[];
  readonly contradictions: readonly Contradiction[];
  readonly population: Population;
  /** Leaves of the declaration that were compared, and live things nobody declared; where a probe compares. */
  readonly compared?: { readonly declared: number; readonly compared: number; readonly excluded: number };
  readonly undeclared?: readonly Value[];
  /** What the value does not have though it may be there (withheld.ts): a claim that reads it is UNKNOWN. */
  readonly withheld?: readonly Withheld[];
  /**
   * Parts whose value says that nothing is known, and why. Unlike what is withheld they decide nothing: a claim that has
   * an answer without them keeps it, and one that has none says why.
   */
  readonly unclear?: readonly Pick<Withheld, 'path' | 'reason'>[];
  /** Bytes sent and received. */
  readonly bytes: number;
}

/** A probe that could not look: nothing is known, which is never a pass. `code` is stable, for machines. */
export interface Unobserved {
  readonly code: string;
  readonly message: string;
}
