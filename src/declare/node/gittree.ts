/** Reads the listing of `git ls-tree -r -z` and compares the files of a work tree with it. Runs no program. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { holds } from './files.ts';

/** Mode as git writes it (`100644`, `100755`, `120000` for a link, `160000` for a submodule), and the object's id in hex. */
interface TreeEntry {
  readonly mode: string;
  readonly id: string;
}

/** The mode of a folder that another repository keeps. */
export const SUBMODULE = '160000';

/** Reads `<mode> <type> <id>\t<path>\0` lines into entries by path from the root of the tree. */
export function parseTree(listing: string): ReadonlyMap<string, TreeEntry> {
  const tree = new Map<string, TreeEntry>();
  for (const line of listing.split('\0')) {
    const tab = line.indexOf('\t');
    const [mode, , id] = line.slice(0, Math.max(tab, 0)).split(' ');
    if (mode !== undefined && id !== undefined) tree.set(line.slice(tab + 1), { mode, id });
  }
  return tree;
}

export interface Comparison {
  /** Absolute root of the work tree. */
  readonly top: string;
  /** Absolute paths of files and folders inside it. */
  readonly paths: readonly string[];
  /** Absolute paths that do not count. */
  readonly omit: readonly string[];
  readonly tree: ReadonlyMap<string, TreeEntry>;
}

/** Paths from the root that differ: other content, another kind, or only on one side. */
export async function compareWithTree({ top, paths, omit, tree }: Comparison): Promise<readonly string[]> {
  const omitted = (path: string): boolean => omit.some((each) => holds(each, path));
  const onDisk = new Set<string>();
  for (const path of paths) await collect(path, omitted, (each) => void onDisk.add(fromTop(top, each)));
  const differing: string[] = [];
  for (const path of onDisk) {
    const entry = tree.get(path);
    if (entry === undefined || !(await isAsInTree(join(top, path), entry))) differing.push(path);
  }
  for (const path of tree.keys()) if (!onDisk.has(path) && !omitted(join(top, path))) differing.push(path);
  return differing;
}

async function collect(
  path: string,
  omitted: (path: string) => boolean,
  add: (path: string) => void,
): Promise<void> {
  if (omitted(path)) return;
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return;
  if (!stats.isDirectory()) return add(path);
  for (const name of (await readdir(path)).toSorted())
    if (name !== '.git') await collect(join(path, name), omitted, add);
}

/** Whether the file or link at a path is the blob, with its executable bit where the system has one. */
async function isAsInTree(path: string, { mode, id }: TreeEntry): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return false;
  const algorithm = id.length === 64 ? 'sha256' : 'sha1';
  if (stats.isSymbolicLink()) {
    const target = Buffer.from(await readlink(path));
    return mode === '120000' && blobId(algorithm, target) === id;
  }
  if (!stats.isFile() || !mode.startsWith('100')) return false;
  const executable = stats.mode % 0o200 >= 0o100;
  if (process.platform !== 'win32' && executable !== (mode === '100755')) return false;
  if ((await fileId(algorithm, path, stats.size)) === id) return true;
  return await isSameText(algorithm, path, stats.size, id);
}

function blobId(algorithm: string, content: Uint8Array): string {
  return createHash(algorithm).update(`blob ${content.length}\0`).update(content).digest('hex');
}

async function fileId(algorithm: string, path: string, size: number): Promise<string> {
  const hash = createHash(algorithm).update(`blob ${size}\0`);
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Largest text whose line ends are compared. */
const MAX_TEXT_BYTES = 16_777_216;

/** On Windows git writes texts with CR LF and keeps them with LF: they are the same text there. */
async function isSameText(algorithm: string, path: string, size: number, id: string): Promise<boolean> {
  if (process.platform !== 'win32' || size > MAX_TEXT_BYTES) return false;
  const content = await readFile(path);
  if (content.includes(0)) return false;
  return blobId(algorithm, Buffer.from(content.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')) === id;
}

function fromTop(top: string, path: string): string {
  return relative(top, path).split(sep).join('/');
}
