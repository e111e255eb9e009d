/**
 * A store as a log: a `fetch` over the SQLite file of a log or of a monitor's copy, opened read-only. It serves a checkpoint that
 * lies beside the store, tiles and entry bundles, and no search: what the store says of its entries is not believed. Whoever
 * reads it verifies it under that checkpoint.
 */
import { Refusal } from '../bytes/refusal.ts';
import { parseTilePath, type TilePath } from '../tree/tile.ts';
import { SqliteReader } from './sqlite-reader.ts';

/** Tiles as long as the reads go on; the process ends them. */
export function storeFetch(path: string, note: Uint8Array<ArrayBuffer>, url: string): typeof fetch {
  const store = SqliteReader.open(path);
  const base = `${url.replace(/\/+$/, '')}/`;
  return async (input, init) => {
    const { href } = new URL(input instanceof Request ? input.url : input);
    if ((init?.method ?? 'GET') !== 'GET') return new Response('a store takes nothing here', { status: 405 });
    const name = href.startsWith(base) ? href.slice(base.length) : '';
    if (name === 'checkpoint') return new Response(note);
    const tile = tileNamed(name);
    const bytes =
      tile &&
      (tile.kind === 'tile'
        ? store.tile(tile.level, tile.index, tile.width)
        : store.bundle(tile.index, tile.width));
    const found = await bytes;
    return found === undefined ? new Response(null, { status: 404 }) : new Response(new Uint8Array(found));
  };
}

function tileNamed(path: string): TilePath | undefined {
  try {
    return parseTilePath(path);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
