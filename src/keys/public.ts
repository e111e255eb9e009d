/**
 * Public keys as people hand them around: SubjectPublicKeyInfo as PEM (RFC 7468 §13), an OpenSSH
 * `ssh-ed25519` line (RFC 4253 §6.6 in base64), or a COSE_Key (RFC 9052 §7) as base64, hex or bytes.
 */
import { createPublicKey } from 'node:crypto';
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { decodeUtf8, parseBase64, parseHex } from '../bytes/text.ts';
import { decodeCoseKey } from '../cose/key.ts';
import { assertStrongKey, type PublicKey } from '../sign/algorithm.ts';
import { publicKeyOf } from './native.ts';
import { parseEd25519Blob } from './sshwire.ts';

const SSH_LINE = /^ssh-ed25519 +([A-Za-z0-9+/=]+)(?: [^\n]*)?$/;
/** A COSE_Key is a map of a few members, so as bytes it begins with no letter of a text. */
const COSE_KEY_HEAD = /^[\u{a1}-\u{b7}]$/u;

/** Whether a file holds a private key. Read that with `loadKeyFile`, which refuses a file that others may read. */
export function isPrivateKeyText(bytes: Uint8Array): boolean {
  return /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(new TextDecoder().decode(bytes.subarray(0, 64)));
}

/** The key in a file, in any of the forms. Refuses as `parsePublicKey` does. */
export function readPublicKey(bytes: Uint8Array, name: string): PublicKey {
  const first = String.fromCodePoint(bytes[0] ?? 0);
  if (COSE_KEY_HEAD.test(first)) return strong(() => decodeCoseKey(bytes).key, name);
  return parsePublicKey(textOf(bytes, name), name);
}

/**
 * The key in a text. `name` says in messages what it was. Refuses `malformed-key`, `weak-key`,
 * `unsupported-algorithm`.
 */
export function parsePublicKey(given: string, name: string): PublicKey {
  const text = given.replaceAll('\r\n', '\n').trim();
  const [, blob] = SSH_LINE.exec(text) ?? [];
  return strong(() => {
    if (blob !== undefined) return { algorithm: 'ed25519', bytes: parseEd25519Blob(parseBase64(blob)) };
    if (text.startsWith('-----BEGIN PUBLIC KEY-----')) return publicKeyOf(createPublicKey(text));
    // Base64 of a COSE_Key begins with "p": no text is both.
    return decodeCoseKey(/^[0-9a-f]+$/.test(text) ? parseHex(text) : parseBase64(text)).key;
  }, name);
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return decodeUtf8(bytes);
  } catch (error) {
    throw unknownForm(name, 'it is neither text nor a COSE_Key', error);
  }
}

function strong(read: () => PublicKey, name: string): PublicKey {
  let key: PublicKey;
  try {
    key = read();
  } catch (error) {
    if (error instanceof Refusal && error.code === 'unsupported-algorithm') throw error;
    throw unknownForm(name, error instanceof Refusal ? error.message : 'OpenSSL cannot read it', error);
  }
  assertStrongKey(key);
  return key;
}

function unknownForm(name: string, why: string, cause: unknown): Refusal {
  const forms = 'a PEM file, an ssh-ed25519 line, or a COSE_Key in base64 or hex';
  return refuse('malformed-key', `${printable(name, 60)} is no public key (${why}); give ${forms}`, {
    cause,
  });
}
