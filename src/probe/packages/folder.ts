/** Reads what is installed below a folder, within bounds. No link is followed, and only regular files are opened. */
import { createHash } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { open, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';

const MAX_THINGS = 200_000;
const MAX_BYTES = 4 * 1024 ** 3;
const MAX_DEPTH = 64;

export type Kind = 'folder' | 'file' | 'link' | 'other';
export interface Entry {
  readonly name: string;
  readonly kind: Kind;
}

export class InstalledFolder {
  readonly root: string;
  readonly #signal: AbortSignal;
  #things = 0;
  bytes = 0;

  private constructor(root: string, signal: AbortSignal) {
    this.root = root;
    this.#signal = signal;
  }

  /** Refuses `unavailable`, without repeating what the target is called. */
  static async at(root: string, signal: AbortSignal): Promise<InstalledFolder> {
    try {
      return new InstalledFolder(await realpath(root), signal);
    } catch {
      throw refuse('unavailable', 'there is nothing at the target that this agent may read');
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

  /** Bytes of a regular file; undefined if it is none, cannot be read, or has more than `most`. */
  async read(path: string, most = 16_777_216): Promise<Uint8Array | undefined> {
    const parts: Uint8Array[] = [];
    const size = await this.#each(path, most, (part) => parts.push(Uint8Array.from(part)));
    return size === undefined ? undefined : Buffer.concat(parts);
  }

  /** Hex SHA-256 of a regular file; undefined if it is none or cannot be read. */
  async digest(path: string): Promise<string | undefined> {
    const hash = createHash('sha256');
    const size = await this.#each(path, MAX_BYTES, (part) => hash.update(part));
    return size === undefined ? undefined : hash.digest('hex');
  }

  async #each(path: string, most: number, take: (part: Uint8Array) => unknown): Promise<number | undefined> {
    this.#signal.throwIfAborted();
    try {
      // Without blocking: otherwise a pipe put in its place would wait for a writer for ever.
      const file = await open(
        join(this.root, path),
        constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
      );
      try {
        if (!(await file.stat()).isFile()) return undefined;
        let size = 0;
        const chunk = Buffer.allocUnsafe(65_536);
        for (;;) {
          const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
          if (bytesRead === 0) return size;
          size += bytesRead;
          this.bytes += bytesRead;
          if (size > most || this.bytes > MAX_BYTES) return undefined;
          take(chunk.subarray(0, bytesRead));
        }
      } finally {
        await file.close();
      }
    } catch {
      this.#signal.throwIfAborted();
      return undefined;
    }
  }
}

function kindOf(each: Dirent): Kind {
  if (each.isSymbolicLink()) return 'link';
  if (each.isDirectory()) return 'folder';
  return each.isFile() ? 'file' : 'other';
}
