/**
 * The single-file verifier, `verify.mjs` (src/build/verifier.ts). It lies beside the built command. A checkout makes it when it is
 * needed, from the same sources with the same bundler, so that a bundle has the same bytes wherever it is made.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VERSION } from '../../platform/place.ts';

const FILE = 'verify.mjs';

/** What makes it, in a checkout. It is run as a program of its own: a built command has neither it nor a bundler. */
const MAKER = join(import.meta.dirname, '../../build/verifier.ts');

/** Made once in a process. */
let made: Uint8Array | undefined;

/** The verifier that a bundle brings; undefined in a checkout that has no bundler, or where it fails. */
export function verifierToBring(): Uint8Array | undefined {
  return builtVerifier() ?? (made ??= madeVerifier());
}

function builtVerifier(): Uint8Array | undefined {
  const path = join(import.meta.dirname, FILE);
  return existsSync(path) ? readFileSync(path) : undefined;
}

function madeVerifier(): Uint8Array | undefined {
  if (!existsSync(MAKER)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'tallystick-verifier-'));
  try {
    const path = join(folder, FILE);
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_')));
    const { status } = spawnSync(process.execPath, [MAKER, path], { env, stdio: 'ignore' });
    return status === 0 ? readFileSync(path) : undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Version and SHA-256, hex, of the verifier that was released with this command; undefined in a checkout. */
export function releasedVerifier(): { readonly version: string; readonly sha256: string } | undefined {
  const bytes = builtVerifier();
  return bytes && { version: VERSION, sha256: createHash('sha256').update(bytes).digest('hex') };
}
