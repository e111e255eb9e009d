/** Where the thread reads a log: the SQLite file of a log or of a monitor's copy, or the directory of a mirror. */
import { pathToFileURL } from 'node:url';
import { folderFetch } from '../../client/node/folder-fetch.ts';
import { originHash } from '../../note/checkpoint.ts';
import { storeFetch } from '../../storage/store-fetch.ts';
import type { OverviewSource } from './overviews.ts';

/**
 * A `fetch` for the source, and the URL that it answers below. `note`: the checkpoint, whatever lies beside the data. The times in a
 * log's own store are the log's; those in copies are not, so a copy is read whole, as the command reads it (client/reader.ts).
 */
export function fetchOf(
  { role, origin, path }: OverviewSource,
  note: () => Uint8Array,
): { readonly fetch: typeof fetch; readonly url: string } {
  if (role !== 'mirror') {
    const url = role === 'log' ? 'http://localhost' : `http://localhost/logs/${originHash(origin)}`;
    return { fetch: storeFetch({ path, note, url, search: role === 'log' }), url };
  }
  const { href: url } = pathToFileURL(path);
  const files = folderFetch(url);
  const fetching: typeof fetch = async (input, init) =>
    String(input instanceof Request ? input.url : input).endsWith('/checkpoint')
      ? new Response(new Uint8Array(note()))
      : files(input, init);
  return { fetch: fetching, url };
}
