/** SHA-256 with the native code of Node. */
import { createHash } from 'node:crypto';
import { digest, type Digest } from '../bytes/brand.ts';

export function sha256(...parts: readonly Uint8Array[]): Digest {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return digest(Uint8Array.from(hash.digest()));
}
