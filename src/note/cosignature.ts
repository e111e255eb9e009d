/**
 * Timestamped cosignatures (C2SP tlog-cosignature). The blob of a signature line is
 *
 *     u64 timestamp ‖ signature        POSIX seconds; Ed25519 64 bytes (type 04), ML-DSA-44 2420 (type 06)
 *
 * Ed25519 signs "cosignature/v1\ntime <timestamp>\n" and the whole checkpoint text. ML-DSA-44 signs
 *
 *     "subtree/v1\n\0" ‖ u8 length ‖ cosigner name ‖ u64 timestamp ‖ u8 length ‖ origin ‖ u64 start ‖ u64 end ‖ hash
 *
 * with start 0 and end the tree's size for a checkpoint; extension lines are not covered. A timestamp of 0
 * claims nothing about recency, and must be 0 when start is not.
 */
import type { Digest } from '../bytes/brand.ts';
import { concatBytes } from '../bytes/compare.ts';
import { bigEndian, Cursor } from '../bytes/cursor.ts';
import { refuse } from '../bytes/refusal.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { SIGNATURE_LENGTH } from '../sign/algorithm.ts';
import { signerId, type NoteSigner } from './key.ts';
import type { SignatureLine } from './note.ts';

/** Longest origin in bytes that a type 06 cosignature can cover: its length is one byte. */
export const MAX_COSIGNED_ORIGIN = 255;

/** Leaves [start, end) of the log `origin`, and their Merkle tree hash. */
export interface Subtree {
  readonly origin: string;
  readonly start: number;
  readonly end: number;
  readonly hash: Digest;
}

const LABEL = encodeUtf8('subtree/v1\n\0');
const BLOB_LENGTH = { 4: 8 + SIGNATURE_LENGTH.ed25519, 6: 8 + SIGNATURE_LENGTH['ml-dsa-44'] } as const;

/** The bytes an Ed25519 cosigner signs. `text`: the checkpoint's, without signatures; `time`: POSIX seconds. */
export function cosignatureMessage(text: string, time: number): Uint8Array<ArrayBuffer> {
  assertTime(time);
  return encodeUtf8(`cosignature/v1\ntime ${time}\n${text}`);
}

/**
 * The bytes an ML-DSA-44 cosigner signs. Refuses `malformed-checkpoint` for an origin over 255 bytes; a bad
 * range, or a time with a start that is not 0, is a bug of the caller: RangeError.
 */
export function subtreeMessage(cosigner: string, time: number, subtree: Subtree): Uint8Array<ArrayBuffer> {
  const { start, end, hash } = subtree;
  assertTime(time);
  if (start > end || (start !== 0 && time !== 0))
    throw new RangeError(`subtree [${start}, ${end}) at time ${time}`);
  const name = encodeUtf8(cosigner);
  const origin = encodeUtf8(subtree.origin);
  if (origin.length > MAX_COSIGNED_ORIGIN) {
    throw refuse(
      'malformed-checkpoint',
      `an origin over ${MAX_COSIGNED_ORIGIN} bytes has no ML-DSA-44 signatures`,
    );
  }
  const range = concatBytes(bigEndian(start, 8), bigEndian(end, 8), hash);
  return concatBytes(LABEL, counted(name), bigEndian(time, 8), counted(origin), range);
}

/** `opaque<1..255>` (RFC 8446 §3.4): one byte of length, then the bytes. */
function counted(bytes: Uint8Array): Uint8Array {
  return concatBytes(bigEndian(bytes.length, 1), bytes);
}

function assertTime(time: number): void {
  if (!Number.isSafeInteger(time) || time < 0) throw new RangeError(`not a POSIX time: ${time}`);
}

/** `timestamped_signature`: the blob of a cosignature line. */
export function encodeTimed(time: number, signature: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes(bigEndian(time, 8), signature);
}

/**
 * Takes a `timestamped_signature` apart; undefined when its length is not the type's. Refuses
 * `unknown-signer` for a timestamp above 2^53−1, which no clock shows for the next 285 million years.
 */
export function decodeTimed(
  type: 4 | 6,
  blob: Uint8Array,
): { time: number; signature: Uint8Array } | undefined {
  if (blob.length !== BLOB_LENGTH[type]) return undefined;
  const cursor = new Cursor(blob, 'unknown-signer');
  return { time: cursor.u64(), signature: cursor.take(cursor.remaining) };
}

/**
 * Cosigns a subtree with an ML-DSA-44 key (C2SP tlog-witness §sign-subtree). The caller has checked that the
 * subtree is consistent with a checkpoint it cosigned. No timestamp: a subtree says nothing of recency.
 */
export async function cosignSubtree(subtree: Subtree, signer: NoteSigner): Promise<SignatureLine> {
  const { name, type } = signer;
  if (type !== 6) throw new RangeError('only a type 06 key cosigns subtrees');
  const signature = await signer.signer.sign(subtreeMessage(name, 0, subtree));
  return { name, id: signerId(signer), blob: encodeTimed(0, signature) };
}
