/**
 * A directory that `--log` names: a mirror's, or any other in the layout of C2SP tlog-tiles; a monitor's, or its copy of one
 * log; the data directory of a log with witnesses. Stores are opened read-only.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refuse } from '../../bytes/refusal.ts';
import { folderFetch } from '../../client/node/folder-fetch.ts';
import { readNamedFile } from '../../platform/files.ts';

const STORE = 'log.db';
/** Signed checkpoints beside a store: of a monitor's copy, of a log with witnesses. */
const NOTES = ['held.note', 'published.checkpoint'];

/** A `fetch` over what is in a directory. Refuses `no-such-log`, `usage`, `store-failed`. */
export async function openFolder(url: string): Promise<typeof fetch> {
  const folder = fileURLToPath(url);
  if (!existsSync(folder))
    throw refuse(
      'no-such-log',
      /^[A-Za-z0-9.-]+:\d{1,5}$/.test(basename(folder))
        ? `there is no directory ${folder}; for a server write its URL: http://${basename(folder)}`
        : `there is no directory ${folder}; --log takes a URL or a directory`,
    );
  if (folder.endsWith('.zip'))
    throw refuse(
      'usage',
      `${folder} is a bundle: status, why, registry, history and audit read it, and verify checks it`,
    );
  if (existsSync(join(folder, 'checkpoint'))) return folderFetch(url);
  const copy = copyIn(folder);
  const note = NOTES.map((name) => join(copy, name)).find((path) => existsSync(path));
  if (note !== undefined && existsSync(join(copy, STORE))) {
    const { storeFetch } = await import('../../storage/store-fetch.ts');
    const bytes = await readNamedFile(note);
    return storeFetch({ path: join(copy, STORE), note: () => bytes, url, search: false });
  }
  throw refuse(
    'no-such-log',
    `${folder} holds no signed checkpoint: name the directory of a mirror or a monitor, or another in the layout of tlog-tiles; ` +
      'a log without witnesses is read by its URL',
  );
}

/** The folder of the one log that a monitor's directory has a copy of; else the folder itself. */
function copyIn(folder: string): string {
  if (!existsSync(join(folder, 'monitor.db'))) return folder;
  const copies = readdirSync(folder).filter((name) => existsSync(join(folder, name, STORE)));
  const [only] = copies;
  if (only !== undefined && copies.length === 1) return join(folder, only);
  throw refuse(
    'usage',
    `${folder} has copies of ${copies.length} logs: name the folder of one${copies.length === 0 ? '' : `, such as ${join(folder, only ?? '')}`}`,
  );
}
