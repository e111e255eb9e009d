/**
 * Where the entries about a subject are. The log's own search answers, and could omit an entry. So monitors that have a
 * verified copy of the log are asked the same. If a monitor has an entry that the log omits, the run ends.
 */
import { refuse } from '../bytes/refusal.ts';
import { jsonIn, memberOf } from './json-reply.ts';
import { findPages, type Listed, type Page, type Wanted } from './search.ts';
import { download } from './patience.ts';
import { entryIdOf } from './scrapi.ts';
import type { Transport } from './transport.ts';
import type { LogView } from './view.ts';
import { originHash } from '../note/checkpoint.ts';
import { parseStatement } from '../statement/parse.ts';

export interface Listings {
  /** Entries of the tree that match, newest first. */
  pages(wanted: Wanted): AsyncIterable<Page>;
  /** URL of each monitor that was asked, and the size of its copy. */
  readonly monitors: readonly { readonly url: string; readonly size: number }[];
}

const MAX_HEAD_BYTES = 65_536;

/** Refuses `unavailable` if a named monitor cannot be asked. */
export async function listingsOf(
  transport: Transport,
  log: string,
  view: LogView,
  monitors: readonly string[],
): Promise<Listings> {
  const { size, origin } = view.opened.checkpoint;
  const others = await Promise.all(
    monitors.map(async (url) => {
      const base = `${url.replace(/\/+$/, '')}/logs/${originHash(origin)}`;
      return { url, base, size: await copiedBy(transport, base) };
    }),
  );
  return {
    monitors: others.map((each) => ({ url: each.url, size: Math.min(each.size, size) })),
    async *pages(wanted) {
      const within = { ...wanted, before: Math.min(size, wanted.before ?? size) };
      const beside = others.map(({ url, base }) => ({
        url,
        rows: rowsOf(findPages(transport, base, within)),
      }));
      for await (const page of findPages(transport, log, within)) {
        const named = new Set(page.rows.map(({ index }) => index));
        for (const { url, rows } of beside)
          for (const each of await rows(page.next ?? 0))
            if (!named.has(each.index)) await assertMadeUp(view, each, wanted, url);
        yield page;
      }
    },
  };
}

/** Takes the rows of a listing from an index on, a part with each call. */
function rowsOf(pages: AsyncIterator<Page>): (from: number) => Promise<readonly Listed[]> {
  let ahead: readonly Listed[] = [];
  let isEnd = false;
  return async (from) => {
    const taken: Listed[] = [];
    for (;;) {
      taken.push(...ahead.filter(({ index }) => index >= from));
      ahead = ahead.filter(({ index }) => index < from);
      if (isEnd || ahead.length > 0) return taken;
      const next = await pages.next();
      if (next.done === true) return taken;
      ahead = next.value.rows;
      isEnd = next.value.next === undefined;
    }
  };
}

/** Number of entries in a monitor's copy. */
async function copiedBy(transport: Transport, base: string): Promise<number> {
  const body = await download(
    transport,
    new URL(`${base}/v1/checkpoint`),
    'application/json',
    MAX_HEAD_BYTES,
  );
  const size = memberOf(jsonIn(body), 'size');
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size;
  throw refuse('unavailable', `${base} did not answer as a Tallystick monitor does; check the URL`);
}

/**
 * Checks the entry that a monitor names and the log does not: it must be in the tree and match the search, since a
 * monitor may be wrong as well.
 */
async function assertMadeUp(
  view: LogView,
  { index, id }: Listed,
  { subject, kind }: Wanted,
  monitor: string,
): Promise<void> {
  const { bytes } = await view.entry(index);
  const parsed = parseStatement(bytes);
  const wanted = (subject ?? parsed.subject) === parsed.subject && (kind ?? parsed.kind) === parsed.kind;
  if (!wanted || entryIdOf(bytes) !== id) return;
  throw omitted(index, parsed.subject, `the monitor ${monitor} has it`);
}

/** The refusal of a search that does not name everything. */
export function omitted(index: number, subject: string, how: string): Error {
  return refuse(
    'proof-failed',
    `the log's search leaves out entry ${index} about "${subject}" (${how}); it hides something: do not rely on it`,
  );
}

/** The refusal of a search that names an entry as another one. */
export function misnamed(index: number): Error {
  return refuse('proof-failed', `the log's search names entry ${index} as what it is not; do not rely on it`);
}

/** What was read of a log, which a listing is held against. */
interface WasRead {
  readonly missingIn: (
    named: readonly Listed[],
    wanted: Wanted,
  ) => Pick<Listed, 'index' | 'subject'> | undefined;
}

/** Pages of a listing, each checked to have every entry that was read, with the same subject and kind. Refuses `proof-failed`. */
export async function* wholePages(
  pages: AsyncIterable<Page>,
  wanted: Wanted,
  size: number,
  read: WasRead | undefined,
): AsyncGenerator<Page> {
  let before = Math.min(size, wanted.before ?? size);
  for await (const page of pages) {
    const from = Math.max(page.next ?? 0, wanted.from ?? 0);
    const missing = read?.missingIn(page.rows, { ...wanted, from, before });
    if (missing !== undefined) throw omitted(missing.index, missing.subject, 'it is in the tree');
    before = from;
    yield page;
  }
}
