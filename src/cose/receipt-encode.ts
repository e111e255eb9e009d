/**
 * Writing COSE receipts (RFC 9942). The bytes are laid out by hand into one buffer: the log makes one
 * for every entry it takes, all of a batch under the same protected header and signature.
 */
import { DIGEST_LENGTH, type Digest, type LeafIndex, type TreeSize } from '../bytes/brand.ts';
import { encodeCbor, type CborKey, type CborValue } from '../bytes/cbor.ts';
import { byteStringLength, headLength, MAJOR, NULL, writeByteString, writeHead } from '../bytes/cbor-head.ts';
import type { PublicKey } from '../sign/algorithm.ts';
import { MAX_PROOF_LENGTH } from '../tree/verify.ts';
import { algorithmId } from './algorithm.ts';
import { keyThumbprint } from './key.ts';
import { CLAIM, HEADER, PROOF, VDS_RFC9162_SHA256 } from './labels.ts';

/** The protected header that receipts share: alg, kid, issuer, subject, `iat` (POSIX seconds) and vds 1. */
export function receiptProtected(
  key: PublicKey,
  issuer: string,
  subject: string,
  time: number,
): Uint8Array<ArrayBuffer> {
  const claims = new Map<CborKey, CborValue>([
    [CLAIM.iss, issuer],
    [CLAIM.sub, subject],
    [CLAIM.iat, time],
  ]);
  return encodeCbor(
    new Map<CborKey, CborValue>([
      [HEADER.alg, algorithmId(key.algorithm)],
      [HEADER.kid, keyThumbprint(key)],
      [HEADER.cwtClaims, claims],
      [HEADER.vds, VDS_RFC9162_SHA256],
    ]),
  );
}

/** What all receipts of one tree head share. `signature` covers `sigStructure(protectedBytes, root)`. */
export interface ReceiptHead {
  readonly protectedBytes: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * A receipt that an entry is in the tree. A path of a length no such tree has is a bug of the caller: RangeError.
 */
export function encodeInclusionReceipt(
  head: ReceiptHead,
  size: TreeSize,
  index: LeafIndex,
  path: readonly Digest[],
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(receiptLength(head, size, index, path.length));
  writeInclusionReceipt(out, 0, head, size, index, path);
  return out;
}

/** Writes that receipt at `at`, where `receiptLength` bytes are free, and returns where the next byte goes. */
export function writeInclusionReceipt(
  out: Uint8Array,
  at: number,
  head: ReceiptHead,
  size: TreeSize,
  index: LeafIndex,
  path: readonly Digest[],
): number {
  if (index >= size || (path.length === 0 && size !== 1)) {
    throw new RangeError(`no receipt for leaf ${index} of ${size} with ${path.length} hashes`);
  }
  return layOut(out, at, head, PROOF.inclusion, size, index, path);
}

/** A receipt that a tree of size `to` begins with one of size `from`; the signature covers the newer root. */
export function encodeConsistencyReceipt(
  head: ReceiptHead,
  from: TreeSize,
  to: TreeSize,
  path: readonly Digest[],
): Uint8Array<ArrayBuffer> {
  if (path.length === 0) throw new RangeError(`no receipt from size ${from} to ${to}: the proof is empty`);
  const out = new Uint8Array(receiptLength(head, from, to, path.length));
  layOut(out, 0, head, PROOF.consistency, from, to, path);
  return out;
}

/** Bytes of one hash in a path, with its head. */
const HASH_ITEM = 2 + DIGEST_LENGTH;

/** Bytes of a receipt with these two numbers and a path of `hashes`; it grows with each of the three. */
export function receiptLength(head: ReceiptHead, first: number, second: number, hashes: number): number {
  return (
    2 +
    byteStringLength(head.protectedBytes.length) +
    7 +
    byteStringLength(proofLength(first, second, hashes)) +
    1 +
    byteStringLength(head.signature.length)
  );
}

function proofLength(first: number, second: number, hashes: number): number {
  return 1 + headLength(first) + headLength(second) + headLength(hashes) + HASH_ITEM * hashes;
}

/** 18([protected, {396: {kind: [<<[first, second, path]>>]}}, null, signature]) */
function layOut(
  out: Uint8Array,
  start: number,
  { protectedBytes, signature }: ReceiptHead,
  kind: number,
  first: number,
  second: number,
  path: readonly Digest[],
): number {
  if (path.length > MAX_PROOF_LENGTH) throw new RangeError(`a path of ${path.length} hashes`);
  let at = writeHead(out, start, MAJOR.tag, 18);
  at = writeHead(out, at, MAJOR.array, 4);
  at = writeByteString(out, at, protectedBytes);
  at = writeHead(out, at, MAJOR.map, 1);
  at = writeHead(out, at, MAJOR.uint, HEADER.vdp);
  at = writeHead(out, at, MAJOR.map, 1);
  at = writeHead(out, at, MAJOR.nint, -1 - kind);
  at = writeHead(out, at, MAJOR.array, 1);
  at = writeHead(out, at, MAJOR.bytes, proofLength(first, second, path.length));
  at = writeHead(out, at, MAJOR.array, 3);
  at = writeHead(out, at, MAJOR.uint, first);
  at = writeHead(out, at, MAJOR.uint, second);
  at = writeHead(out, at, MAJOR.array, path.length);
  for (const hash of path) at = writeByteString(out, at, hash);
  out[at++] = NULL;
  return writeByteString(out, at, signature);
}
