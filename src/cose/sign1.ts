/**
 * COSE_Sign1 (RFC 9052 §4.2): tag 18 on [protected, unprotected, payload, signature]. Statements and
 * receipts are both such messages. Stricter than COSE: outside and protected header must be deterministic
 * CBOR, so that no two parsers disagree; the registration policy declares it. The protected header is
 * signed, hashed and passed on as it came: it is read, and never written again.
 */
import { decodeCbor, encodeCbor, isCborArray, isCborMap, isCborTag } from '../bytes/cbor.ts';
import type { CborKey, CborLimits, CborMap, CborValue } from '../bytes/cbor.ts';
import { byteStringLength, MAJOR, NULL, writeByteString, writeHead } from '../bytes/cbor-head.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { refuse } from '../bytes/refusal.ts';
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

/** A message taken apart; its byte strings are copies. */
export interface Sign1 {
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

/**
 * Takes a message apart. Refuses `malformed-cbor`, `non-deterministic` and `too-large` as `decodeCbor`
 * does, and `malformed-statement` or `malformed-receipt` for another shape, a label in both headers
 * (RFC 9052 §3) or a critical header that is missing or not understood (RFC 9052 §3.1).
 */
export function decodeSign1(
  bytes: Uint8Array,
  limits?: Partial<CborLimits>,
  kind: Sign1Kind = 'statement',
): Sign1 {
  const message = decodeCbor(bytes, limits);
  if (!isCborTag(message)) throw refuse(MALFORMED[kind], `a ${kind} is a COSE_Sign1 message with tag 18`);
  const { value } = message;
  if (!isCborArray(value) || value.length !== 4) {
    throw refuse(MALFORMED[kind], 'a COSE_Sign1 message is an array of four');
  }
  const [protectedBytes, unprotected, payload, signature] = value;
  if (
    !(protectedBytes instanceof Uint8Array) ||
    !isCborMap(unprotected) ||
    !(payload instanceof Uint8Array || payload === null) ||
    !(signature instanceof Uint8Array)
  ) {
    throw refuse(MALFORMED[kind], 'a COSE_Sign1 message holds bytes, a map, bytes or null, and bytes');
  }
  const headers = protectedBytes.length === 0 ? NO_HEADERS : decodeCbor(protectedBytes, limits);
  if (!isCborMap(headers)) throw refuse(MALFORMED[kind], 'the protected header is not a map');
  checkHeaders(headers, unprotected, kind);
  return { protectedBytes, headers, unprotected, payload, signature };
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
