/** Reads what is installed below a folder, within bounds. No link is followed, and only regular files are opened. */
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, realpath, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { codeOf } from '../../platform/fault.ts';
import { openRegular } from '../../platform/regular.ts';

const MAX_THINGS = 200_000;
const MAX_BYTES = 4 * 1024 ** 3;
const MAX_DEPTH = 64;
/** What stands for the digest of a file that may be there, and that this agent may not read. */
export const UNREADABLE = 'unreadable';
/** Codes of the system for what is not there, or is no regular file. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

export type Kind = 'folder' | 'file' | 'link' | 'other';
export interface Entry {
  readonly name: string;
  readonly kind: Kind;
}

export class InstalledFolder {
  readonly root: string;
  readonly #signal: AbortSignal;
  readonly #most: number;
  #things = 0;
  bytes = 0;

  private constructor(root: string, signal: AbortSignal, most: number) {
    this.root = root;
    this.#signal = signal;
    this.#most = most;
  }

  /** `most`: bytes that are read of all files. `called`: words for it. Refuses `unavailable`, without repeating its path. */
  static async at(
    root: string,
    signal: AbortSignal,
    { most = MAX_BYTES, called = 'the target' }: { readonly most?: number; readonly called?: string } = {},
  ): Promise<InstalledFolder> {
    try {
      return new InstalledFolder(await realpath(root), signal, most);
    } catch {
      throw refuse('unavailable', `there is nothing at ${called} that this agent may read`);
    }
  }

  /** What is in a folder, in order; undefined if it cannot be read. Refuses `too-large`. */
  async entries(path: string): Promise<readonly Entry[] | undefined> {
    this.#signal.throwIfAborted();
    if (path.split('/').length > MAX_DEPTH)
      throw refuse('too-large', `there are more than ${MAX_DEPTH} folders one within another`);
    let found: readonly Dirent[];
    try {
      found = await readdir(join(this.root, path), { withFileTypes: true });
    } catch {
      return undefined;
    }
    this.#things += found.length;
    if (this.#things > MAX_THINGS)
      throw refuse('too-large', `there are more than ${MAX_THINGS} files and folders at the target`);
    return found
      .map((each) => ({ name: each.name, kind: kindOf(each) }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Where a link leads, told from the root; undefined for one that leads out of it, or nowhere. */
  async leads(path: string): Promise<string | undefined> {
    try {
      const at = await realpath(join(this.root, path));
      return at.startsWith(`${this.root}/`) ? at.slice(this.root.length + 1) : undefined;
    } catch {
      return undefined;
    }
  }

  /** Bytes of a regular file; undefined if it is none, cannot be read, or has more than `most`. Refuses `too-large`. */
  async read(path: string, most = 16_777_216): Promise<Uint8Array | undefined> {
    const parts: Uint8Array[] = [];
    const found = await this.#each(path, most, (part) => parts.push(Uint8Array.from(part)));
    return found === 'read' ? Buffer.concat(parts) : undefined;
  }

  /**
   * Hex SHA-256 of a regular file; undefined if there is none, `unreadable` if there may be one that this agent may not read.
   * Refuses `too-large`: what was not read is neither the same nor another.
   */
  async digest(path: string): Promise<string | undefined> {
    const hash = createHash('sha256');
    const found = await this.#each(path, Infinity, (part) => hash.update(part));
    if (found === 'absent') return undefined;
    return found === 'read' ? hash.digest('hex') : UNREADABLE;
  }

  async #each(
    path: string,
    most: number,
    take: (part: Uint8Array) => unknown,
  ): Promise<'read' | 'absent' | 'unreadable'> {
    this.#signal.throwIfAborted();
    let file: FileHandle | undefined;
    try {
      file = await openRegular(join(this.root, path));
      if (file === undefined) return 'absent';
      return (await this.#readAll(file, most, take)) ? 'read' : 'unreadable';
    } catch (error) {
      this.#signal.throwIfAborted();
      if (error instanceof Refusal) throw error;
      return ABSENT.has(codeOf(error)) ? 'absent' : 'unreadable';
    } finally {
      await file?.close();
    }
  }

  /** False for a file with more than `most` bytes. */
  async #readAll(file: FileHandle, most: number, take: (part: Uint8Array) => unknown): Promise<boolean> {
    let size = 0;
    const chunk = Buffer.allocUnsafe(65_536);
    for (;;) {
      this.#signal.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return true;
      size += bytesRead;
      this.bytes += bytesRead;
      if (this.bytes > this.#most)
        throw refuse('too-large', `more than ${this.#most} bytes would be read, the most of one look`);
      if (size > most) return false;
      take(chunk.subarray(0, bytesRead));
    }
  }
}

function kindOf(each: Dirent): Kind {
  if (each.isSymbolicLink()) return 'link';
  if (each.isDirectory()) return 'folder';
  return each.isFile() ? 'file' : 'other';
}
