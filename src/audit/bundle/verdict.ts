/** What a verifier of a bundle is told, and what it says (spec/bundle.md, "Results"). */
import type { KnownHistory } from '../../appraisal/past/known-types.ts';
import type { Check } from '../../bytes/checklist.ts';
import type { Trust } from '../../client/evidence.ts';
import type { Progress } from '../../client/ports.ts';
import type { VerifySignature } from '../../sign/algorithm.ts';
import type { Manifest } from './manifest.ts';

/** Who verifies, and what is known of the verifier that was released. */
export interface VerifyOptions {
  /** The reader's own. Default: the keys of the file itself, and then the result is never `VERIFIED`. */
  readonly trust?: Trust | undefined;
  /** Where the reader's policy comes from, such as the name of its file: said beside the result. */
  readonly trustFrom?: string | undefined;
  /** Verifies signatures. Default: noble. */
  readonly verify?: VerifySignature | undefined;
  /** Thumbprints of monitors whose inventories the reader believes, hex. Default: none. */
  readonly monitors?: ReadonlySet<string> | undefined;
  /** The verifier that was released with a version of the program, SHA-256 as hex; undefined where that is not known. */
  readonly released?: { readonly version: string; readonly sha256: string } | undefined;
  readonly progress?: ((label: string, total: number) => Progress) | undefined;
}

/** The verdict on a bundle (spec/bundle.md, "Results"). */
export type BundleResult = 'verified' | 'consistent' | 'authentic' | 'failed';

export interface BundleVerdict {
  readonly result: BundleResult;
  readonly checks: readonly Check[];
  /** Undefined if the manifest could not be read. */
  readonly manifest: Manifest | undefined;
  /** What the entries say; empty if the entries did not hold. */
  readonly histories: readonly KnownHistory[];
  readonly notProven: readonly string[];
  /** Fingerprints of the reader's policy, if there is one, and of that in the file. */
  readonly fingerprints: { readonly reader: string | undefined; readonly file: string | undefined };
  /** Where the reader's policy comes from, as the reader's program says. */
  readonly trustFrom: string | undefined;
  /** SHA-256 of the verifier in the file, hex; undefined without one. */
  readonly verifier: string | undefined;
}

/** The words of each result. */
export const RESULTS: Readonly<Record<BundleResult, string>> = {
  verified: 'VERIFIED',
  consistent: 'INTERNALLY CONSISTENT, UNDER THE KEYS OF THE FILE ITSELF',
  authentic: 'ENTRIES AUTHENTIC, SUMMARIES NOT COMPARED',
  failed: 'NOT VERIFIED',
};
