/**
 * A directory as a log: a `fetch` over files in the layout of C2SP tlog-tiles, such as a mirror's. It serves checkpoint,
 * tiles and entry bundles and nothing else, and no file outside the directory, wherever links in it lead.
 */
import { constants, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { codeOf, isAbsent, isSystemError } from '../../platform/fault.ts';
import { parseTilePath } from '../../tree/tile.ts';

/** The largest file of the layout: a bundle of 256 entries of 65,535 bytes. */
const MOST_BYTES = 2 ** 24 + 512;

/** A `fetch` for what is below the file: URL of a folder. It answers 404 for what is not there, 405 for all but GET. */
export function folderFetch(url: string): typeof fetch {
  const folder = fileURLToPath(url);
  const base = `${url.replace(/\/+$/, '')}/`;
  const root = realpath(folder);
  root.catch(() => undefined); // heard by whoever reads
  return async (input, init) => {
    const { href } = new URL(input instanceof Request ? input.url : input);
    if ((init?.method ?? 'GET') !== 'GET') return new Response('a directory takes nothing', { status: 405 });
    const path = href.startsWith(base) ? href.slice(base.length) : '';
    const bytes = isServed(path) ? await readWithin(root, path) : undefined;
    return bytes === undefined ? new Response(null, { status: 404 }) : new Response(bytes);
  };
}

/** Names as the layout has them alone: none of them leads upwards. */
function isServed(path: string): boolean {
  if (path === 'checkpoint') return true;
  try {
    parseTilePath(path);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** Undefined for a file that is not there, is no plain file, or is outside the folder. Refuses `store-failed`, `too-large`. */
async function readWithin(
  folder: Promise<string>,
  path: string,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const root = await folder;
    const file = await realpath(join(root, path));
    if (!file.startsWith(`${root}${sep}`)) return undefined;
    // Opening a pipe would wait for whoever writes to it.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const about = await handle.stat();
      const { size } = about;
      if (!about.isFile()) return undefined;
      if (size > MOST_BYTES) throw refuse('too-large', `${path} has ${size} bytes`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isAbsent(error)) return undefined;
    if (!isSystemError(error)) throw error;
    throw refuse('store-failed', `cannot read ${path} (${codeOf(error)})`, { cause: error });
  }
}
