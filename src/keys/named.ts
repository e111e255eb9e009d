/** Keys that a user names on the command line: in a file, in ssh-agent, behind a program, or spelled out. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadKeyFile, loadSigner } from './load.ts';
import { isOutsideKey } from './names.ts';
import { isPrivateKeyText, parsePublicKey, readPublicKey } from './public.ts';
import { refuse } from '../bytes/refusal.ts';
import type { PublicKey } from '../sign/algorithm.ts';
import { readNamedFile } from '../platform/files.ts';

/**
 * The public key that a user means: if a file has the given name, its key (of a private key the public half), else the
 * key that the text spells out. Refuses `malformed-key`, `weak-key`, `key-file`, `unsupported-algorithm`.
 */
export async function readNamedKey(given: string, cwd: string): Promise<PublicKey> {
  if (isOutsideKey(given)) return (await loadSigner(given)).publicKey;
  const path = resolve(cwd, given);
  if (!existsSync(path)) {
    if (FILE_NAME.test(given)) throw refuse('not-found', `${path} is not there; check its name`);
    return parsePublicKey(given, given);
  }
  const bytes = await readNamedFile(path);
  if ((await readNamedVkeys(given, cwd)) !== undefined)
    throw refuse(
      'malformed-key',
      `${given} holds the verifier key of a log or a witness, which signs checkpoints; give the public key of who signs statements`,
    );
  if (isPrivateKeyText(bytes)) return (await loadKeyFile(path)).publicKey;
  return readPublicKey(bytes, given);
}

/** The vkeys that a user means: the text itself, or the lines of a file of vkeys; undefined for anything else. */
export async function readNamedVkeys(given: string, cwd: string): Promise<readonly string[] | undefined> {
  if (VKEY.test(given)) return [given];
  const path = resolve(cwd, given);
  if (!existsSync(path)) return undefined;
  // A COSE_Key may be no text; then it holds no vkeys either.
  const lines = new TextDecoder()
    .decode(await readNamedFile(path))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return lines.length > 0 && lines.every((line) => VKEY.test(line)) ? lines : undefined;
}

/** Names with an ending, as files have, and paths: no key that is spelled out looks so. */
const FILE_NAME = /^(?:\.{0,2}\/.*|[^+=]*\.[A-Za-z][A-Za-z0-9]{0,7})$/;

const VKEY = /^\S+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/;
