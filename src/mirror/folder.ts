/**
 * The directory of a mirror: a log in the layout of C2SP tlog-tiles, as any static file server can serve it.
 *
 *     checkpoint                       the newest verified one; replaced last, when all under it is durable
 *     tile/<L>/<N>[.p/<W>]             hashes; tile/entries/… entries
 *     .well-known/scitt-keys           the log's receipt keys, where it is a Tallystick log
 *     trust.policy, mirror.json        what the copy was checked against, and what it is
 *     incidents/<id>.json              what the log was caught at
 *     .mirror/                         the mirror's own: lock, pending head, files being written
 *
 * A file is whole or absent: written in `.mirror/tmp`, flushed, renamed. A rename survives a power cut once its
 * folder is flushed, which `flush` does for all folders written to.
 */
import { mkdir, readdir, readFile, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { equalBytes } from '../bytes/compare.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { codeOf, isAbsent, isSystemError } from '../platform/fault.ts';
import { cannotWrite, flushPath, writeFlushed } from '../platform/files.ts';

export const CHECKPOINT = 'checkpoint';
export const KEYS = '.well-known/scitt-keys';
export const TRUST_POLICY = 'trust.policy';
export const MANIFEST = 'mirror.json';
export const INCIDENTS = 'incidents';
/** The signed head whose data is being fetched (C2SP tlog-mirror's pending checkpoint). */
export const PENDING = '.mirror/pending';
/** Indices of the policy entries below the checkpoint, one per line. */
export const POLICIES = '.mirror/policies';
/** Held by the one process that writes here. */
export const LOCK = '.mirror/lock.db';
const TEMPORARY = '.mirror/tmp';

/** Folders remembered as made; forgotten when they are many. */
const FOLDERS_KEPT = 10_000;

/** The moments of a change to a file, so that tests can stop the process or the disk between any two. */
export type FolderStep = 'write' | 'rename' | 'renamed' | 'flush' | 'remove';

/** Reads a file by its path within a directory; undefined when there is none. */
export type ReadFile = (path: string) => Promise<Uint8Array | undefined>;

/** Reads files below a directory. Refuses `store-failed` for what is there and cannot be read. */
export function readerOf(folder: string): ReadFile {
  return async (path) => {
    try {
      return await readFile(join(folder, path));
    } catch (error) {
      if (isAbsent(error)) return undefined;
      // The text also goes to strangers, so it does not contain the path on this machine.
      throw refuse('store-failed', `cannot read ${path} (${codeOf(error)})`, { cause: error });
    }
  };
}

/** What a directory may contain before it becomes a mirror: a policy that was put there, and what new disks have. */
const NOT_IN_THE_WAY: ReadonlySet<string> = new Set([TRUST_POLICY, 'lost+found']);

/**
 * Refuses `config-invalid` for a directory with other files, because a mirror writes and deletes files in its
 * directory.
 */
export async function assertMirrorable(path: string): Promise<void> {
  const names = await readdir(path).catch((error: unknown): string[] => {
    if (codeOf(error) === 'ENOENT') return [];
    throw refuse('store-failed', `cannot read ${path} (${codeOf(error)}); name a directory`, {
      cause: error,
    });
  });
  const other = names.find((name) => !NOT_IN_THE_WAY.has(name));
  if (other === undefined || [CHECKPOINT, dirname(LOCK)].some((own) => names.includes(own))) return;
  throw refuse(
    'config-invalid',
    `${path} holds other files ("${printable(other)}") and is no mirror: name an empty or a new directory`,
  );
}

/** A mirror's directory, for reading and writing. Only the process that holds the lock may use it. */
export class Folder {
  readonly path: string;
  readonly read: ReadFile;
  readonly #step: (step: FolderStep, path: string) => void;
  /** Folders that exist, and folders with new names that are not flushed yet. */
  readonly #made = new Set<string>();
  readonly #touched = new Set<string>();
  #temporaries = 0;

  private constructor(path: string, step: (step: FolderStep, path: string) => void) {
    this.path = path;
    this.read = readerOf(path);
    this.#step = step;
  }

  /** Makes missing folders, and removes files that a killed process left incomplete. */
  static async open(
    path: string,
    step: (step: FolderStep, path: string) => void = () => {},
  ): Promise<Folder> {
    const folder = new Folder(path, step);
    await folder.#do(TEMPORARY, async () => {
      await mkdir(join(path, TEMPORARY), { recursive: true });
      for (const name of await readdir(join(path, TEMPORARY))) await unlink(join(path, TEMPORARY, name));
    });
    return folder;
  }

  /** Writes or replaces a file: readers see the old one or the new one. Refuses `store-failed`. */
  async write(path: string, bytes: Uint8Array | string): Promise<void> {
    const temporary = join(this.path, TEMPORARY, String(this.#temporaries++));
    try {
      await this.#do(path, async () => {
        this.#step('write', path);
        await this.#makeFolder(dirname(path));
        await writeFlushed(temporary, bytes, { flags: 'w' });
        this.#step('rename', path);
        await rename(temporary, join(this.path, path));
      });
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
    this.#step('renamed', path);
    this.#touched.add(dirname(path));
  }

  /** Writes a file unless it has these bytes already. Returns what happened. */
  async ensure(path: string, bytes: Uint8Array): Promise<'there' | 'new' | 'replaced'> {
    const held = await this.read(path);
    if (held !== undefined && equalBytes(held, bytes)) return 'there';
    await this.write(path, bytes);
    return held === undefined ? 'new' : 'replaced';
  }

  /** When it returns, a power cut can no longer undo what was written before. */
  async flush(): Promise<void> {
    const folders = new Set([...this.#touched].flatMap(upwards));
    this.#touched.clear();
    for (const folder of folders) {
      this.#step('flush', folder);
      await this.#do(folder, () => flushPath(join(this.path, folder)));
    }
  }

  /** Writes a file, durably. */
  async replace(path: string, bytes: Uint8Array | string): Promise<void> {
    await this.write(path, bytes);
    await this.flush();
  }

  /** Deletes a file or a folder, if it is there. */
  async remove(path: string): Promise<void> {
    this.#step('remove', path);
    await this.#do(path, () => rm(join(this.path, path), { recursive: true, force: true }));
  }

  /** Names in a folder; none when it is not there. */
  async list(path: string): Promise<readonly string[]> {
    try {
      return await readdir(join(this.path, path));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw refuse('store-failed', `cannot read ${join(this.path, path)} (${codeOf(error)})`, {
        cause: error,
      });
    }
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#made.has(path)) return;
    await mkdir(join(this.path, path), { recursive: true });
    if (this.#made.size === FOLDERS_KEPT) this.#made.clear();
    this.#made.add(path);
  }

  async #do(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw cannotWrite(join(this.path, path), error);
    }
  }
}

/** A folder and those above it, within the directory, since the name of a new folder must be flushed, too. */
function upwards(path: string): readonly string[] {
  const above = [path];
  for (let at = path; at !== '.';) above.push((at = dirname(at)));
  return above;
}
