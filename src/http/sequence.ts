/**
 * Many statements in one request, as CBOR sequences (RFC 8742). In: statements, one after another. Out:
 * one map each, in the same order, each with its own status:
 *
 *     {"status": 201, "entry": bstr .size 32, "index": uint, "receipt": bstr}     logged
 *     {"status": 202, "entry": bstr .size 32, "index": uint}                      logged; ask for the receipt later
 *     {"status": 4xx, "code": text, -1: title, -2: detail}                        refused (the keys of RFC 9290)
 */
import { DIGEST_LENGTH } from '../bytes/brand.ts';
import { encodeCbor, type CborValue } from '../bytes/cbor.ts';
import { skipCbor } from '../bytes/cbor-skip.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { byteStringLength, headLength, MAJOR, writeByteString, writeHead } from '../bytes/cbor-head.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import type { Outcome } from '../log/ports.ts';
import { STATUSES, TITLES } from '../web/status.ts';

/**
 * The statements of a sequence, as views of its bytes; their contents are not checked here. Refuses an empty sequence
 * (`bad-request`), one of more than `most` items (`too-large`), and one that is not well-formed CBOR (`malformed-cbor`).
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
  const refusals = outcomes.map((each) =>
    each.kind === 'refused' ? encodeRefusal(each.refusal) : undefined,
  );
  const length = outcomes.reduce(
    (sum, each, i) => sum + (each.kind === 'logged' ? loggedLength(each) : (refusals[i]?.length ?? 0)),
    0,
  );
  const out = new Uint8Array(length);
  let at = 0;
  for (const [i, outcome] of outcomes.entries()) {
    const refusal = refusals[i];
    if (outcome.kind === 'logged') at = writeLogged(out, at, outcome);
    else if (refusal !== undefined) at = append(out, at, refusal);
  }
  return out;
}

function encodeRefusal({ code, message }: Refusal): Uint8Array {
  const members: [string | number, CborValue][] = [
    ['status', STATUSES[code]],
    ['code', code],
    [-1, TITLES[code]],
    [-2, message],
  ];
  return encodeCbor(new Map(members));
}

type Logged = Extract<Outcome, { kind: 'logged' }>;

/** Keys and heads, in the order of their encodings (RFC 8949 §4.2.1): "entry" with the head of 32 bytes, "index", … */
const ENTRY = Uint8Array.of(0x65, ...encodeUtf8('entry'), 0x58, 0x20);
const INDEX = Uint8Array.of(0x65, ...encodeUtf8('index'));
const STATUS = Uint8Array.of(0x66, ...encodeUtf8('status'));
const RECEIPT = Uint8Array.of(0x67, ...encodeUtf8('receipt'));
/** The head of 201 or 202. */
const STATUS_LENGTH = 2;

function loggedLength({ index, receipt }: Logged): number {
  const fixed = 1 + ENTRY.length + DIGEST_LENGTH + INDEX.length + STATUS.length + STATUS_LENGTH;
  const last = receipt === undefined ? 0 : RECEIPT.length + byteStringLength(receipt.length);
  return fixed + headLength(index) + last;
}

/** Writes one result by hand into the common buffer: this is the hot path of batches, and a buffer for each costs more. */
function writeLogged(out: Uint8Array, start: number, { id, index, receipt }: Logged): number {
  let at = writeHead(out, start, MAJOR.map, receipt === undefined ? 3 : 4);
  at = append(out, at, ENTRY);
  out.subarray(at, at + DIGEST_LENGTH).setFromHex(id);
  at = append(out, at + DIGEST_LENGTH, INDEX);
  at = writeHead(out, at, MAJOR.uint, index);
  at = append(out, at, STATUS);
  at = writeHead(out, at, MAJOR.uint, receipt === undefined ? 202 : 201);
  return receipt === undefined ? at : writeByteString(out, append(out, at, RECEIPT), receipt);
}

/** Writes bytes at `at` and returns where the next go. */
function append(out: Uint8Array, at: number, bytes: Uint8Array): number {
  out.set(bytes, at);
  return at + bytes.length;
}
