/**
 * COSE_Sign1 (RFC 9052 §4.2): tag 18 on [protected, unprotected, payload, signature]. Statements and
 * receipts are both such messages. Stricter than COSE: outside and protected header must be deterministic
 * CBOR, so that no two parsers disagree; the registration policy declares it. The protected header is
 * signed, hashed and passed on as it came: it is read, and never written again.
 */
import { decodeCbor, encodeCbor, isCborArray, isCborMap, scanCbor, scanWhole } from '../bytes/cbor.ts';
import type { CborKey, CborLimits, CborMap, CborValue } from '../bytes/cbor.ts';
import {
  byteStringAt,
  byteStringLength,
  MAJOR,
  NULL,
  writeByteString,
  writeHead,
} from '../bytes/cbor-head.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { HEADER } from './labels.ts';

/** What a message is read as: it decides the refusals' code and which critical headers are understood. */
export type Sign1Kind = 'statement' | 'receipt';

/** The code of a refusal of each kind's shape. */
export const MALFORMED = { statement: 'malformed-statement', receipt: 'malformed-receipt' } as const;

const UNDERSTOOD: Record<Sign1Kind, ReadonlySet<CborKey>> = {
  statement: new Set<CborKey>([
    HEADER.alg,
    HEADER.crit,
    HEADER.contentType,
    HEADER.kid,
    HEADER.cwtClaims,
    HEADER.payloadHashAlg,
    HEADER.preimageContentType,
    HEADER.payloadLocation,
  ]),
  receipt: new Set<CborKey>([HEADER.alg, HEADER.crit, HEADER.kid, HEADER.cwtClaims, HEADER.vds]),
};

/** A message taken apart; its byte strings are views of it. */
export interface Sign1 {
  /** All of it, as received. */
  readonly message: Uint8Array;
  /** As received: what is signed and what is logged. */
  readonly protectedBytes: Uint8Array;
  /** The protected header, decoded. */
  readonly headers: CborMap;
  readonly unprotected: CborMap;
  /** Null: detached. */
  readonly payload: Uint8Array | null;
  readonly signature: Uint8Array;
}

/** The encoding of what most messages have as unprotected header. */
const EMPTY_MAP = Uint8Array.of(0xa0);

/** An empty header map. */
export const NO_HEADERS: CborMap = new Map();

/** How a protected header is read; `headerMemo` is another way. */
export type ReadHeaders = (protectedBytes: Uint8Array) => CborMap;

/**
 * Takes a message apart. Refuses `malformed-cbor`, `non-deterministic` and `too-large` as `decodeCbor`
 * does, and `malformed-statement` or `malformed-receipt` for another shape, a label in both headers
 * (RFC 9052 §3) or a critical header that is missing or not understood (RFC 9052 §3.1).
 */
export function decodeSign1(
  bytes: Uint8Array,
  limits?: Partial<CborLimits>,
  kind: Sign1Kind = 'statement',
  readHeaders: ReadHeaders = (protectedBytes) => decodeHeaders(protectedBytes, kind, limits),
): Sign1 {
  const frame = openFrame(bytes, limits, kind);
  const headers = readHeaders(frame.protectedBytes);
  checkHeaders(headers, frame.unprotected, kind);
  return { ...frame, headers };
}

/** Tag 18 and the head of an array of four: the frame is read by hand, since a log reads thousands a second. */
const TAG_SIGN1 = 0xd2;
const ARRAY_OF_FOUR = 0x84;

function openFrame(
  bytes: Uint8Array,
  limits: Partial<CborLimits> | undefined,
  kind: Sign1Kind,
): Omit<Sign1, 'headers'> {
  const { own } = scanWhole(bytes, limits); // from here on every head is whole and in its shortest form
  if (own[0] !== TAG_SIGN1) throw refuse(MALFORMED[kind], `a ${kind} is a COSE_Sign1 message with tag 18`);
  if (own[1] !== ARRAY_OF_FOUR) throw refuse(MALFORMED[kind], 'a COSE_Sign1 message is an array of four');
  const header = byteStringAt(own, 2);
  if (header === undefined) throw misshapen(kind);
  const map = header.end;
  if ((own[map] ?? 0) >> 5 !== MAJOR.map) throw misshapen(kind);
  const next = scanCbor(own, map, limits);
  const payload = own[next] === NULL ? null : byteStringAt(own, next);
  if (payload === undefined) throw misshapen(kind);
  const signature = byteStringAt(own, payload === null ? next + 1 : payload.end);
  if (signature === undefined) throw misshapen(kind);
  return {
    message: own,
    protectedBytes: own.subarray(header.start, header.end),
    unprotected: own[map] === EMPTY_MAP[0] ? NO_HEADERS : decodeMap(own.subarray(map, next), kind, limits),
    payload: payload === null ? null : own.subarray(payload.start, payload.end),
    signature: own.subarray(signature.start, signature.end),
  };
}

function misshapen(kind: Sign1Kind): Refusal {
  return refuse(MALFORMED[kind], 'a COSE_Sign1 message holds bytes, a map, bytes or null, and bytes');
}

/** Reads a protected header: a map, or nothing. Refuses as `decodeSign1` does. */
export function decodeHeaders(
  protectedBytes: Uint8Array,
  kind: Sign1Kind,
  limits?: Partial<CborLimits>,
): CborMap {
  return protectedBytes.length === 0 ? NO_HEADERS : decodeMap(protectedBytes, kind, limits);
}

function decodeMap(bytes: Uint8Array, kind: Sign1Kind, limits?: Partial<CborLimits>): CborMap {
  const map = decodeCbor(bytes, limits);
  if (!isCborMap(map)) throw refuse(MALFORMED[kind], 'the protected header is not a map');
  return map;
}

function checkHeaders(headers: CborMap, unprotected: CborMap, kind: Sign1Kind): void {
  for (const label of unprotected.keys()) {
    if (headers.has(label)) throw refuse(MALFORMED[kind], `label ${label} is in both headers; keep one`);
  }
  if (unprotected.has(HEADER.crit)) throw refuse(MALFORMED[kind], 'crit belongs in the protected header');
  const critical = headers.get(HEADER.crit);
  if (critical !== undefined) checkCritical(critical, headers, kind);
}

function checkCritical(critical: CborValue, headers: CborMap, kind: Sign1Kind): void {
  if (!isCborArray(critical) || critical.length === 0) {
    throw refuse(MALFORMED[kind], 'crit is not an array of labels');
  }
  for (const label of critical) {
    if (!isLabel(label) || !UNDERSTOOD[kind].has(label)) {
      throw refuse(MALFORMED[kind], 'crit names a header that is not understood here; leave it out');
    }
    if (!headers.has(label)) throw refuse(MALFORMED[kind], 'crit names a header that is not protected');
  }
}

function isLabel(value: CborValue): value is CborKey {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string';
}

/** Puts a message together: deterministic, tagged, the protected header as given. */
export function encodeSign1(
  message: Pick<Sign1, 'protectedBytes' | 'unprotected' | 'payload' | 'signature'>,
): Uint8Array<ArrayBuffer> {
  const { protectedBytes, payload, signature } = message;
  const unprotected = message.unprotected.size === 0 ? EMPTY_MAP : encodeCbor(message.unprotected);
  const out = new Uint8Array(
    2 +
      byteStringLength(protectedBytes.length) +
      unprotected.length +
      (payload === null ? 1 : byteStringLength(payload.length)) +
      byteStringLength(signature.length),
  );
  let at = writeHead(out, 0, MAJOR.tag, 18);
  at = writeHead(out, at, MAJOR.array, 4);
  at = writeByteString(out, at, protectedBytes);
  out.set(unprotected, at);
  at += unprotected.length;
  if (payload === null) out[at++] = NULL;
  else at = writeByteString(out, at, payload);
  writeByteString(out, at, signature);
  return out;
}

const CONTEXT = encodeUtf8('Signature1');

/**
 * What a signature covers: ["Signature1", protected, h'', payload] (RFC 9052 §4.4). A protected header
 * that came as h'a0', an empty map, counts as h'' there.
 */
export function sigStructure(protectedBytes: Uint8Array, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const isEmpty = protectedBytes.length === 1 && protectedBytes[0] === 0xa0;
  const body = isEmpty ? protectedBytes.subarray(1) : protectedBytes;
  const out = new Uint8Array(
    2 + CONTEXT.length + byteStringLength(body.length) + 1 + byteStringLength(payload.length),
  );
  let at = writeHead(out, 0, MAJOR.array, 4);
  at = writeHead(out, at, MAJOR.text, CONTEXT.length);
  out.set(CONTEXT, at);
  at = writeByteString(out, at + CONTEXT.length, body);
  at = writeHead(out, at, MAJOR.bytes, 0);
  writeByteString(out, at, payload);
  return out;
}
