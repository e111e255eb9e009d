/**
 * Archives that a lockfile names by digest, on the machine of the agent: npm's cache, or a folder with wheels, crates and packed packages. An
 * archive counts by its digest alone, whoever put it there.
 */
import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { refuse } from '../../bytes/refusal.ts';
import { formatHex, parseBase64 } from '../../bytes/text.ts';
import { InstalledFolder, UNREADABLE } from './folder.ts';

const ARCHIVE = /\.(?:tgz|tar\.gz|whl|crate)$/;
const MAX_ARCHIVE = 536_870_912;
/** Digests that are compared; both are written as algorithm and hex. */
const ALGORITHMS = ['sha256', 'sha384', 'sha512'] as const;

export class Archives {
  readonly #folder: InstalledFolder;
  #index: ReadonlyMap<string, string> | undefined;

  private constructor(folder: InstalledFolder) {
    this.#folder = folder;
  }

  /** Undefined where the owner names no folder. Refuses `config-invalid`. */
  static async at(path: string | undefined, signal: AbortSignal): Promise<Archives | undefined> {
    if (path === undefined) return undefined;
    if (!isAbsolute(path) || path.includes('\0'))
      throw refuse('config-invalid', 'the parameter archives of packages@1 is the absolute path of a folder');
    return new Archives(
      await InstalledFolder.at(path, signal, { called: 'the path of the option archives' }),
    );
  }

  get bytes(): number {
    return this.#folder.bytes;
  }

  /** An archive with one of the digests; undefined if there is none. */
  async find(digests: readonly string[]): Promise<Uint8Array | undefined> {
    for (const digest of digests) {
      const [algorithm, hex] = partsOf(digest);
      if (algorithm === undefined || hex === undefined) continue;
      const cached = `content-v2/${algorithm}/${hex.slice(0, 2)}/${hex.slice(2, 4)}/${hex.slice(4)}`;
      for (const path of [cached, `_cacache/${cached}`, (await this.#all()).get(`${algorithm} ${hex}`)]) {
        const bytes = path === undefined ? undefined : await this.#folder.read(path, MAX_ARCHIVE);
        if (bytes !== undefined && createHash(algorithm).update(bytes).digest('hex') === hex) return bytes;
      }
    }
    return undefined;
  }

  /** Paths of archives by digest, for those that lie under names of their own. */
  async #all(): Promise<ReadonlyMap<string, string>> {
    if (this.#index !== undefined) return this.#index;
    const found = new Map<string, string>();
    const walk = async (path: string): Promise<void> => {
      for (const { name, kind } of (await this.#folder.entries(path)) ?? []) {
        const at = path === '' ? name : `${path}/${name}`;
        if (kind === 'folder' && name !== 'content-v2' && name !== '_cacache') await walk(at);
        if (kind !== 'file' || !ARCHIVE.test(name)) continue;
        const bytes = await this.#folder.read(at, MAX_ARCHIVE);
        if (bytes !== undefined)
          for (const algorithm of ALGORITHMS)
            found.set(`${algorithm} ${createHash(algorithm).update(bytes).digest('hex')}`, at);
      }
    };
    await walk('');
    this.#index = found;
    return found;
  }
}

type Algorithm = (typeof ALGORITHMS)[number];

function partsOf(digest: string): readonly [Algorithm, string] | readonly [undefined, undefined] {
  const [, name, sign, text = ''] = /^(sha256|sha384|sha512)([-:])(.+)$/.exec(digest) ?? [];
  const algorithm = ALGORITHMS.find((each) => each === name);
  if (algorithm === undefined) return [undefined, undefined];
  return [algorithm, sign === ':' ? text : formatHex(parseBase64(text))];
}

interface Comparing {
  /** Files of the folder that are not compared. */
  readonly skip?: (path: string) => boolean;
  /** Files of the archive that installers leave out. They may be absent, and not other ones. */
  readonly mayLack?: (path: string) => boolean;
  /** What a file of the archive is called where it is installed. */
  readonly renamed?: (path: string) => string;
}

/** Whether a folder has the files of an archive, byte for byte, and no others; undefined where this agent may not read what decides it. */
export async function sameFiles(
  folder: InstalledFolder,
  at: string,
  files: ReadonlyMap<string, Uint8Array>,
  { skip = () => false, mayLack = () => false, renamed = (path) => path }: Comparing,
): Promise<boolean | undefined> {
  const wanted = new Map(
    [...files].map(([path, bytes]) => [renamed(path), bytes] as const).filter(([path]) => !skip(path)),
  );
  const names = new Set<string>();
  let isWhole = true;
  const walk = async (path: string): Promise<boolean> => {
    const entries = await folder.entries(`${at}/${path}`);
    if (entries === undefined) isWhole = false;
    for (const { name, kind } of entries ?? []) {
      const below = path === '' ? name : `${path}/${name}`;
      if (skip(below)) continue;
      if (kind === 'folder') {
        if (!(await walk(below))) return false;
      } else if (kind !== 'file' || !wanted.has(below)) return false;
      else names.add(below);
    }
    return true;
  };
  if (!(await walk(''))) return false;
  const present = new Map([...wanted].filter(([path]) => names.has(path) || !mayLack(path)));
  const isSame = await hasFiles(folder, at, present);
  return isSame === true && !isWhole ? undefined : isSame;
}

/** Whether a folder has these files, byte for byte; undefined if none is another, and one cannot be read. */
export async function hasFiles(
  folder: InstalledFolder,
  at: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<boolean | undefined> {
  let isRead = true;
  for (const [path, bytes] of files) {
    const found = await folder.digest(at === '' ? path : `${at}/${path}`);
    if (found === UNREADABLE) isRead = false;
    else if (found !== createHash('sha256').update(bytes).digest('hex')) return false;
  }
  return isRead || undefined;
}

/** Whether a folder has files with other digests than these, which stand beside them. What cannot be read is no other. */
export async function hasOthers(
  folder: InstalledFolder,
  at: string,
  digests: ReadonlyMap<string, string>,
): Promise<boolean> {
  for (const [path, digest] of digests) {
    const found = await folder.digest(at === '' ? path : `${at}/${path}`);
    if (found !== UNREADABLE && found !== digest) return true;
  }
  return false;
}
