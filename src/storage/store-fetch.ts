/**
 * A store as a log: a `fetch` over the SQLite file of a log or of a monitor's copy, opened read-only. It serves a checkpoint that
 * lies beside the store, tiles and entry bundles; whoever reads them verifies them under that checkpoint. It answers searches
 * if it is told to: what a store says of its entries is the word of whoever wrote it.
 */
import { Refusal } from '../bytes/refusal.ts';
import type { Query } from '../log/ports.ts';
import { STATEMENT_KINDS } from '../statement/kinds.ts';
import { parseTilePath, type TilePath } from '../tree/tile.ts';
import { SqliteReader } from './sqlite-reader.ts';

export interface StoreToFetch {
  /** Path of the SQLite file. */
  readonly path: string;
  /** The signed checkpoint. */
  readonly note: () => Uint8Array;
  /** URL below which it answers. */
  readonly url: string;
  /** Whether `v1/search` answers with the rows of the store. */
  readonly search: boolean;
}

const MOST_ROWS = 1_000;

/** The process ends the store. */
export function storeFetch({ path, note, url, search }: StoreToFetch): typeof fetch {
  const store = SqliteReader.open(path);
  const base = `${url.replace(/\/+$/, '')}/`;
  return async (input, init) => {
    const { href, searchParams } = new URL(input instanceof Request ? input.url : input);
    if ((init?.method ?? 'GET') !== 'GET') return new Response('a store takes nothing here', { status: 405 });
    const [name = ''] = href.startsWith(base) ? href.slice(base.length).split('?') : [];
    if (name === 'checkpoint') return new Response(new Uint8Array(note()));
    if (name === 'v1/search' && search) {
      const { rows, next } = await store.search(queryOf(searchParams));
      return Response.json({ entries: rows, next: next ?? null });
    }
    const bytes = await fileNamed(store, name);
    return bytes === undefined ? new Response(null, { status: 404 }) : new Response(new Uint8Array(bytes));
  };
}

async function fileNamed(store: SqliteReader, name: string): Promise<Uint8Array | undefined> {
  const tile = tileNamed(name);
  if (tile === undefined) return undefined;
  const { kind, level, index, width } = tile;
  return kind === 'tile' ? store.tile(level, index, width) : store.bundle(index, width);
}

function queryOf(params: URLSearchParams): Query {
  const [subject, kid, before] = ['subject', 'kid', 'before'].map((name) => params.get(name) ?? undefined);
  const kind = STATEMENT_KINDS.find((each) => each === params.get('kind'));
  return {
    limit: Math.min(MOST_ROWS, Number(params.get('limit') ?? MOST_ROWS)),
    ...(subject !== undefined && { subject }),
    ...(kid !== undefined && { kid }),
    ...(kind !== undefined && { kind }),
    ...(before !== undefined && { before: Number(before) }),
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
