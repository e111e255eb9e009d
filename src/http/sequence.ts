/**
 * Many statements in one request, as CBOR sequences (RFC 8742). In: statements, one after another. Out:
 * one map each, in the same order, each with its own status:
 *
 *     {"status": 201, "entry": bstr .size 32, "index": uint, "receipt": bstr}     logged
 *     {"status": 202, "entry": bstr .size 32, "index": uint}                      logged; ask for the receipt later
 *     {"status": 4xx, "code": text, -1: title, -2: detail}                        refused (the keys of RFC 9290)
 */
import { encodeCbor, type CborValue } from '../bytes/cbor.ts';
import { skipCbor } from '../bytes/cbor-skip.ts';
import { concatBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { byteStringLength, headLength, MAJOR, writeByteString, writeHead } from '../bytes/cbor-head.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import type { Outcome } from '../log/ports.ts';

/**
 * The statements of a sequence, as views of its bytes; what each holds is not judged here. Refuses an
 * empty sequence, one of more than `most` items (`too-large`), and one that cannot be cut.
 */
export function splitSequence(bytes: Uint8Array, most: number): readonly Uint8Array[] {
  const items: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    if (items.length === most) throw refuse('too-large', `a batch may have ${most} statements; send several`);
    const end = endOf(bytes, at, items.length);
    items.push(bytes.subarray(at, end));
    at = end;
  }
  if (items.length === 0) throw refuse('bad-request', 'the sequence is empty; send one statement at least');
  return items;
}

function endOf(bytes: Uint8Array, at: number, item: number): number {
  try {
    return skipCbor(bytes, at);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const where = `item ${item} of the sequence, at byte ${at}`;
    throw refuse(error.code, `${where}: ${error.message}; nothing of the batch was logged`, { cause: error });
  }
}

/** The sequence of results. */
export function encodeOutcomes(outcomes: readonly Outcome[]): Uint8Array {
  return concatBytes(...outcomes.map(encodeOutcome));
}

function encodeOutcome(outcome: Outcome): Uint8Array {
  if (outcome.kind === 'refused') {
    const { status, code, title, message } = outcome.refusal;
    const members: [string | number, CborValue][] = [
      ['status', status],
      ['code', code],
      [-1, title],
      [-2, message],
    ];
    return encodeCbor(new Map(members));
  }
  return encodeLogged(outcome);
}

/** Heads and keys: a map of four, "entry" and the head of 32 bytes, "index", "status", "receipt". */
const ENTRY = Uint8Array.of(0xa4, 0x65, ...encodeUtf8('entry'), 0x58, 0x20);
const MAP_OF_THREE = 0xa3;
const INDEX = Uint8Array.of(0x65, ...encodeUtf8('index'));
const STATUS = Uint8Array.of(0x66, ...encodeUtf8('status'));
const RECEIPT = Uint8Array.of(0x67, ...encodeUtf8('receipt'));

/** The hot path of batches, written byte by byte: keys in the order of their encodings (RFC 8949 §4.2.1). */
function encodeLogged({ id, index, receipt }: Extract<Outcome, { kind: 'logged' }>): Uint8Array {
  const length =
    headLength(index) + (receipt === undefined ? 0 : RECEIPT.length + byteStringLength(receipt.length));
  const out = new Uint8Array(ENTRY.length + 32 + INDEX.length + STATUS.length + 2 + length);
  out.set(ENTRY);
  out.set(Uint8Array.fromHex(id), ENTRY.length);
  let at = ENTRY.length + 32;
  out.set(INDEX, at);
  at = writeHead(out, at + INDEX.length, MAJOR.uint, index);
  out.set(STATUS, at);
  at = writeHead(out, at + STATUS.length, MAJOR.uint, receipt === undefined ? 202 : 201);
  if (receipt === undefined) {
    out[0] = MAP_OF_THREE;
    return out;
  }
  out.set(RECEIPT, at);
  writeByteString(out, at + RECEIPT.length, receipt);
  return out;
}
