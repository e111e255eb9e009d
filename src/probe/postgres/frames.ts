/**
 * Cuts the bytes of a PostgreSQL server into messages (PostgreSQL, "Message Formats") and checks each one before the library
 * sees it. The parser of the library trusts the server: on a malformed message it may read past the end, or never stop.
 */
import { concatBytes } from '../../bytes/compare.ts';

/** Most bytes of a message. The longest that an honest server sends is an error, or a row of a catalogue. */
const MAX_MESSAGE = 1_048_576;
const HEAD = 5;

/** A message that no honest server sends; `message` is for people. */
export class BadMessage extends Error {
  override readonly name = 'BadMessage';
}

/** Authentication codes that are understood. */
export const AUTH = { ok: 0, cleartext: 3, md5: 5, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;

/** Takes bytes as they arrive and returns whole messages, each with its type and length in front. */
export class Frames {
  #left: Uint8Array = new Uint8Array();
  readonly #onAuth: (code: number) => void;

  /** `onAuth` is called with the code of each authentication message. It may throw. */
  constructor(onAuth: (code: number) => void) {
    this.#onAuth = onAuth;
  }

  /** Returns the messages that are complete with this chunk. Throws `BadMessage`. */
  take(chunk: Uint8Array): readonly Uint8Array[] {
    let bytes = this.#left.length === 0 ? chunk : concatBytes(this.#left, chunk);
    const messages: Uint8Array[] = [];
    while (bytes.length >= HEAD) {
      const length = viewOf(bytes).getUint32(1);
      if (length < 4 || length > MAX_MESSAGE) throw new BadMessage(`a message of ${length} bytes`);
      if (bytes.length < length + 1) break;
      const message = bytes.subarray(0, length + 1);
      this.#check(message);
      messages.push(message);
      bytes = bytes.subarray(length + 1);
    }
    this.#left = bytes.slice();
    return messages;
  }

  #check(message: Uint8Array): void {
    const type = String.fromCharCode(message[0] ?? 0);
    const body = message.subarray(HEAD);
    if (type === 'R') return this.#auth(body);
    const isFine = BODIES[type];
    if (isFine?.(body) !== true)
      throw new BadMessage(`a message of type "${printableType(type)}" that is malformed`);
  }

  #auth(body: Uint8Array): void {
    const code = body.length < 4 ? -1 : viewOf(body).getUint32(0);
    const fine =
      ((code === AUTH.ok || code === AUTH.cleartext) && body.length === 4) ||
      (code === AUTH.md5 && body.length === 8) ||
      (code === AUTH.sasl && isMechanisms(body.subarray(4))) ||
      code === AUTH.saslContinue ||
      code === AUTH.saslFinal;
    if (!fine) throw new BadMessage('a way of authentication that is not understood');
    this.#onAuth(code);
  }
}

const empty = (body: Uint8Array): boolean => body.length === 0;

/** The form of each message that a session of the probe can receive, by its type. */
const BODIES: Readonly<Record<string, (body: Uint8Array) => boolean>> = {
  1: empty, // ParseComplete
  2: empty, // BindComplete
  3: empty, // CloseComplete
  n: empty, // NoData
  s: empty, // PortalSuspended
  I: empty, // EmptyQueryResponse
  A: (body) => body.length >= 4 && isTexts(body.subarray(4), 2), // NotificationResponse
  C: (body) => isTexts(body, 1), // CommandComplete
  D: isRow, // DataRow
  E: isReport, // ErrorResponse
  K: (body) => body.length === 8, // BackendKeyData
  N: isReport, // NoticeResponse
  S: (body) => isTexts(body, 2), // ParameterStatus
  T: isDescription, // RowDescription
  Z: (body) => body.length === 1, // ReadyForQuery
  t: (body) => body.length >= 2 && body.length === 2 + 4 * viewOf(body).getUint16(0), // ParameterDescription
};

/** Exactly so many texts, each ended by a zero byte. */
function isTexts(body: Uint8Array, count: number): boolean {
  let at = 0;
  for (let i = 0; i < count; i++) {
    const end = body.indexOf(0, at);
    if (end < 0) return false;
    at = end + 1;
  }
  return at === body.length;
}

/** Texts, the last of them empty. */
function isMechanisms(body: Uint8Array): boolean {
  let at = 0;
  for (;;) {
    const end = body.indexOf(0, at);
    if (end < 0) return false;
    if (end === at) return end === body.length - 1;
    at = end + 1;
  }
}

/** Fields, each a letter and a text, and a zero byte. */
function isReport(body: Uint8Array): boolean {
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const end = body.indexOf(0, at + 1);
    if (end < 0) return false;
    at = end + 1;
  }
  return at === body.length - 1;
}

function isDescription(body: Uint8Array): boolean {
  if (body.length < 2) return false;
  let at = 2;
  for (let left = viewOf(body).getUint16(0); left > 0; left--) {
    const end = body.indexOf(0, at);
    if (end < 0 || end + 19 > body.length) return false;
    at = end + 19;
  }
  return at === body.length;
}

function isRow(body: Uint8Array): boolean {
  if (body.length < 2) return false;
  const view = viewOf(body);
  let at = 2;
  for (let left = view.getUint16(0); left > 0; left--) {
    if (at + 4 > body.length) return false;
    const length = view.getInt32(at);
    at += 4 + Math.max(0, length);
    if (length < -1 || at > body.length) return false;
  }
  return at === body.length;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function printableType(type: string): string {
  return /^[\x20-\x7e]$/.test(type) ? type : '?';
}
