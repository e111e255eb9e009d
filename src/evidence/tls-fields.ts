/** The shapes that TLS messages are made of (RFC 8446 §3): vectors with their length in front, extensions. */
import { Cursor } from '../bytes/cursor.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';

const CODE = 'malformed-proof';

/** Handshake message types (RFC 8446 §4, RFC 5246 §7.4). */
export const HANDSHAKE = {
  clientHello: 1,
  serverHello: 2,
  encryptedExtensions: 8,
  certificate: 11,
  serverKeyExchange: 12,
  certificateRequest: 13,
  certificateVerify: 15,
} as const;

/** Extension types. */
export const EXTENSION = {
  serverName: 0,
  supportedGroups: 10,
  ecPointFormats: 11,
  srp: 12,
  signatureAlgorithms: 13,
  serverCertificateType: 20,
  encryptThenMac: 22,
  extendedMasterSecret: 23,
  supportedVersions: 43,
  cookie: 44,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const;

/** The refusal of a message, to throw. */
export function badMessage(what: string): Refusal {
  return refuse(CODE, `the transcript is malformed: ${what}`);
}

/** Marks a refusal of what TLS allows and this verifier does not read: another group, scheme, curve. */
const UNREAD = 'not read here';

/** The refusal of a message that is well formed and uses what is not read here, to throw. */
export function unread(what: string): Refusal {
  return refuse(CODE, `the transcript is not read here: ${what}`, { cause: UNREAD });
}

/** Whether a refusal says that something is not read here, and not that it is wrong. */
export function isUnread(error: unknown): error is Refusal & { readonly cause: typeof UNREAD } {
  return error instanceof Refusal && error.cause === UNREAD;
}

/** A cursor over the body of a handshake message of one type; its length must be that of the body. */
export function openMessage(message: Uint8Array, type: number, what: string): Cursor {
  const head = new Cursor(message, CODE);
  const found = head.u8();
  if (found !== type) throw badMessage(`expected ${what}, found a handshake message of type ${found}`);
  const body = vector24(head);
  head.end();
  return new Cursor(body, CODE);
}

/** `opaque<0..2^8-1>` (a view). */
export function vector8(cursor: Cursor): Uint8Array {
  return cursor.take(cursor.u8());
}
/** `opaque<0..2^16-1>` (a view). */
export function vector16(cursor: Cursor): Uint8Array {
  return cursor.take(cursor.u16());
}
/** `opaque<0..2^24-1>` (a view). */
export function vector24(cursor: Cursor): Uint8Array {
  return cursor.take(cursor.u8() * 65_536 + cursor.u16());
}

/** A list of 16-bit numbers, at least one. */
export function numbers16(bytes: Uint8Array, what: string): readonly number[] {
  const cursor = new Cursor(bytes, CODE);
  const out: number[] = [];
  while (cursor.remaining > 0) out.push(cursor.u16());
  if (out.length === 0) throw badMessage(`${what} is empty`);
  return out;
}

export type Extensions = ReadonlyMap<number, Uint8Array>;

/** A block of extensions that fills the bytes; none may occur twice. */
export function parseExtensions(block: Uint8Array): Extensions {
  const cursor = new Cursor(block, CODE);
  const out = new Map<number, Uint8Array>();
  while (cursor.remaining > 0) {
    const type = cursor.u16();
    if (out.has(type)) throw badMessage(`the extension ${type} occurs twice`);
    out.set(type, vector16(cursor));
  }
  return out;
}

/** A cursor over the body of an extension, or undefined when it is not there. */
export function extension(extensions: Extensions, type: number): Cursor | undefined {
  const body = extensions.get(type);
  return body === undefined ? undefined : new Cursor(body, CODE);
}
