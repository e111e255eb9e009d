/**
 * Files that hold a secret: readable and writable by their owner alone. Permissions are checked on the
 * open file, never on its name, so that it cannot be exchanged between the check and the read.
 */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { codeOf } from '../platform/fault.ts';
import { flushPath, writeFlushed } from '../platform/files.ts';

/** Permission bits of a secret: the owner reads and writes, nobody else does anything. */
const SECRET_MODE = 0o600;

/** No private key in any form we read comes near this. */
const MAX_SECRET_BYTES = 65_536;

/** Without O_NONBLOCK, opening a FIFO would wait for a writer for ever. */
const READING = constants.O_RDONLY | constants.O_NONBLOCK;

/** Bytes at the start of a file that show whether it is a public key. */
const PUBLIC_BEGINS = 64;

/**
 * Reads a secret. Refuses `key-file` when the path is not a regular file, belongs to someone else, can be
 * read or written by anyone but its owner, or is larger than any key. `missing`: what to do where there is none.
 */
export async function readSecretFile(path: string, missing = 'check its name'): Promise<Uint8Array> {
  await using file = await opened(path, READING, missing);
  const stats = await file.stat();
  if (!stats.isFile()) throw refuse('key-file', `${path} is not a regular file; name the key file itself`);
  assertPrivate(path, stats.mode, stats.uid);
  if (stats.size > MAX_SECRET_BYTES) throw refuse('key-file', `${path} is too large to be a key`);
  const bytes = new Uint8Array(MAX_SECRET_BYTES);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length);
    if (bytesRead === 0) return bytes.subarray(0, length);
    length += bytesRead;
  }
}

/** What a file is that may not be read as a secret, or is none; undefined for a private key, and for what cannot be told. */
export async function kindOf(path: string): Promise<'public' | 'folder' | 'other' | undefined> {
  try {
    await using file = await opened(path, READING, 'check its name');
    const stats = await file.stat();
    if (stats.isDirectory()) return 'folder';
    if (!stats.isFile()) return undefined;
    const { bytesRead, buffer } = await file.read(Buffer.alloc(PUBLIC_BEGINS), 0, PUBLIC_BEGINS, 0);
    const begins = buffer.toString('latin1', 0, bytesRead);
    if (/^(?:ssh-|ecdsa-|-----BEGIN [A-Z ]*PUBLIC KEY-----)/.test(begins)) return 'public';
    return stats.size > MAX_SECRET_BYTES || begins.startsWith('-----BEGIN ') ? undefined : 'other';
  } catch {
    return undefined; // the caller has a refusal that says more
  }
}

/**
 * Writes a new secret, durable when it returns. Refuses `exists-already` when anything, even a dangling
 * link, has the name.
 */
export async function createSecretFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFlushed(path, bytes, { mode: SECRET_MODE });
    await flushPath(dirname(path));
  } catch (error) {
    throw cannotOpen(path, error, 'make its directory first');
  }
}

async function opened(path: string, flags: number, missing: string): Promise<FileHandle> {
  try {
    return await open(path, flags, SECRET_MODE);
  } catch (error) {
    throw cannotOpen(path, error, missing);
  }
}

export function existsAlready(path: string): Refusal {
  return refuse(
    'exists-already',
    `${path} exists and is never overwritten; move it away or name another file`,
  );
}

function cannotOpen(path: string, error: unknown, missing: string): Refusal {
  const code = codeOf(error);
  if (code === 'EEXIST') return existsAlready(path);
  if (code === 'ENOENT') return refuse('key-file', `${path} does not exist; ${missing}`);
  return refuse('key-file', `${path} cannot be opened (${code}); check who may read it`, { cause: error });
}

/** Windows has neither mode bits nor user ids: its access lists are the administrator's business. */
function assertPrivate(path: string, mode: number, owner: number): void {
  const user = process.getuid?.();
  if (user === undefined) return;
  if (owner !== user) {
    throw refuse(
      'key-file',
      `${path} belongs to another user (uid ${owner}); run: chown ${user} ${path} && chmod 600 ${path}`,
    );
  }
  const others = mode % 0o100;
  if (others !== 0) {
    const bits = (mode % 0o1000).toString(8).padStart(4, '0');
    throw refuse('key-file', `${path} is open to others (mode ${bits}); run: chmod 600 ${path}`);
  }
}
