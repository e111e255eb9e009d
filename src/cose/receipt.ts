/**
 * COSE receipts (RFC 9942) for RFC 9162 trees: a COSE_Sign1 whose detached payload is a tree's root, and whose
 * unprotected header contains the proofs that lead to it. One signature over a root serves the receipts of all its
 * entries. Sizes and indices in a receipt are not signed, and a proof may lead to the same root from other numbers.
 * Whoever needs them as facts uses the checkpoint or the `.tlog-proof`.
 */
import { digest, DIGEST_LENGTH, leafIndex, treeSize } from '../bytes/brand.ts';
import type { Digest, LeafIndex, TreeSize } from '../bytes/brand.ts';
import { decodeCbor, isCborArray, isCborMap, type CborMap, type CborValue } from '../bytes/cbor.ts';
import { equalBytes } from '../bytes/compare.ts';
import { printable } from '../bytes/printable.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { verifyWithNoble, type PublicKey, type VerifySignature } from '../sign/algorithm.ts';
import { hashLeaf } from '../tree/hash.ts';
import { MAX_PROOF_LENGTH, rootFromInclusion, verifyConsistency } from '../tree/verify.ts';
import { algorithmMatches } from './algorithm.ts';
import { readIdentity, type Identity } from './identity.ts';
import { CLAIM, HEADER, PROOF, VDS_RFC9162_SHA256 } from './labels.ts';
import { decodeSign1, sigStructure, type Sign1 } from './sign1.ts';

export {
  encodeConsistencyReceipt,
  encodeInclusionReceipt,
  receiptLength,
  receiptProtected,
  writeInclusionReceipt,
  type ReceiptHead,
} from './receipt-encode.ts';

/** Proofs in one receipt; we write one. */
const MAX_PROOFS = 16;

/** That an entry is in a tree: `[tree_size, leaf_index, path]`. */
interface InclusionProof {
  readonly size: TreeSize;
  readonly index: LeafIndex;
  readonly path: readonly Digest[];
}

/** That a tree begins with an older one: `[tree_size_1, tree_size_2, path]`. */
interface ConsistencyProof {
  readonly from: TreeSize;
  readonly to: TreeSize;
  readonly path: readonly Digest[];
}

/** A receipt whose shape is good: proofs of one of the two kinds, at least one. Nothing is verified yet. */
export interface Receipt extends Identity {
  readonly sign1: Sign1;
  /** Time of the tree head (`iat`), POSIX seconds: the log's word. */
  readonly time: number | undefined;
  readonly inclusion: readonly InclusionProof[];
  readonly consistency: readonly ConsistencyProof[];
}

/**
 * Reads a receipt of at most 65,535 bytes. Refuses `malformed-cbor`, `non-deterministic`, `too-large`,
 * `malformed-receipt` (also for the flattened proofs of RFC 9942's prose) and `unsupported-algorithm`,
 * also for another verifiable data structure than RFC9162_SHA256 (vds 1).
 */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  const sign1 = decodeSign1(bytes, {}, 'receipt');
  const { headers, unprotected } = sign1;
  const identity = readIdentity(headers, 'receipt');
  const vds = headers.get(HEADER.vds);
  if (vds === undefined) throw malformed('the protected header has no vds (label 395)');
  if (vds !== VDS_RFC9162_SHA256) {
    throw refuse('unsupported-algorithm', 'only receipts of RFC9162_SHA256 trees (vds 1) are understood');
  }
  if (sign1.payload !== null) throw malformed('the payload is not detached');
  const proofs = unprotected.get(HEADER.vdp);
  if (!isCborMap(proofs) || proofs.size !== 1) {
    throw malformed('label 396 does not hold proofs of exactly one kind');
  }
  return {
    ...identity,
    sign1,
    time: readTime(identity.claims),
    inclusion: readProofs(proofs, PROOF.inclusion, readInclusion),
    consistency: readProofs(proofs, PROOF.consistency, readConsistency),
  };
}

function readTime(claims: CborMap): number | undefined {
  const time = claims.get(CLAIM.iat);
  if (time === undefined) return undefined;
  if (typeof time !== 'number' || time < 0)
    throw malformed('the time of registration (iat) is not POSIX seconds');
  return time;
}

function readProofs<P>(proofs: CborMap, kind: number, read: (proof: Uint8Array) => P): readonly P[] {
  const list = proofs.get(kind);
  if (list === undefined && proofs.has(kind === PROOF.inclusion ? PROOF.consistency : PROOF.inclusion))
    return [];
  if (!isCborArray(list) || list.length < 1 || list.length > MAX_PROOFS) {
    throw malformed(`label 396 does not hold a list of 1 to ${MAX_PROOFS} inclusion or consistency proofs`);
  }
  return list.map((proof) => {
    if (!(proof instanceof Uint8Array)) throw malformed('a proof is not wrapped in a byte string');
    return read(proof);
  });
}

function readInclusion(bytes: Uint8Array): InclusionProof {
  const [size, index, path] = readTriple(bytes);
  // RFC 9942's CDDL allows no empty path, but the only leaf of a tree has one.
  if (path.length === 0 && size !== 1)
    throw malformed('the path is empty and the tree has more than one leaf');
  return { size: treeSize(size), index: leafIndex(index), path };
}

function readConsistency(bytes: Uint8Array): ConsistencyProof {
  const [from, to, path] = readTriple(bytes);
  if (path.length === 0) throw malformed('the path of a consistency proof is empty');
  return { from: treeSize(from), to: treeSize(to), path };
}

function readTriple(bytes: Uint8Array): [number, number, readonly Digest[]] {
  const proof = decodeCbor(bytes);
  if (!isCborArray(proof) || proof.length !== 3)
    throw malformed('a proof is not an array of two numbers and a path');
  const [first, second, path] = proof;
  if (!isUint(first) || !isUint(second))
    throw malformed('a proof does not start with two numbers up to 2^53-1');
  if (!isCborArray(path)) throw malformed('a proof has its path not in an array of its own');
  if (path.length > MAX_PROOF_LENGTH) throw malformed(`a path has more than ${MAX_PROOF_LENGTH} hashes`);
  return [first, second, path.map(readHash)];
}

function readHash(value: CborValue): Digest {
  if (!(value instanceof Uint8Array) || value.length !== DIGEST_LENGTH)
    throw malformed('a hash is not 32 bytes');
  return digest(value);
}

function isUint(value: CborValue | undefined): value is number {
  return typeof value === 'number' && value >= 0;
}

/** Who must have signed a receipt. The key alone is not enough: an operator may use one key for two logs. */
export interface ReceiptSigner {
  /** Name of the log: the receipt's `sub`, which is signed. */
  readonly log: string;
  readonly key: PublicKey;
}

/**
 * Checks that every inclusion proof of a receipt leads from the entry to one root, and that the log signed this root.
 * Refuses `unsupported-algorithm`, `proof-failed`, `bad-signature`. Of the result only the root is signed; size and index
 * are those of the first proof.
 */
export function verifyReceipt(
  receipt: Receipt,
  entry: Uint8Array,
  signer: ReceiptSigner,
  verify: VerifySignature = verifyWithNoble,
): { readonly root: Digest; readonly size: TreeSize; readonly index: LeafIndex } {
  const leaf = hashLeaf(entry);
  const [first, ...others] = receipt.inclusion;
  if (first === undefined) throw refuse('proof-failed', 'the receipt holds no inclusion proof');
  const { size, index } = first;
  const root = rootFromInclusion(index, size, leaf, first.path);
  for (const proof of others) {
    if (!equalBytes(rootFromInclusion(proof.index, proof.size, leaf, proof.path), root)) {
      throw refuse('proof-failed', 'the proofs of the receipt lead to different roots');
    }
  }
  checkSignature(receipt, root, signer, verify);
  return { root, size, index };
}

/**
 * Checks that the log signed `newRoot`, and that every consistency proof of the receipt shows its tree to begin with the
 * tree of `oldRoot`. Refuses as `verifyReceipt` does.
 */
export function verifyConsistencyReceipt(
  receipt: Receipt,
  oldRoot: Digest,
  newRoot: Digest,
  signer: ReceiptSigner,
  verify: VerifySignature = verifyWithNoble,
): { readonly from: TreeSize; readonly to: TreeSize } {
  const [first] = receipt.consistency;
  if (first === undefined) throw refuse('proof-failed', 'the receipt holds no consistency proof');
  for (const { from, to, path } of receipt.consistency) verifyConsistency(from, to, path, oldRoot, newRoot);
  checkSignature(receipt, newRoot, signer, verify);
  return { from: first.from, to: first.to };
}

function checkSignature(
  receipt: Receipt,
  root: Digest,
  { log, key }: ReceiptSigner,
  verify: VerifySignature,
): void {
  if (!algorithmMatches(receipt.alg, key)) {
    throw refuse('unsupported-algorithm', `alg ${receipt.alg} does not go with the ${key.algorithm} key`);
  }
  const { protectedBytes, signature } = receipt.sign1;
  if (!verify(key, sigStructure(protectedBytes, root), signature)) {
    throw refuse('bad-signature', "the receipt's signature does not cover the root that its proof leads to");
  }
  if (receipt.subject !== log) {
    throw refuse(
      'proof-failed',
      `the receipt is of the log ${printable(receipt.subject, 255)}, not of ${printable(log, 255)}: ask that log for its receipt`,
    );
  }
}

function malformed(what: string): Refusal {
  return refuse('malformed-receipt', what);
}
