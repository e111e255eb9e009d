/**
 * The body of a witness request `sign-subtree` (C2SP tlog-witness), and its reply:
 *
 *     subtree <start> <end>
 *     <base64 hash>           of the subtree
 *     <base64 hash>           0 to 63 lines: subtree consistency proof to the checkpoint
 *
 *     <checkpoint cosigned by the witness that is asked>
 *
 * A witness of ours answers with signature lines (spec/witness.md).
 */
import type { Digest } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { readDecimal, readDigest, readHashes, readText, readValue, splitHeader } from './fields.ts';
import { parseNote } from './note.ts';

/** Leaves [start, end), their Merkle tree hash, and the proof that the tree of a cosigned checkpoint contains them. */
export interface SignSubtree {
  readonly start: number;
  readonly end: number;
  readonly hash: Digest;
  readonly proof: readonly Digest[];
  /** Signed note bytes. */
  readonly checkpoint: Uint8Array;
}

/**
 * Reads a request body: syntax only. Whether [start, end) is a subtree of the checkpoint's tree is the
 * witness's to check. Refuses `bad-request`, `malformed-note`, `malformed-checkpoint`, `too-large`.
 */
export function parseSignSubtree(body: Uint8Array | string): SignSubtree {
  const code = 'bad-request';
  const { header, checkpoint } = splitHeader(readText(body, code), code);
  const [first, second, ...lines] = header;
  const [start, end, ...rest] = readValue(first, 'subtree', code).split(' ');
  if (start === undefined || end === undefined || second === undefined || rest.length > 0) {
    throw refuse(code, 'expected "subtree <start> <end>" and the hash of the subtree');
  }
  parseCheckpoint(parseNote(checkpoint).text);
  return {
    start: readDecimal(start, code, 'start'),
    end: readDecimal(end, code, 'end'),
    hash: readDigest(second, code, 'subtree hash'),
    proof: readHashes(lines, code),
    checkpoint: encodeUtf8(checkpoint),
  };
}
