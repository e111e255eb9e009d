/** A directory that `--log` names: a mirror's, or any other in the layout of C2SP tlog-tiles. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refuse } from '../../bytes/refusal.ts';
import { folderFetch } from '../../client/node/folder-fetch.ts';

/** A `fetch` over the files of a directory. Refuses `no-such-log`. */
export function openFolder(url: string): typeof fetch {
  const folder = fileURLToPath(url);
  if (!existsSync(folder))
    throw refuse('no-such-log', `there is no directory ${folder}; --log takes a URL or a directory`);
  if (existsSync(join(folder, 'checkpoint'))) return folderFetch(url);
  throw refuse(
    'no-such-log',
    `${folder} has no file checkpoint: name the directory of a mirror, or another in the layout of tlog-tiles`,
  );
}
