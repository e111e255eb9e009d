/** Files as a reader gives them: dropped, folders among them, or chosen. */
import type { GivenFile } from './protocol.ts';

/** Most files, and bytes, of one drop. */
export const MOST_GIVEN = 2_000;
export const MOST_GIVEN_BYTES = 512 * 1024 * 1024;
/** A policy has a few lines; an ML-DSA-44 key has 1.8 kB. */
const MOST_TRUST_BYTES = 262_144;

/** A line of a tlog-policy, or a verifier key. */
const TRUST_LINE = /^(?:log|witness|group|quorum)\s|^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+\s*$/m;

/** Files that were given to be verified, or whom to go by. */
export interface Given {
  readonly files: readonly GivenFile[];
  /** The text of a trust policy that was given alone. */
  readonly trust: string | undefined;
  /** A COSE key, or a set of them, that was given alone: the log's keys for receipts. */
  readonly keys: Uint8Array | undefined;
  /** Names of policies among other files: whoever gave the files chose them, and not the reader. */
  readonly passed: readonly string[];
}

/** Reads them. Throws an `Error` with a sentence for people if they are too many. */
export async function readGiven(files: readonly File[]): Promise<Given> {
  const size = files.reduce((sum, each) => sum + each.size, 0);
  if (files.length > MOST_GIVEN || size > MOST_GIVEN_BYTES)
    throw new Error(`At most ${MOST_GIVEN} files of ${MOST_GIVEN_BYTES / 1024 / 1024} MiB together.`);
  const given: GivenFile[] = [];
  const passed: string[] = [];
  const isAlone = files.length === 1;
  for (const file of files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const name = file.webkitRelativePath || pathOf(file);
    const trust = bytes.length <= MOST_TRUST_BYTES ? trustIn(bytes) : undefined;
    if (isAlone && trust !== undefined) return { files: [], trust, keys: undefined, passed };
    if (isAlone && isKey(bytes)) return { files: [], trust, keys: bytes, passed };
    if (trust === undefined) given.push({ name, bytes });
    else passed.push(name);
  }
  return { files: given, trust: undefined, keys: undefined, passed };
}

/** A CBOR map or array, as COSE keys and sets of them are (RFC 9052 §7): no file of evidence is one. */
function isKey(bytes: Uint8Array): boolean {
  return bytes.length <= MOST_TRUST_BYTES && [4, 5].includes((bytes[0] ?? 0) >> 5);
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
