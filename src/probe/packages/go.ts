/**
 * What a Go binary says that it was built of: the build information that the linker writes into it (Go's package debug/buildinfo). It is read, and
 * nothing is run. It is the binary's own word.
 */
import type { FileHandle } from 'node:fs/promises';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { openRegular } from '../../platform/regular.ts';
import type { Ecosystems, InstalledPackage } from './found.ts';

const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
const HEADER = 32;
const ALIGN = 16;
const MAX_BINARY = 2_147_483_648;
const MAX_INFO = 4_194_304;
/** What the linker puts before and after the information. */
const SENTINEL = 16;

/** Refuses `unavailable` for what cannot be read, or has no build information of Go 1.18 or newer. */
export async function goInstalled(
  path: string,
  signal: AbortSignal,
): Promise<Ecosystems & { readonly bytes: number }> {
  const { info, bytes } = await buildInfo(path, signal);
  const installed = modulesIn(info);
  // A binary of the standard library alone, or one of Bazel, which writes none: an empty list shows nothing.
  if (installed.length === 0)
    throw refuse('unavailable', 'the build information of the binary names no module that it was built of');
  return {
    installed,
    loose: [],
    links: [],
    altered: [],
    unreadable: 0,
    opaque: OPAQUE,
    bytes,
  };
}

const OPAQUE =
  'a binary cannot be compared with the archives that it was built of: what it says is its own word';

async function buildInfo(
  path: string,
  signal: AbortSignal,
): Promise<{ readonly info: string; readonly bytes: number }> {
  try {
    await using file = await openRegular(path);
    if (file === undefined)
      throw refuse('unavailable', 'the target is no file; of a link, name the file that it leads to');
    return await infoIn(file, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Refusal || !(error instanceof Error && 'code' in error)) throw error;
    throw refuse('unavailable', 'the binary cannot be read', { cause: error });
  }
}

async function infoIn(
  file: FileHandle,
  signal: AbortSignal,
): Promise<{ readonly info: string; readonly bytes: number }> {
  const chunk = Buffer.allocUnsafe(1_048_576);
  let kept = Buffer.alloc(0);
  let bytes = 0;
  // Where `kept` begins in the file: the header is aligned.
  let start = 0;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) break;
    bytes += bytesRead;
    if (bytes > MAX_BINARY) throw refuse('too-large', `the binary has more than ${MAX_BINARY} bytes`);
    kept = Buffer.concat([kept, chunk.subarray(0, bytesRead)]);
    const at = headerIn(kept, start);
    const found = at === undefined ? undefined : infoAt(kept, at);
    if (found !== undefined) return { info: found, bytes };
    // What was looked at is dropped, but for what may be the beginning of a header, or of information that goes on.
    const drop = Math.max(0, (at ?? kept.length - HEADER) - ((at ?? kept.length - HEADER) % ALIGN));
    if (at === undefined || kept.length - at > MAX_INFO + HEADER) {
      start += drop;
      kept = kept.subarray(drop);
    }
  }
  throw refuse('unavailable', 'the target is no binary with build information of Go 1.18 or newer');
}

/** The place of the header, which lies at a multiple of 16; `start`: where the bytes begin in the file. */
function headerIn(bytes: Buffer, start: number): number | undefined {
  for (let at = bytes.indexOf(MAGIC); at >= 0; at = bytes.indexOf(MAGIC, at + 1))
    if ((start + at) % ALIGN === 0) return at;
  return undefined;
}

/** Version and information, each with its length as a varint before it; undefined if they are not whole yet. */
function infoAt(bytes: Buffer, header: number): string | undefined {
  const flags = bytes[header + 15];
  if (flags === undefined) return undefined;
  if (Math.floor(flags / 2) % 2 !== 1)
    throw refuse('unavailable', 'the binary was built with Go before 1.18');
  const version = textAt(bytes, header + HEADER);
  const info = version && textAt(bytes, version.end);
  if (info === undefined) return undefined;
  const whole = info.bytes;
  return whole.length < 2 * SENTINEL ? '' : decodeUtf8(whole.subarray(SENTINEL, -SENTINEL));
}

function textAt(bytes: Buffer, start: number): { readonly bytes: Buffer; readonly end: number } | undefined {
  let [at, length, unit] = [start, 0, 1];
  for (;;) {
    const byte = bytes[at++];
    if (byte === undefined) return undefined;
    length += (byte % 128) * unit;
    unit *= 128;
    if (length > MAX_INFO || unit > 2 ** 35)
      throw refuse('unavailable', 'the build information of the binary is damaged');
    if (byte < 128) break;
  }
  return at + length > bytes.length
    ? undefined
    : { bytes: bytes.subarray(at, at + length), end: at + length };
}

/** `dep\tPATH\tVERSION\tH1` a line; a line `=>\tPATH\tVERSION\tH1` after it says what it was replaced with. */
function modulesIn(info: string): readonly InstalledPackage[] {
  const found: InstalledPackage[] = [];
  for (const line of info.split('\n')) {
    const [word, path = '', version = '', digest = ''] = line.split('\t');
    if (word === '=>') found.pop();
    if (word !== 'dep' && word !== '=>') continue;
    // A module that was replaced with a folder has no digest: it is of no lockfile.
    const isFolder = digest === '' && /^(?:\.{1,2}\/|\/)/.test(path);
    found.push({
      key: `${path}@${version}`,
      name: path,
      version,
      ...(digest !== '' && { digest }),
      isLink: isFolder,
    });
  }
  return found;
}
