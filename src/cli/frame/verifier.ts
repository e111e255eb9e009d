/** The single-file verifier that lies beside the built command (src/build/verifier.ts); none in a checkout. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../../platform/place.ts';

export function builtVerifier(): Uint8Array | undefined {
  const path = join(import.meta.dirname, 'verify.mjs');
  return existsSync(path) ? readFileSync(path) : undefined;
}

/** Its version and SHA-256, hex; undefined in a checkout. */
export function releasedVerifier(): { readonly version: string; readonly sha256: string } | undefined {
  const bytes = builtVerifier();
  return bytes && { version: VERSION, sha256: createHash('sha256').update(bytes).digest('hex') };
}
