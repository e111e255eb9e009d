/**
 * The body of a witness request `sign-subtree` (C2SP tlog-witness), and its reply:
 *
 *     subtree <start> <end>
 *     <base64 hash>           of the subtree
 *     <base64 hash>           0 to 63 lines: subtree consistency proof to the checkpoint
 *
 *     <checkpoint cosigned by the witness that is asked>
 *
 * A witness of ours answers with signature lines. In v1.1.0 the reply was base64 of the bare signature, on one line, and
 * C2SP #346 takes the eight zero bytes of the timestamp out of the lines; `parseSubtreeReply` and
 * `verifySubtreeCosignature` read all of these.
 */
import type { Digest } from '../bytes/brand.ts';
import { refuse } from '../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatBase64 } from '../bytes/text.ts';
import { SIGNATURE_LENGTH } from '../sign/algorithm.ts';
import { parseCheckpoint } from './checkpoint.ts';
import {
  formatHeader,
  readBase64,
  readDecimal,
  readDigest,
  readHashes,
  readLines,
  readText,
  readValue,
  splitHeader,
} from './fields.ts';
import { sameHandle, type NoteVerifier } from './key.ts';
import { parseNote, parseSignatures, type SignatureLine } from './note.ts';

/** Leaves [start, end), their Merkle tree hash, and the proof that the tree of a cosigned checkpoint contains them. */
export interface SignSubtree {
  readonly start: number;
  readonly end: number;
  readonly hash: Digest;
  readonly proof: readonly Digest[];
  /** Signed note bytes. */
  readonly checkpoint: Uint8Array;
}

/** The request body. More than 63 hashes: RangeError. */
export function formatSignSubtree(request: SignSubtree): Uint8Array<ArrayBuffer> {
  const { start, end, hash, proof, checkpoint } = request;
  const header = formatHeader([`subtree ${start} ${end}`, formatBase64(hash)], proof);
  return encodeUtf8(header + decodeUtf8(checkpoint));
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

/** A signature alone, or behind the eight zero bytes of a timestamp. */
const BARE_LENGTHS: readonly number[] = [SIGNATURE_LENGTH['ml-dsa-44'], 8 + SIGNATURE_LENGTH['ml-dsa-44']];

/**
 * The cosigner's line in a reply of either form. Refuses `malformed-note`, and `unknown-signer` when the
 * reply has no line of this key. The line is not verified here: `verifySubtreeCosignature` does that.
 */
export function parseSubtreeReply(body: Uint8Array | string, cosigner: NoteVerifier): SignatureLine {
  const text = readText(body, 'malformed-note');
  const [only = '', ...rest] = readLines(text, 'malformed-note');
  if (rest.length === 0 && !only.includes(' ')) {
    const signature = readBase64(only, 'malformed-note', 'subtree signature');
    if (!BARE_LENGTHS.includes(signature.length))
      throw refuse('malformed-note', `a bare reply of ${signature.length} bytes is no ML-DSA-44 signature`);
    return { name: cosigner.name, id: cosigner.id, blob: signature };
  }
  const line = parseSignatures(text).find((each) => sameHandle(each, cosigner));
  if (line === undefined)
    throw refuse('unknown-signer', `the reply holds no line by the expected key of ${cosigner.name}`);
  return line;
}
