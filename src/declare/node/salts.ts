/** The secret of the owner that salts derive from (salting.ts), in a file of its own. */
import { createHmac, randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { decodeUtf8, encodeUtf8, formatHex, parseHex } from '../../bytes/text.ts';
import { createSecretFile, readSecretFile } from '../../keys/file.ts';
import { makeFolder } from '../../platform/files.ts';
import type { Salting } from '../salting.ts';

const SECRET_LENGTH = 32;

/** Reads the secret from a file of mode 0600, and makes it if there is none. Refuses `key-file`. */
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

/** Salting by a secret, with the HMAC of Node. */
export function saltingBy(secret: Uint8Array): Salting {
  return {
    secret,
    hmac: (key, ...parts) => {
      const hash = createHmac('sha256', key);
      for (const part of parts) hash.update(part);
      return new Uint8Array(hash.digest());
    },
  };
}
