/**
 * The body of a witness request `add-checkpoint` (C2SP tlog-witness):
 *
 *     old <size>              of the checkpoint the witness cosigned last, 0 for none
 *     <base64 hash>           0 to 63 lines: RFC 6962 consistency proof from old to the new size
 *
 *     <checkpoint with the log's own signatures>
 *
 * Send the checkpoint with the log's own signature lines only: witnesses in use read no more than 16 KiB.
 */
import { treeSize, type Digest, type TreeSize } from '../bytes/brand.ts';
import { decodeUtf8, encodeUtf8 } from '../bytes/text.ts';
import { parseCheckpoint, type Cosignature } from './checkpoint.ts';
import { formatHeader, readDecimal, readHashes, readText, readValue, splitHeader } from './fields.ts';
import { parseNote } from './note.ts';

/** What a log asks a witness to cosign. `checkpoint`: signed note bytes. */
export interface AddCheckpoint {
  readonly old: TreeSize;
  readonly proof: readonly Digest[];
  readonly checkpoint: Uint8Array;
}

/** A witness's answer. Its cosignatures are verified: one for each key that was asked about. */
export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly cosignatures: readonly Cosignature[] }
  /** 409 with `text/x.tlog.size`: the size of the checkpoint that it cosigned last. */
  | { readonly kind: 'stands'; readonly size: TreeSize }
  /** 409 without a size, or 422: it knows another tree than this log's. */
  | { readonly kind: 'conflict'; readonly why: string }
  /** `retryAfterMs`: how long it asks the log to wait. */
  | { readonly kind: 'failed'; readonly why: string; readonly retryAfterMs?: number };

/** The request body. More than 63 hashes: RangeError. */
export function formatAddCheckpoint({ old, proof, checkpoint }: AddCheckpoint): Uint8Array<ArrayBuffer> {
  return encodeUtf8(formatHeader([`old ${old}`], proof) + decodeUtf8(checkpoint));
}

/**
 * Reads a request body: syntax only, for which a witness answers 400. Origin, signatures, sizes and proof
 * are the witness's to check, in its order. Refuses `bad-request`, `malformed-note`, `malformed-checkpoint`.
 */
export function parseAddCheckpoint(body: Uint8Array | string): AddCheckpoint {
  const code = 'bad-request';
  const { header, checkpoint } = splitHeader(readText(body, code), code);
  const [first, ...lines] = header;
  const old = treeSize(readDecimal(readValue(first, 'old', code), code, 'old size'));
  const proof = readHashes(lines, code);
  parseCheckpoint(parseNote(checkpoint).text);
  return { old, proof, checkpoint: encodeUtf8(checkpoint) };
}
