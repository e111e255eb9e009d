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

/**
 * A receipt that an entry is in the tree. `signature` covers `sigStructure(protectedBytes, root)`. A path
 * of a length no such tree has is a bug of the caller: RangeError.
 */
export function encodeInclusionReceipt(
  protectedBytes: Uint8Array,
  signature: Uint8Array,
  size: TreeSize,
  index: LeafIndex,
  path: readonly Digest[],
): Uint8Array<ArrayBuffer> {
  if (index >= size || (path.length === 0 && size !== 1)) {
    throw new RangeError(`no receipt for leaf ${index} of ${size} with ${path.length} hashes`);
  }
  return layOut(protectedBytes, signature, PROOF.inclusion, size, index, path);
}

/** A receipt that a tree of size `to` begins with one of size `from`; `signature` covers the newer root. */
export function encodeConsistencyReceipt(
  protectedBytes: Uint8Array,
  signature: Uint8Array,
  from: TreeSize,
  to: TreeSize,
  path: readonly Digest[],
): Uint8Array<ArrayBuffer> {
  if (path.length === 0) throw new RangeError(`no receipt from size ${from} to ${to}: the proof is empty`);
  return layOut(protectedBytes, signature, PROOF.consistency, from, to, path);
}

/** Bytes of one hash in a path, with its head. */
const HASH_ITEM = 2 + DIGEST_LENGTH;

/** 18([protected, {396: {kind: [<<[first, second, path]>>]}}, null, signature]) */
function layOut(
  protectedBytes: Uint8Array,
  signature: Uint8Array,
  kind: number,
  first: number,
  second: number,
  path: readonly Digest[],
): Uint8Array<ArrayBuffer> {
  if (path.length > MAX_PROOF_LENGTH) throw new RangeError(`a path of ${path.length} hashes`);
  const proofLength =
    1 + headLength(first) + headLength(second) + headLength(path.length) + HASH_ITEM * path.length;
  const out = new Uint8Array(
    2 +
      byteStringLength(protectedBytes.length) +
      7 +
      byteStringLength(proofLength) +
      1 +
      byteStringLength(signature.length),
  );
  let at = writeHead(out, 0, MAJOR.tag, 18);
  at = writeHead(out, at, MAJOR.array, 4);
  at = writeByteString(out, at, protectedBytes);
  at = writeHead(out, at, MAJOR.map, 1);
  at = writeHead(out, at, MAJOR.uint, HEADER.vdp);
  at = writeHead(out, at, MAJOR.map, 1);
  at = writeHead(out, at, MAJOR.nint, -1 - kind);
  at = writeHead(out, at, MAJOR.array, 1);
  at = writeHead(out, at, MAJOR.bytes, proofLength);
  at = writeHead(out, at, MAJOR.array, 3);
  at = writeHead(out, at, MAJOR.uint, first);
  at = writeHead(out, at, MAJOR.uint, second);
  at = writeHead(out, at, MAJOR.array, path.length);
  for (const hash of path) at = writeByteString(out, at, hash);
  out[at++] = NULL;
  writeByteString(out, at, signature);
  return out;
}
