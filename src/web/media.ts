/** Media types, and values of `Cache-Control`. */

/** One COSE message, RFC 9052: a statement, a receipt, an entry. */
export const COSE = 'application/cose';
/** RFC 9943 §8: a signed or transparent statement, and a receipt. Sent to clients that prefer them to `COSE`. */
const SCITT_STATEMENT = 'application/scitt-statement+cose';
const SCITT_RECEIPT = 'application/scitt-receipt+cose';
/** The types of a statement and of a receipt; clients without a preference get the first. */
export const STATEMENT_TYPES: readonly [string, string] = [COSE, SCITT_STATEMENT];
export const RECEIPT_TYPES: readonly [string, string] = [COSE, SCITT_RECEIPT];
/** RFC 8742: many statements, many results. */
export const CBOR_SEQUENCE = 'application/cbor-seq';
export const CBOR = 'application/cbor';
export const BYTES = 'application/octet-stream';
export const TEXT = 'text/plain; charset=utf-8';
export const HTML = 'text/html; charset=utf-8';

/** For tiles, bundles and entries, which never change. */
export const IMMUTABLE = 'public, max-age=31536000, immutable';
/** C2SP tlog-tiles: a checkpoint may be cached for a few seconds at most. */
export const BRIEF = 'public, max-age=1';
/** Keys change rarely, and a new one is in force at once. */
export const FIVE_MINUTES = 'public, max-age=300';
/** A cache may keep the reply and must ask again before using it: receipts and proofs are made anew each time. */
export const FRESH = 'no-cache';
export const NEVER = 'no-store';

/** The same bytes as the Buffer that Fastify takes: a view, no copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
