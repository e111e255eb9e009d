/**
 * Files that must be complete or absent: written beside their place, flushed, and then renamed; the folder is flushed,
 * too. Also folders, and reading files that a user named.
 */
import { link, mkdir, open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { plain } from '../bytes/brand.ts';
import { Refusal, refuse, type RefusalCode } from '../bytes/refusal.ts';
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

/** Most bytes of a named file, where the caller knows no smaller bound: keys, policies, lists and statements are far below. */
const MOST_NAMED = 268_435_456;

/**
 * Bytes of a file that a user named, at most `most` of them. It never waits: a pipe, a socket or a device has no size, and may
 * give nothing or never end. Refuses `not-found` for what cannot be read or is no regular file, and `too-large`.
 */
export async function readNamedFile(path: string, most = MOST_NAMED): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // Before it is opened: opening a device can change it.
    assertRegular(path, await stat(path));
    await using file = await open(path, NAMED);
    const { size } = assertRegular(path, await file.stat(), most);
    // A file whose size is 0 may be one that the kernel writes while it is read: those of /proc are.
    const read = size === 0 ? buffer(file.createReadStream({ end: most })) : file.readFile();
    return assertLength(path, plain(await read), most);
  } catch (error) {
    throw unread(path, error);
  }
}

/** The bytes of a file that a user named, part by part, whatever its size is. Refuses `not-found` as `readNamedFile`. */
export async function* partsOfNamed(path: string): AsyncGenerator<Uint8Array> {
  try {
    assertRegular(path, await stat(path));
    await using file = await open(path, NAMED);
    assertRegular(path, await file.stat());
    const chunk = Buffer.allocUnsafe(1_048_576);
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } catch (error) {
    throw unread(path, error);
  }
}

/** The last bytes of a file that a user named, `length` of them or all that it has, and its size. Refuses as `readNamedFile`. */
export async function readNamedEnd(
  path: string,
  length: number,
  most = MOST_NAMED,
): Promise<{ readonly last: Uint8Array; readonly size: number }> {
  try {
    assertRegular(path, await stat(path));
    await using file = await open(path, NAMED);
    const { size } = assertRegular(path, await file.stat(), most);
    const last = new Uint8Array(Math.min(length, size));
    const { bytesRead } = await file.read(last, 0, last.length, size - last.length);
    return { last: last.subarray(0, bytesRead), size };
  } catch (error) {
    throw unread(path, error);
  }
}

/** As `readNamedFile`, synchronously. */
export function readNamedFileSync(path: string, most = MOST_NAMED): Uint8Array<ArrayBuffer> {
  try {
    assertRegular(path, statSync(path), most);
    return assertLength(path, plain(readFileSync(path)), most);
  } catch (error) {
    throw unread(path, error);
  }
}

/** Without blocking: a pipe may take the place of the file after it was looked at. Windows has no such flag. */
const NAMED = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

function assertRegular(path: string, found: Stats, most = Infinity): Stats {
  if (found.isDirectory()) throw refuse('not-found', `cannot read ${path}: it is a folder; name a file`);
  if (!found.isFile())
    throw refuse(
      'not-found',
      `cannot read ${path}: it is ${kindOf(found)}, which may never end; write what it gives into a file, and name that`,
    );
  assertSize(path, found.size, most);
  return found;
}

function kindOf(found: Stats): string {
  if (found.isFIFO()) return 'a pipe';
  return found.isSocket() ? 'a socket' : 'a device';
}

function assertSize(path: string, size: number, most: number): void {
  if (size > most)
    throw refuse('too-large', `${path} has more than ${most} bytes, the most that are read of it`);
}

function assertLength<T extends Uint8Array>(path: string, bytes: T, most: number): T {
  assertSize(path, bytes.length, most);
  return bytes;
}

function unread(path: string, error: unknown): unknown {
  if (error instanceof Refusal) return error;
  const code = codeOf(error);
  if (code === 'ENOENT') return refuse('not-found', `${path} is not there; check its name`, { cause: error });
  if (code === 'ENOTDIR')
    return refuse('not-found', `${path} is not there: a part of its path is a file, and no folder`, {
      cause: error,
    });
  const why = whyNot(error);
  return refuse('not-found', `cannot read ${path} (${why})`, { cause: error });
}

/** Bytes of standard input, at most `most`. It may wait, since somebody is asked to write. Refuses `too-large`. */
export async function readPiped(
  input: AsyncIterable<Uint8Array>,
  most = MOST_NAMED,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    length += chunk.length;
    assertSize('standard input', length, most);
  }
  return plain(Buffer.concat(chunks));
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
