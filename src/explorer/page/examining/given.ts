/** Files as a reader gives them: dropped, folders among them, or chosen. */
import type { GivenFile } from './protocol.ts';

/** Most files, and bytes, of one drop. */
export const MOST_GIVEN = 2_000;
export const MOST_GIVEN_BYTES = 512 * 1024 * 1024;
/** A policy has a few lines; an ML-DSA-44 key has 1.8 kB. */
const MOST_TRUST_BYTES = 262_144;

/** A line of a tlog-policy, or a verifier key. */
const TRUST_LINE = /^(?:log|witness|group|quorum)\s|^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+\s*$/m;

/** Files that were given, and the text of a trust policy among them. */
export interface Given {
  readonly files: readonly GivenFile[];
  readonly trust: string | undefined;
}

/** Reads them. Throws an `Error` with a sentence for people if they are too many. */
export async function readGiven(files: readonly File[]): Promise<Given> {
  const size = files.reduce((sum, each) => sum + each.size, 0);
  if (files.length > MOST_GIVEN || size > MOST_GIVEN_BYTES)
    throw new Error(`At most ${MOST_GIVEN} files of ${MOST_GIVEN_BYTES / 1024 / 1024} MiB together.`);
  const given: GivenFile[] = [];
  let trust: string | undefined;
  for (const file of files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const text = bytes.length <= MOST_TRUST_BYTES ? trustIn(bytes) : undefined;
    if (text === undefined) given.push({ name: file.webkitRelativePath || pathOf(file), bytes });
    else trust = text;
  }
  return { files: given, trust };
}

function trustIn(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return TRUST_LINE.test(text) && !text.trimStart().startsWith('{') && !text.startsWith('c2sp.org/')
      ? text
      : undefined;
  } catch {
    return undefined; // No text.
  }
}

const PATHS = new WeakMap<File, string>();

function pathOf(file: File): string {
  return PATHS.get(file) ?? file.name;
}

/** The files of a drop, those of its folders too. The entries must be asked for at once: a drop forgets them. */
export async function droppedFiles(transfer: DataTransfer): Promise<readonly File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  const plain = [...transfer.files];
  if (entries.every((entry) => entry === null || entry.isFile)) return plain;
  const found: File[] = [];
  for (const entry of entries) if (entry !== null) await walk(entry, '', found);
  return found;
}

async function walk(entry: FileSystemEntry, folder: string, found: File[]): Promise<void> {
  if (found.length > MOST_GIVEN) return;
  const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    PATHS.set(file, path);
    found.push(file);
  } else if (isFolder(entry)) {
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (some.length === 0) return;
      for (const each of some) await walk(each, path, found);
    }
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
