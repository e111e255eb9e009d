/**
 * What somebody is given as proof that a statement is in a log, to examine it offline: the statement, its receipts (RFC
 * 9942), a `.tlog-proof` (C2SP tlog-proof), and the registration policy entry under which it was admitted, with a proof
 * of its own. Only a verifier key must be known beforehand: it verifies the checkpoint, the checkpoint proves the
 * policy, and the policy names the receipt key and who may log what.
 */
import type { Digest, LeafIndex, TreeSize } from '../bytes/brand.ts';
import type { TrustPolicy } from '../note/trust.ts';
import type { Algorithm, PublicKey, VerifySignature } from '../sign/algorithm.ts';

/** A policy entry, and its `.tlog-proof`. */
export interface PolicyEvidence {
  readonly entry: Uint8Array;
  readonly proof: Uint8Array;
}

/** The files and bytes that were given. */
export interface Evidence {
  /** The entry: a statement without unprotected headers. */
  readonly entry: Uint8Array;
  /** Receipts in the statement's header. Some may come from other logs. */
  readonly receipts: readonly Uint8Array[];
  /** Receipts that were given separately. Each of them must hold. */
  readonly loose?: readonly Uint8Array[];
  /** `.tlog-proof` of the entry. */
  readonly proof: Uint8Array | undefined;
  /** The policy entry, and its `.tlog-proof`. */
  readonly policy: PolicyEvidence | undefined;
  /**
   * A later policy entry, if only that one names the receipt's key. The log signs a fresh receipt for an old entry with
   * its present key.
   */
  readonly keys?: PolicyEvidence | undefined;
}

/** The keys that the examiner trusts. */
export interface Trust {
  readonly policy: TrustPolicy;
  /**
   * If true, each algorithm among the log's keys must have signed: when an ML-DSA-44 key is known, an Ed25519 signature
   * alone is not enough. False if the keys are alternatives (C2SP tlog-policy).
   */
  readonly everyAlgorithm: boolean;
  /** Receipt keys that are trusted without a policy. */
  readonly receiptKeys: readonly PublicKey[];
}

/** Whom the examiner trusts, and how it verifies signatures. */
export interface Examiner extends Trust {
  /** Noble when undefined. */
  readonly verify: VerifySignature | undefined;
}

/** Place of an entry under a root, as its proof shows it. */
export interface Place {
  /** Name of the log that signed the root. */
  readonly log: string;
  readonly index: LeafIndex;
  readonly size: TreeSize;
  readonly root: Digest;
  readonly leaf: Digest;
  readonly path: readonly Digest[];
}

/** Names of the algorithms in messages. */
export const SPOKEN: Readonly<Record<Algorithm, string>> = {
  ed25519: 'Ed25519',
  'ecdsa-p256': 'P-256',
  'ml-dsa-44': 'ML-DSA-44',
};
