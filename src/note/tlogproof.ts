/**
 * `.tlog-proof` files (C2SP tlog-proof): an inclusion proof and the checkpoint it leads to, in one text.
 *
 *     c2sp.org/tlog-proof@v1
 *     extra <base64>          optional; unauthenticated, never to be trusted by itself
 *     index <decimal>
 *     <base64 hash>           0 to 63 lines, the leaf's sibling first
 *
 *     <checkpoint, verbatim with its signatures>
 *
 * Unlike a COSE receipt it authenticates the tree's size, and with it the index.
 */
import { leafIndex, type Digest, type LeafIndex } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatBase64 } from '../bytes/text.ts';
import type { VerifySignature } from '../sign/algorithm.ts';
import { verifyInclusion } from '../tree/verify.ts';
import { parseCheckpoint, type OpenedCheckpoint } from './checkpoint.ts';
import {
  formatHeader,
  readBase64,
  readDecimal,
  readHashes,
  readText,
  readValue,
  splitHeader,
} from './fields.ts';
import { parseNote } from './note.ts';
import { openTrusted, type TrustPolicy } from './trust.ts';

/** First line of every proof. */
export const TLOG_PROOF_VERSION = 'c2sp.org/tlog-proof@v1';

/** A proof that some leaf is at `index` in the tree of `checkpoint` (signed note bytes). */
export interface TlogProof {
  readonly index: LeafIndex;
  readonly path: readonly Digest[];
  readonly checkpoint: Uint8Array;
  /** Opaque, unauthenticated. */
  readonly extra?: Uint8Array;
}

/** The text of a proof, as bytes. More than 63 hashes: RangeError. */
export function formatTlogProof({ index, path, checkpoint, extra }: TlogProof): Uint8Array<ArrayBuffer> {
  const fields = [TLOG_PROOF_VERSION, `index ${index}`];
  if (extra !== undefined && extra.length > 0) fields.splice(1, 0, `extra ${formatBase64(extra)}`);
  return encodeUtf8(formatHeader(fields, path) + decodeUtf8(checkpoint));
}

/** Reads a proof; nothing of it is verified. Refuses `malformed-proof`, `malformed-note`, `malformed-checkpoint`. */
export function parseTlogProof(bytes: Uint8Array | string): TlogProof {
  const code = 'malformed-proof';
  const { header, checkpoint } = splitHeader(readText(bytes, code), code);
  const [version, ...fields] = header;
  if (version !== TLOG_PROOF_VERSION) throw refuse(code, `the first line is not "${TLOG_PROOF_VERSION}"`);
  const extra = fields[0]?.startsWith('extra ') === true ? readExtra(fields.shift()) : {};
  const index = readDecimal(readValue(fields.shift(), 'index', code), code, 'index');
  const path = readHashes(fields, code);
  parseCheckpoint(parseNote(checkpoint).text);
  return { index: leafIndex(index), path, checkpoint: encodeUtf8(checkpoint), ...extra };
}

function readExtra(line: string | undefined): { extra: Uint8Array } {
  const extra = readBase64(readValue(line, 'extra', 'malformed-proof'), 'malformed-proof', 'extra data');
  if (extra.length === 0)
    throw refuse('malformed-proof', 'the extra line is empty; without extra data it is left out');
  return { extra };
}

/**
 * Verifies a proof for a leaf hash: the checkpoint under the policy (log signature, witness quorum), then
 * the path from leaf to root (C2SP tlog-proof §Verifying a tlog proof). Refuses as `openTrusted` does, and
 * `proof-failed`.
 */
export function verifyTlogProof(
  proof: TlogProof,
  leaf: Digest,
  policy: TrustPolicy,
  verify?: VerifySignature,
): OpenedCheckpoint {
  const opened = openTrusted(proof.checkpoint, policy, verify);
  const { size, root } = opened.checkpoint;
  verifyInclusion(proof.index, size, leaf, proof.path, root);
  return opened;
}
