/** Reads records and handshake messages of a server (RFC 8446 §5): first unencrypted, then encrypted ones. */
import {
  createDecipheriv,
  createHash,
  createHmac,
  type DecipherCCM,
  type DecipherChaCha20Poly1305,
  type DecipherGCM,
} from 'node:crypto';
import { concatBytes } from '../../bytes/compare.ts';
import { bigEndian } from '../../bytes/cursor.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import type { Suite13 } from '../../evidence/tls-names.ts';
import { Ended, type Wire } from '../wire.ts';

const RECORD = { changeCipherSpec: 20, alert: 21, handshake: 22, application: 23 } as const;

/** Most bytes of an encrypted record (RFC 8446 §5.2), and of a handshake message that is read. */
const MAX_RECORD = 16_384 + 256;
const MAX_MESSAGE = 49_152;

/** Most warning alerts that are accepted. */
const MAX_WARNINGS = 4;

/** Decrypts a record, and returns its inner type and content. */
type Open = (header: Uint8Array, sealed: Uint8Array) => { type: number; content: Uint8Array };

/** Reads whole handshake messages, with their headers. Throws `Ended` for everything else. */
export class Messages {
  readonly #wire: Wire;
  #pending: Uint8Array = new Uint8Array();
  #warnings = 0;
  #open: Open | undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Decrypts all further records with `open`. A message that spans this change is refused (RFC 8446 §5.1). */
  encrypted(open: Open): void {
    if (this.#pending.length > 0) throw new Ended('garbage', 'a message spans a change of keys');
    this.#open = open;
  }

  async next(): Promise<Uint8Array> {
    for (;;) {
      const [, high = 0, mid = 0, low = 0] = this.#pending;
      const length = 4 + high * 65_536 + mid * 256 + low;
      if (this.#pending.length >= 4 && length > MAX_MESSAGE)
        throw new Ended('too-large', `a handshake message has ${length} bytes`);
      if (this.#pending.length >= 4 && this.#pending.length >= length) {
        const message = this.#pending.slice(0, length);
        this.#pending = this.#pending.subarray(length);
        return message;
      }
      this.#pending = concatBytes(this.#pending, await this.#more());
    }
  }

  /** More bytes of a message. If the connection closes in the middle of one, it is `broken`, since an answer had begun. */
  async #more(): Promise<Uint8Array> {
    try {
      return await this.#handshakeBytes();
    } catch (error) {
      if (error instanceof Ended && error.kind === 'closed' && this.#pending.length > 0)
        throw new Ended('broken', `${error.message} in the middle of a message`);
      throw error;
    }
  }

  async #body(length: number): Promise<Uint8Array> {
    try {
      return await this.#wire.read(length);
    } catch (error) {
      if (error instanceof Ended && error.kind === 'closed')
        throw new Ended('broken', `${error.message} in the middle of a record`);
      throw error;
    }
  }

  /** Whether an alert is a warning after which old servers go on, such as `unrecognized_name`. After a few it says no. */
  #isWarning([level, code, ...more]: Uint8Array): boolean {
    const goesOn = level === WARNING && code !== CLOSE_NOTIFY && more.length === 0;
    return goesOn && ++this.#warnings <= MAX_WARNINGS;
  }

  /** Content of the next handshake record. */
  async #handshakeBytes(): Promise<Uint8Array> {
    for (;;) {
      const header = await this.#wire.read(5);
      const [outer = 0, major = 0, , high = 0, low = 0] = header;
      const length = high * 256 + low;
      if (major !== 3 || outer < 20 || outer > 23) throw new Ended('garbage', 'the answer is not TLS');
      if (length > MAX_RECORD) throw new Ended('garbage', `a record has ${length} bytes`);
      const sealed = await this.#body(length);
      // TLS 1.3 sends this record for old middleboxes only; it means nothing (RFC 8446 §5).
      if (outer === RECORD.changeCipherSpec && length === 1 && sealed[0] === 1) continue;
      const isSealed = this.#open !== undefined && outer === RECORD.application;
      const { type, content } =
        isSealed && this.#open !== undefined ? this.#open(header, sealed) : { type: outer, content: sealed };
      if (type === RECORD.alert) {
        if (this.#open === undefined && this.#isWarning(content)) continue;
        throw alertOf(content);
      }
      // Once there are keys, only alerts may still be unencrypted.
      if (type !== RECORD.handshake || content.length === 0 || (this.#open !== undefined && !isSealed))
        throw new Ended('garbage', `an unexpected record of type ${type}`);
      return content;
    }
  }
}

/** Level of alerts that do not end a connection in TLS 1.2 and older (RFC 5246 §7.2), and the alert that ends it at any level. */
const WARNING = 1;
const CLOSE_NOTIFY = 0;

function alertOf(content: Uint8Array): Ended {
  const [level, code] = content;
  if (content.length !== 2 || level === undefined || code === undefined)
    return new Ended('garbage', 'an alert is not two bytes long');
  if (code === CLOSE_NOTIFY) return new Ended('closed', 'the target closed the connection');
  return new Ended('alert', `alert ${code} ${alertName(code)}`, code);
}

/**
 * Decrypts the server's handshake records (RFC 8446 §7.1, §7.3, §5.2). `secret`: the shared secret. `opening`: all messages up
 * to the ServerHello, as the hash takes them.
 */
export function handshakeKeys(suite: Suite13, secret: Uint8Array, opening: Uint8Array): Open {
  const hashOf = (bytes: Uint8Array): Uint8Array => createHash(suite.hash).update(bytes).digest();
  const extract = (salt: Uint8Array, ikm: Uint8Array): Uint8Array =>
    createHmac(suite.hash, salt).update(ikm).digest();
  // One block of output is enough, since nothing here is longer than the hash.
  const expand = (key: Uint8Array, label: string, context: Uint8Array, length: number): Uint8Array => {
    const name = encodeUtf8(`tls13 ${label}`);
    const size = bigEndian(length, 2);
    const info = concatBytes(size, bigEndian(name.length, 1), name, bigEndian(context.length, 1), context);
    return createHmac(suite.hash, key).update(info).update(Uint8Array.of(1)).digest().subarray(0, length);
  };
  const nothing = new Uint8Array();
  const size = hashOf(nothing).length;
  const early = extract(new Uint8Array(size), new Uint8Array(size));
  const handshake = extract(expand(early, 'derived', hashOf(nothing), size), secret);
  const traffic = expand(handshake, 's hs traffic', hashOf(opening), size);
  const key = expand(traffic, 'key', nothing, suite.keyLength);
  const iv = expand(traffic, 'iv', nothing, 12);
  let sequence = 0;
  return (header, sealed) => {
    const counter = concatBytes(new Uint8Array(4), bigEndian(sequence++, 8));
    const nonce = iv.map((byte, i) => byte ^ (counter[i] ?? 0));
    return unwrap(decrypt(suite, key, nonce, header, sealed));
  };
}

function decrypt(
  { cipher, tagLength }: Suite13,
  key: Uint8Array,
  nonce: Uint8Array,
  header: Uint8Array,
  sealed: Uint8Array,
): Uint8Array {
  if (sealed.length <= tagLength) throw new Ended('garbage', 'an encrypted record is too short');
  try {
    const plaintextLength = sealed.length - tagLength;
    const decipher = decipherOf(cipher, key, nonce, tagLength);
    decipher.setAuthTag(sealed.subarray(plaintextLength));
    decipher.setAAD(header, { plaintextLength });
    return concatBytes(decipher.update(sealed.subarray(0, plaintextLength)), decipher.final());
  } catch {
    throw new Ended('garbage', 'an encrypted record does not open');
  }
}

/** Makes the decipher. node:crypto has a type of its own for each mode, so each is called by its name. */
function decipherOf(
  cipher: Suite13['cipher'],
  key: Uint8Array,
  nonce: Uint8Array,
  authTagLength: number,
): DecipherCCM | DecipherGCM | DecipherChaCha20Poly1305 {
  if (cipher === 'aes-128-ccm') return createDecipheriv(cipher, key, nonce, { authTagLength });
  return cipher === 'chacha20-poly1305'
    ? createDecipheriv(cipher, key, nonce, { authTagLength })
    : createDecipheriv(cipher, key, nonce, { authTagLength });
}

/** Reads a `TLSInnerPlaintext`: the last byte that is not zero is the type (RFC 8446 §5.4). */
function unwrap(inner: Uint8Array): { type: number; content: Uint8Array } {
  const last = inner.findLastIndex((byte) => byte !== 0);
  const type = inner[last];
  if (type === undefined) throw new Ended('garbage', 'an encrypted record is empty');
  return { type, content: inner.subarray(0, last) };
}

const NAMES: Readonly<Record<number, string>> = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  22: 'record_overflow',
  40: 'handshake_failure',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  109: 'missing_extension',
  110: 'unsupported_extension',
  112: 'unrecognized_name',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
};

function alertName(code: number): string {
  return NAMES[code] ?? 'unknown';
}
