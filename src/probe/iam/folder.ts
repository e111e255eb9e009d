/**
 * Reads a copy of a trail's bucket, or of a part of it: files by their path below a folder. It bounds the number of files, the
 * depth and the bytes, follows no link, and opens only regular files.
 */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { openRegular } from '../../platform/regular.ts';
import { assertForm } from '../target-form.ts';
import { lacksRead } from '../unreadable.ts';
import { FOLDER, READS_TRAIL } from './grants.ts';

const inflate = promisify(gunzip);

/** Most names that one run lists, and most folders one within another. */
const MAX_NAMES = 100_000;
const MAX_DEPTH = 16;
/** Most bytes of all files of one run, inflated. */
const MAX_TOTAL = 4 * 1024 ** 3;

export type Read =
  | {
      readonly kind: 'read';
      readonly packed: Uint8Array;
      readonly content: Uint8Array;
      readonly sha256: string;
    }
  | { readonly kind: 'absent' | 'unreadable' | 'not-gzip' | 'too-large' };

export class Folder {
  readonly #root: string;
  readonly #paths: ReadonlySet<string>;
  readonly #signal: AbortSignal;
  /** Bytes read, before they were inflated. */
  bytes = 0;
  #inflated = 0;

  private constructor(root: string, paths: ReadonlySet<string>, signal: AbortSignal) {
    this.#root = root;
    this.#paths = paths;
    this.#signal = signal;
  }

  /**
   * Lists the files of a folder. Refuses `config-invalid` for a path that is not absolute, `unavailable` for a folder that
   * cannot be read, and `too-large` for too many files.
   */
  static async at(root: string, signal: AbortSignal, probe = 'iam@1'): Promise<Folder> {
    assertForm(probe, FOLDER, root);
    const paths = new Set<string>();
    let names = 0;
    const walk = async (folder: string, depth: number): Promise<void> => {
      signal.throwIfAborted();
      for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
        if (++names > MAX_NAMES || depth > MAX_DEPTH)
          throw refuse(
            'too-large',
            `there are more than ${MAX_NAMES} files below the folder, or more than ${MAX_DEPTH} folders one within another; copy only the days that the claim asks for`,
          );
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (entry.isDirectory()) await walk(path, depth + 1);
        else if (entry.isFile()) paths.add(path);
      }
    };
    try {
      await walk('', 0);
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      throw refuse(
        'unavailable',
        `${printable(root)} is no folder, or this agent may not read all of its folders${lacksRead(READS_TRAIL, root, error)}`,
      );
    }
    return new Folder(root, paths, signal);
  }

  get paths(): readonly string[] {
    return [...this.#paths];
  }

  /** The path of an object of the bucket below the folder. The folder may be a copy of the bucket, or of any part of it. */
  find(object: string): string | undefined {
    let path = object;
    while (!this.#paths.has(path)) {
      const slash = path.indexOf('/');
      if (slash < 0) return undefined;
      path = path.slice(slash + 1);
    }
    return path;
  }

  /** Whether a path is the place of this object of the bucket. */
  isPlaceOf(path: string, object: string): boolean {
    return object === path || object.endsWith(`/${path}`);
  }

  /** A small text beside another file; undefined when there is none. */
  async text(path: string): Promise<string | undefined> {
    const packed = this.#paths.has(path) ? await this.#bytesOf(path, 8_192) : undefined;
    return packed instanceof Uint8Array ? Buffer.from(packed).toString('latin1') : undefined;
  }

  /**
   * A file, inflated to at most `most` bytes; otherwise the reason why it was not read. Refuses `too-large` if the files of
   * this run are too large together.
   */
  async read(path: string | undefined, most: number): Promise<Read> {
    this.#signal.throwIfAborted();
    if (path === undefined) return { kind: 'absent' };
    const packed = await this.#bytesOf(path, most);
    if (typeof packed === 'string') return { kind: packed };
    this.bytes += packed.length;
    let content: Uint8Array;
    try {
      content = await inflate(packed, { maxOutputLength: most });
    } catch (error) {
      const large = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
      return { kind: large ? 'too-large' : 'not-gzip' };
    }
    this.#inflated += content.length;
    if (this.#inflated > MAX_TOTAL)
      throw refuse('too-large', 'the log files are too large for one run; read a shorter time');
    return { kind: 'read', packed, content, sha256: createHash('sha256').update(content).digest('hex') };
  }

  async #bytesOf(path: string, most: number): Promise<Uint8Array | 'unreadable' | 'too-large'> {
    const file = await openRegular(join(this.#root, path)).catch(() => undefined);
    if (file === undefined) return 'unreadable';
    try {
      const { size } = await file.stat();
      if (size > most) return 'too-large';
      // If the file grows meanwhile, only its first `size` bytes are read.
      const bytes = new Uint8Array(size);
      const { bytesRead } = await file.read(bytes, 0, size, 0);
      return bytes.subarray(0, bytesRead);
    } catch {
      return 'unreadable';
    } finally {
      await file.close();
    }
  }
}
