/**
 * Salts of declared files: HMAC-SHA-256(secret, path ‖ SHA-256), first 16 bytes. The same file gets the same
 * salt each time, so that committing it twice makes the same bytes; without the secret no guess at a file
 * can be checked against the log. The secret never leaves this machine; a lost one costs only the sameness.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatHex, parseHex } from '../../bytes/text.ts';
import { createSecretFile, readSecretFile } from '../../keys/file.ts';
import { SALT_LENGTH } from '../../statement/saltedleaf.ts';
import { makeFolder } from '../../platform/files.ts';
import type { FileFact } from '../opening.ts';

const SECRET_LENGTH = 32;

/** The secret in a file of mode 0600, made when there is none. Refuses `key-file`. */
export async function loadSaltSecret(path: string): Promise<Uint8Array> {
  await makeFolder(dirname(path), 0o700);
  try {
    await createSecretFile(path, encodeUtf8(`${formatHex(randomBytes(SECRET_LENGTH))}\n`));
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== 'exists-already') throw error;
  }
  const text = decodeUtf8(await readSecretFile(path)).replace(/\n$/, '');
  if (!/^[0-9a-f]{64}$/.test(text))
    throw refuse('key-file', `${path} is not a salt secret of 64 hex digits; move it away`);
  return parseHex(text);
}

/** The salt of a file. The digest has a fixed length, so where the path ends is never in doubt. */
export function saltOf(secret: Uint8Array, { path, sha256 }: FileFact): Uint8Array {
  const mac = createHmac('sha256', secret).update(encodeUtf8(path)).update(sha256);
  return new Uint8Array(mac.digest().subarray(0, SALT_LENGTH));
}
