/** The files of a chart on this machine: a folder, or the archive of one. Nothing outside of it is read. */
import { statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { printable } from '../../bytes/printable.ts';
import { refuse } from '../../bytes/refusal.ts';
import { readNamedFile } from '../../platform/files.ts';
import { filesOfTar } from '../sources/helm/archive.ts';
import type { ChartFiles, Unpack } from '../sources/helm/chart.ts';
import { walk } from './walk.ts';

/** Most bytes and files of a chart. Helm's own bounds are 100 MiB and 5 MiB a file. */
const MAX_BYTES = 104_857_600;
const MAX_FILES = 20_000;

/**
 * The files at a path. A link is refused: helm follows it, out of the chart too. A folder `.git` is left out. Refuses `not-found`
 * for what is no chart on this machine, `malformed-payload` and `too-large`. `unpack`: the chart's own, as for what it contains.
 */
export async function chartFiles(path: string, named: string, unpack: Unpack): Promise<ChartFiles> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || /^[a-z+]+:\/\//.test(named))
    throw refuse(
      'not-found',
      `${printable(named)} is no chart on this machine; fetch it first (\`helm pull\`), and name its folder or its .tgz`,
    );
  if (!found.isDirectory()) return unpack(named, await readNamedFile(path, MAX_BYTES));
  const files = new Map<string, Uint8Array>();
  let size = 0;
  for (const met of walk(path, { recursive: true, follow: false })) {
    const inside = met.path.split(sep).join('/');
    if (inside === '.git' || inside.startsWith('.git/')) continue;
    if (met.kind !== 'file')
      throw refuse(
        'malformed-payload',
        `${printable(join(named, inside))} is a link, or no file; helm would follow it out of the chart, so put the file itself there`,
      );
    if (!inside.isWellFormed() || inside.includes('\ufffd'))
      throw refuse('malformed-text', `the name of ${printable(join(named, inside))} is not UTF-8`);
    const bytes = await readNamedFile(join(path, inside), MAX_BYTES);
    size += bytes.length;
    if (size > MAX_BYTES || files.size >= MAX_FILES)
      throw refuse('too-large', `${printable(named)} has more than ${MAX_FILES} files or ${MAX_BYTES} bytes`);
    files.set(inside, bytes);
  }
  return files;
}

/**
 * Unpacks the archives of one chart, which have one bound of bytes together: small ones can hold much, and all of it is kept.
 * The unpacker refuses `malformed-payload`, `too-large`.
 */
export function chartUnpacker(): Unpack {
  let left = MAX_BYTES;
  return (name, bytes) => {
    const tar = unzipped(name, bytes, left);
    left -= tar.length;
    return filesOfTar(tar);
  };
}

function unzipped(name: string, bytes: Uint8Array, most: number): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: Math.max(most, 1) });
  } catch (cause) {
    const isLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    throw isLarge
      ? refuse(
          'too-large',
          `with ${printable(name)} the archives of the chart have more than ${MAX_BYTES} bytes`,
          { cause },
        )
      : refuse('malformed-payload', `${printable(name)} is no packaged chart (.tgz)`, { cause });
  }
}
