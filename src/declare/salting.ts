/**
 * Salts, and the digests that replace sensitive values: HMAC-SHA-256 with a secret of the owner. A leaf gets the same
 * salt each time, so that committing it again makes the same bytes. Without the secret nobody can check a guess at a
 * leaf against the log. The secret never leaves its machine. If it is lost, later commitments have other salts, and
 * earlier ones can still be opened with their files.
 */
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { encodeUtf8 } from '../bytes/text.ts';
import { SALT_LENGTH } from '../statement/saltedleaf.ts';
import type { FileFact } from './opening.ts';

/** HMAC-SHA-256 over the parts, one after another. */
export type Hmac = (secret: Uint8Array, ...parts: readonly Uint8Array[]) => Uint8Array;

/** Runs anywhere. Node has a faster one (node/salts.ts). */
export const portableHmac: Hmac = (secret, ...parts) => {
  const hash = nobleHmac.create(sha256, secret);
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** HMAC over purpose and path, each followed by a zero byte (which neither contains), and the value. */
export function macOf(
  { secret, hmac }: Salting,
  purpose: 'salt' | 'sensitive',
  path: string,
  value: Uint8Array,
): Uint8Array {
  return hmac(secret, encodeUtf8(`${purpose}\0${path}\0`), value);
}

/** The salt of a leaf of a source. */
export function saltOf(salting: Salting, path: string, value: Uint8Array): Uint8Array {
  return macOf(salting, 'salt', path, value).subarray(0, SALT_LENGTH);
}

/** The salt of a file: HMAC over path and digest. The digest has a fixed length, so no two pairs give the same bytes. */
export function saltOfFile({ secret, hmac }: Salting, { path, sha256: digest }: FileFact): Uint8Array {
  return hmac(secret, encodeUtf8(path), digest).subarray(0, SALT_LENGTH);
}

/** Whose secret, and how to use it. */
export interface Salting {
  readonly secret: Uint8Array;
  readonly hmac: Hmac;
}
