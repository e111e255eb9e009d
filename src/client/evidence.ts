/**
 * Examining, offline, what somebody was handed as proof that a statement is in a log: the statement, its
 * receipts (RFC 9942), a `.tlog-proof` (C2SP tlog-proof), and the registration policy entry under which it
 * was admitted, with a proof of its own. From a verifier key alone, the checkpoint leads to the policy, and
 * the policy to the receipt key and to who may say what.
 */
import type { Digest, LeafIndex, TreeSize } from '../bytes/brand.ts';
import type { TrustPolicy } from '../note/trust.ts';
import type { Algorithm, PublicKey, VerifySignature } from '../sign/algorithm.ts';

/** A policy entry, and its `.tlog-proof`. */
export interface PolicyEvidence {
  readonly entry: Uint8Array;
  readonly proof: Uint8Array;
}

/** What was handed over. */
export interface Evidence {
  /** The entry: a statement without unprotected headers. */
  readonly entry: Uint8Array;
  /** Those that the statement carries: others than this log's may be among them. */
  readonly receipts: readonly Uint8Array[];
  /** Those handed over by themselves: each must hold. */
  readonly loose?: readonly Uint8Array[];
  /** `.tlog-proof` of the entry. */
  readonly proof: Uint8Array | undefined;
  /** The policy entry, and its `.tlog-proof`. */
  readonly policy: PolicyEvidence | undefined;
  /**
   * A later policy entry, when only that one names the key of the receipt: a fresh receipt for an old entry is
   * signed with the key of today.
   */
  readonly keys?: PolicyEvidence | undefined;
}

/** Whom the examiner trusts. */
export interface Trust {
  readonly policy: TrustPolicy;
  /**
   * Whether each algorithm among the log's keys must have signed: with an ML-DSA-44 key at hand, an Ed25519
   * signature alone is not enough. Off where keys are alternatives (C2SP tlog-policy).
   */
  readonly everyAlgorithm: boolean;
  /** Receipt keys known from elsewhere. */
  readonly receiptKeys: readonly PublicKey[];
}

/** Whom the examiner trusts, and how it verifies signatures. */
export interface Examiner extends Trust {
  /** Noble when undefined. */
  readonly verify: VerifySignature | undefined;
}

/** An entry under a root, as far as its proof was verified. */
export interface Place {
  /** Name of the log that signed the root. */
  readonly log: string;
  readonly index: LeafIndex;
  readonly size: TreeSize;
  readonly root: Digest;
  readonly leaf: Digest;
  readonly path: readonly Digest[];
}

/** How people call the algorithms. */
export const SPOKEN: Readonly<Record<Algorithm, string>> = {
  ed25519: 'Ed25519',
  'ecdsa-p256': 'P-256',
  'ml-dsa-44': 'ML-DSA-44',
};
