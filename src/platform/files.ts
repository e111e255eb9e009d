/**
 * Files that must be complete or absent: written beside their place, flushed, and then renamed; the folder is flushed,
 * too. Also folders, and reading files that a user named.
 */
import { link, mkdir, open, readFile, rename, unlink, type FileHandle } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { plain } from '../bytes/brand.ts';
import { refuse, type Refusal, type RefusalCode } from '../bytes/refusal.ts';
import type { Remedy } from '../bytes/remedy.ts';
import { codeOf, whyNot } from './fault.ts';

/** How the names of files end that were never finished. */
export const UNFINISHED = '.tmp';

/** How `makeFolder` refuses: its code, and the option that names the directory. */
interface FolderWords {
  readonly code?: RefusalCode;
  readonly remedy?: Remedy;
}

/**
 * Makes a directory and those above it that are missing. Refuses `store-failed`, or the caller's code. They are made one by
 * one, because Node's own `recursive` never returns if a file system answers ENOENT for what it does not allow (/proc).
 */
export async function makeFolder(path: string, mode = 0o777, words: FolderWords = {}): Promise<void> {
  if (isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) await makeFolder(above, mode, words);
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && isFolder(path)) return; // another process was faster
    const why = codeOf(error) === 'EEXIST' ? 'a file has that name' : codeOf(error);
    const { code = 'store-failed', remedy } = words;
    const what = `cannot make the directory ${path} (${why}); name one that can be written`;
    throw refuse(code, what, { cause: error, remedy });
  }
}

/** Makes a directory, and writes and removes a file in it. Refuses `store-failed` early, before work that needs to write there. */
export async function tryFolder(path: string): Promise<void> {
  await makeFolder(path);
  const trial = join(path, `.${randomUUID()}.tmp`);
  try {
    await (await open(trial, 'wx')).close();
    await unlink(trial);
  } catch (error) {
    const what = `cannot write in the directory ${path} (${codeOf(error)}); name one that can be written`;
    throw refuse('store-failed', what, { cause: error });
  }
}

/** Whether a directory has that name; false also if that cannot be found out: making it then says why. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Device and inode of the file at a path, to notice when another file has taken its name; undefined if there is none. */
export function fileAt(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino}`;
}

/** Writes a file that must not exist yet. True when it is new, false when the name was taken and nothing was done. */
export async function createFile(path: string, bytes: Uint8Array | string, mode = 0o644): Promise<boolean> {
  if (existsSync(path)) return false; // also where the disk is full
  return withTemporary(path, bytes, mode, async (temporary) => {
    try {
      // Unlike rename, link fails when somebody was faster.
      await link(temporary, path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    } finally {
      await unlink(temporary);
    }
    return true;
  });
}

/** Writes a file or replaces it: readers see the old one or the new one, never a part. */
export async function replaceFile(path: string, bytes: Uint8Array | string, mode = 0o644): Promise<void> {
  await withTemporary(path, bytes, mode, (temporary) => rename(temporary, path));
}

/**
 * Bytes of a file that a user named. For files that others made, `most` bounds it: at most one byte more is read, so that
 * the parser sees that the file is too large. Refuses `not-found` when it cannot be read.
 */
export async function readNamedFile(path: string, most?: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return plain(
      most === undefined ? await readFile(path) : await buffer(createReadStream(path, { end: most })),
    );
  } catch (error) {
    throw refuse('not-found', `cannot read ${path} (${codeOf(error)})`, { cause: error });
  }
}

/** Bytes of standard input, no more than `most` and one: as `readNamedFile`. */
export async function readPiped(input: AsyncIterable<Uint8Array>, most = Infinity): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) break;
  }
  return plain(Buffer.concat(chunks)).subarray(0, most + 1);
}

async function withTemporary<T>(
  path: string,
  bytes: Uint8Array | string,
  mode: number,
  place: (temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = temporaryFor(path);
  await makeFolder(dirname(path));
  try {
    await writeFlushed(temporary, bytes, { mode });
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw cannotWrite(path, error);
  }
  const placed = await place(temporary);
  await flushPath(dirname(path));
  return placed;
}

/**
 * As `replaceFile`, synchronously: for small files that are written together with a synchronous change of a database. The
 * directory must exist.
 */
export function replaceFileSync(path: string, bytes: Uint8Array | string, mode = 0o644): void {
  const temporary = temporaryFor(path);
  try {
    withFileSync(temporary, 'wx', mode, (file) => {
      writeFileSync(file, bytes);
      fsyncSync(file);
    });
    renameSync(temporary, path);
    withFileSync(dirname(path), 'r', undefined, fsyncSync);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw cannotWrite(path, error);
  }
}

/** Writes and flushes a file, which must not exist unless `flags` is `w`. Its name is durable once its folder is flushed. */
export async function writeFlushed(
  path: string,
  bytes: Uint8Array | string,
  { mode = 0o644, flags = 'wx' }: { readonly mode?: number; readonly flags?: 'w' | 'wx' } = {},
): Promise<void> {
  await using file = await open(path, flags, mode);
  await file.writeFile(bytes);
  await flush(file);
}

/** Flushes a file or a folder to the disk: a name, and a renaming, survive a power cut only once their folder is flushed. */
export async function flushPath(path: string): Promise<void> {
  await using held = await open(path, 'r');
  await flush(held);
}

/** The refusal of a file that cannot be written. */
export function cannotWrite(path: string, error: unknown): Refusal {
  return refuse('store-failed', `cannot write ${path} (${whyNot(error)})`, { cause: error });
}

function temporaryFor(path: string): string {
  return `${path}.${randomUUID()}${UNFINISHED}`;
}

function withFileSync(
  path: string,
  flags: 'r' | 'wx',
  mode: number | undefined,
  use: (file: number) => void,
): void {
  const file = openSync(path, flags, mode);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}

/** Node's permission model forbids fsync; an agent that it confines keeps all that must be durable in its database. */
async function flush(file: FileHandle): Promise<void> {
  if (process.permission === undefined) await file.sync();
}
