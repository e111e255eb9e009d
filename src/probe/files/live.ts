/**
 * Reads what exists below a folder now. Only regular files are opened, and no link is followed. If a file is exchanged,
 * or moved under another folder, between its inspection and its reading, it is reported as unsteady.
 */
import { createHash } from 'node:crypto';
import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readdir, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { isAbsent } from '../../platform/fault.ts';

type LiveType = 'file' | 'symlink' | 'folder' | 'fifo' | 'socket' | 'device' | 'other';

/** One file, link or folder below the root; `path` is relative to the root, with slashes. */
export interface Live {
  readonly path: string;
  readonly type: LiveType;
  /** Permission bits, setuid, setgid, sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a link: whether it leads out of the root, or nowhere. */
  readonly leads?: 'inside' | 'outside' | 'nowhere';
}

export type Content =
  | { readonly kind: 'read'; readonly size: number; readonly sha256: string }
  | { readonly kind: 'unreadable' | 'unsteady' };

/** Reads below a root, within limits. */
export class LiveTree {
  /** The root itself, links resolved. */
  readonly root: string;
  readonly #signal: AbortSignal;
  /** Bytes that may still be read. */
  #left: number;
  bytes = 0;

  private constructor(root: string, maxBytes: number, signal: AbortSignal) {
    this.root = root;
    this.#left = maxBytes;
    this.#signal = signal;
  }

  /** Throws what `realpath` does. */
  static async at(root: string, maxBytes: number, signal: AbortSignal): Promise<LiveTree> {
    return new LiveTree(await realpath(root), maxBytes, signal);
  }

  /** What is at a path. A path that leads through a link is absent, since a declaration has no folder behind a link. */
  async look(path: string): Promise<Live | 'absent' | 'unreadable'> {
    try {
      const full = join(this.root, path);
      if ((await realpath(dirname(full))) !== dirname(full)) return 'absent';
      const stats = await lstat(full);
      const type = typeOf(stats);
      const { mode, uid, gid } = stats;
      const live = { path, type, mode: mode % 0o10000, uid, gid };
      return type === 'symlink' ? { ...live, leads: await this.#leads(path) } : live;
    } catch (error) {
      return isAbsent(error) ? 'absent' : 'unreadable';
    }
  }

  /** Names in a folder, in order; undefined when it cannot be read. */
  async names(folder: string): Promise<readonly string[] | undefined> {
    this.#signal.throwIfAborted();
    try {
      return (await readdir(join(this.root, folder))).toSorted();
    } catch {
      return undefined;
    }
  }

  /** Digest of a regular file, or of a link's text. */
  async content({ path, type }: Live): Promise<Content> {
    this.#signal.throwIfAborted();
    try {
      if (type !== 'symlink') return await this.#readFile(join(this.root, path));
      const text = await readlink(join(this.root, path), { encoding: 'buffer' });
      return { kind: 'read', size: text.length, sha256: createHash('sha256').update(text).digest('hex') };
    } catch {
      this.#signal.throwIfAborted();
      return { kind: 'unreadable' };
    }
  }

  async #readFile(path: string): Promise<Content> {
    const before = await lstat(path, { bigint: true });
    // Without blocking: otherwise a pipe put in its place would wait for a writer for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const opened = await file.stat({ bigint: true });
      if (!opened.isFile() || !same(before, opened) || !(await this.#isBelow(file)))
        return { kind: 'unsteady' };
      const hash = createHash('sha256');
      let size = 0;
      const chunk = Buffer.allocUnsafe(65_536);
      for (;;) {
        this.#signal.throwIfAborted();
        const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
        if (bytesRead === 0) break;
        size += bytesRead;
        this.bytes += bytesRead;
        this.#left -= bytesRead;
        if (this.#left < 0) return { kind: 'unreadable' };
        hash.update(chunk.subarray(0, bytesRead));
      }
      if (!same(opened, await file.stat({ bigint: true }))) return { kind: 'unsteady' };
      return { kind: 'read', size, sha256: hash.digest('hex') };
    } finally {
      await file.close();
    }
  }

  /** Whether an open file is below the root, on systems that tell: a folder in its path may have become a link meanwhile. */
  async #isBelow(file: FileHandle): Promise<boolean> {
    if (process.platform !== 'linux') return true;
    try {
      return holds(this.root, await readlink(`/proc/self/fd/${file.fd}`));
    } catch {
      // Not every sandbox shows it.
      return true;
    }
  }

  async #leads(path: string): Promise<NonNullable<Live['leads']>> {
    try {
      return holds(this.root, await realpath(join(this.root, path))) ? 'inside' : 'outside';
    } catch {
      return 'nowhere';
    }
  }
}

function typeOf(stats: Awaited<ReturnType<typeof lstat>>): LiveType {
  if (stats.isFile()) return 'file';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isDirectory()) return 'folder';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  return stats.isBlockDevice() || stats.isCharacterDevice() ? 'device' : 'other';
}

function same(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

function holds(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}
