/**
 * Transparent Statements (RFC 9943 §7): a statement that carries its receipts in the unprotected header
 * (label 394), all else unchanged. Other unprotected labels may stand beside them.
 */
import { isCborArray, type CborKey, type CborValue } from '../bytes/cbor.ts';
import { CBOR_LIMITS, type CborLimits } from '../bytes/cbor-scan.ts';
import { refuse } from '../bytes/refusal.ts';
import { HEADER } from './labels.ts';
import { decodeSign1, encodeSign1, type Sign1 } from './sign1.ts';
import { entryBytes } from './statement.ts';

/** Receipts on one statement. */
const MAX_RECEIPTS = 16;

/** A statement and as many receipts, each as long as it may be. */
export const TRANSPARENT_LIMITS: Partial<CborLimits> = {
  maxBytes: CBOR_LIMITS.maxBytes * (1 + MAX_RECEIPTS),
};

/**
 * Adds receipts behind those that the statement carries (they are in order of priority). Refuses as
 * `decodeSign1` does, `malformed-receipt` for a receipt that is not COSE_Sign1, `too-large` beyond 16.
 */
export function attachReceipts(
  statement: Uint8Array,
  receipts: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  if (receipts.length === 0) throw new RangeError('no receipts to attach');
  const sign1 = decodeSign1(statement, TRANSPARENT_LIMITS);
  // Receipts of other logs may be of kinds we do not read.
  for (const receipt of receipts) decodeSign1(receipt, {}, 'receipt');
  const all = [...carried(sign1), ...receipts];
  if (all.length > MAX_RECEIPTS) {
    throw refuse('too-large', `a statement carries at most ${MAX_RECEIPTS} receipts; leave some out`);
  }
  const unprotected = new Map<CborKey, CborValue>(sign1.unprotected).set(HEADER.receipts, all);
  return encodeSign1({ ...sign1, unprotected });
}

/**
 * Takes a transparent statement apart: the entry as logged, and the receipts in order of priority, each for
 * `decodeReceipt` (which may refuse one of another kind while others count). Refuses as `decodeSign1` does,
 * and `malformed-statement` when it carries no receipts or more than 16.
 */
export function detachReceipts(transparent: Uint8Array): {
  readonly statement: Uint8Array;
  readonly receipts: readonly Uint8Array[];
} {
  const sign1 = decodeSign1(transparent, TRANSPARENT_LIMITS);
  const receipts = carried(sign1);
  if (receipts.length === 0)
    throw refuse('malformed-statement', 'the statement carries no receipts (label 394)');
  return { statement: entryBytes(sign1), receipts };
}

function carried({ unprotected }: Sign1): readonly Uint8Array[] {
  const list = unprotected.get(HEADER.receipts);
  if (list === undefined) return [];
  if (!isCborArray(list) || list.length === 0 || list.length > MAX_RECEIPTS) {
    throw refuse('malformed-statement', `label 394 is not a list of 1 to ${MAX_RECEIPTS} receipts`);
  }
  return list.map((receipt) => {
    if (!(receipt instanceof Uint8Array)) {
      throw refuse('malformed-statement', 'a receipt (label 394) is not wrapped in a byte string');
    }
    return receipt;
  });
}
