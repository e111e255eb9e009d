/** Ed25519 public keys as SSH has them (RFC 8709 §4): the `string` "ssh-ed25519", then the `string` of the 32 bytes. */
import { equalBytes } from '../bytes/compare.ts';
import { Cursor } from '../bytes/cursor.ts';
import { refuse } from '../bytes/refusal.ts';
import { readSshString, sshString } from '../bytes/ssh-string.ts';
import { encodeUtf8 } from '../bytes/text.ts';

/** Name of the key type; of SSH's, only its signatures are plain signatures over our own message. */
export const SSH_ED25519 = encodeUtf8('ssh-ed25519');

/** Bytes of an Ed25519 public key. */
const ED25519_LENGTH = 32;

/** Whether a public key blob says it is of type `ssh-ed25519` (RFC 8709 §4). */
export function isEd25519Blob(blob: Uint8Array): boolean {
  const head = sshString(SSH_ED25519);
  return equalBytes(blob.subarray(0, head.length), head);
}

/** The 32 bytes of an `ssh-ed25519` public key blob (RFC 8709 §4). Refuses `key-file`. */
export function parseEd25519Blob(blob: Uint8Array): Uint8Array {
  const cursor = new Cursor(blob, 'key-file');
  if (!equalBytes(readSshString(cursor), SSH_ED25519))
    throw refuse('key-file', 'not an ssh-ed25519 public key');
  const key = readSshString(cursor);
  cursor.end();
  if (key.length !== ED25519_LENGTH) throw refuse('key-file', 'an ssh-ed25519 public key is 32 bytes long');
  return Uint8Array.from(key);
}
