/**
 * Finds entries with a Tallystick log's JSON search (`GET /v1/search`). Its answer is only a hint where to look: a
 * client uses an entry only after it was read and verified through a `LogView`.
 */
import { isEntryId, type EntryId } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { StatementKind } from '../statement/kinds.ts';
import { jsonIn, memberOf } from './json-reply.ts';
import { askPatiently } from './patience.ts';
import { refusalOf } from './problem.ts';
import type { Transport } from './transport.ts';

/** Bytes of a page of a few rows; each has a subject and an issuer of up to 8 kB. */
const MAX_PAGE_BYTES = 262_144;
/**
 * Most pages of a search for one entry. A short page may have a next one, since the log skips rows that do not match; a
 * log that needs more pages than this is misbehaving.
 */
const MAX_PAGES = 64;
/** Rows of the first page of a listing. Each further one has twice as many, up to `MOST_PAGE_ROWS`: long listings need few requests. */
const PAGE_ROWS = 64;
const MOST_PAGE_ROWS = 512;
/** Bytes of a row: one character of a subject may take six bytes in JSON. */
const MAX_ROW_BYTES = 32_768;
/** Most entries of a listing that are held in memory together. */
const MOST_LISTED = 20_000;
/** Most pages of one listing. */
const MOST_PAGES = 65_536;

/** The place of an entry, as the log states it. */
export interface Found {
  readonly index: number;
  readonly id: EntryId;
}

/** One entry of a listing. `time`: when it was logged, POSIX seconds, as the log states it. */
export interface Listed extends Found {
  readonly subject: string;
  readonly time: number;
}

/** What to search for. An absent member matches everything. */
export interface Wanted {
  readonly subject?: string;
  readonly kind?: StatementKind;
  /** Thumbprint of the signer's key, lower-case hex. */
  readonly kid?: string;
  /** Only entries below this index. */
  readonly before?: number;
  /** Only entries from this index on, for a reader that knows the earlier ones. */
  readonly from?: number;
}

/**
 * The newest entry that matches; undefined if none does. Refuses `not-found` if the log has no search, and
 * `unavailable` for an answer of another shape.
 */
export async function findNewest(
  transport: Transport,
  log: string,
  wanted: Wanted,
): Promise<Found | undefined> {
  const url = new URL(`${log}/v1/search`);
  for (const [name, value] of Object.entries(wanted)) url.searchParams.set(name, String(value));
  url.searchParams.set('limit', '1');
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const { found, next } = readPage(await answerTo(transport, url, MAX_PAGE_BYTES), log);
    if (found !== undefined || next === undefined) return found;
    url.searchParams.set('before', String(next));
  }
  throw strange(log);
}

/** Whether a host has a search, as logs and monitors do. Mirrors and hosts of tiles alone have none. */
export async function answersSearches(transport: Transport, log: string): Promise<boolean> {
  try {
    await findNewest(transport, log, { kind: 'policy' });
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not-found') return false;
    throw error;
  }
}

/** The row for the entry at an index; undefined if the search does not name it. Refuses as `findNewest` does. */
export async function findAt(transport: Transport, log: string, index: number): Promise<Listed | undefined> {
  const url = new URL(`${log}/v1/search`);
  url.searchParams.set('before', String(index + 1));
  url.searchParams.set('limit', '1');
  const page = await answerTo(transport, url, MAX_PAGE_BYTES);
  const entries = memberOf(page, 'entries');
  if (!Array.isArray(entries)) throw strange(log);
  const row = entries.length === 0 ? undefined : readRow(entries[0], log);
  return row?.index === index ? row : undefined;
}

/**
 * One answer of a listing, newest first. `next`: all matching entries from this index on are named; undefined on the
 * last page.
 */
export interface Page {
  readonly rows: readonly Listed[];
  readonly next: number | undefined;
}

/**
 * All entries that match, newest first, page by page, so that the caller need not hold more than one page. Refuses as
 * `findNewest` does, and `too-large` for a listing that does not end.
 */
export async function* findPages(transport: Transport, log: string, wanted: Wanted): AsyncGenerator<Page> {
  const { from = 0, ...asked } = wanted;
  const url = new URL(`${log}/v1/search`);
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, String(value));
  let limit = PAGE_ROWS;
  let before = wanted.before ?? Infinity;
  for (let pages = 0; before > from; pages++) {
    if (pages === MOST_PAGES) throw tooMany(log);
    url.searchParams.set('limit', String(limit));
    const page = await answerTo(transport, url, limit * MAX_ROW_BYTES);
    limit = Math.min(MOST_PAGE_ROWS, 2 * limit);
    const entries = memberOf(page, 'entries');
    const next = memberOf(page, 'next');
    if (!Array.isArray(entries) || !(next === null || isIndex(next))) throw strange(log);
    if ((next ?? -1) >= before) throw strange(log);
    const rows: Listed[] = [];
    for (const row of entries) {
      const each = readRow(row, log);
      // Each row must have a smaller index than the one before; otherwise the listing could go on forever.
      if (each.index >= before) throw strange(log);
      before = each.index;
      if (before >= from) rows.push(each);
    }
    const isEnd = next === null || next <= from || before < from;
    yield { rows, next: isEnd ? undefined : next };
    if (isEnd) return;
    before = next;
    url.searchParams.set('before', String(next));
  }
}

/** All entries that match, oldest first. Refuses as `findPages` does, and `too-large` for more than `most`. */
export async function findAll(
  transport: Transport,
  log: string,
  wanted: Wanted,
  most = MOST_LISTED,
): Promise<readonly Listed[]> {
  const listed: Listed[] = [];
  for await (const { rows } of findPages(transport, log, wanted)) {
    listed.push(...rows);
    if (listed.length > most) throw tooMany(log);
  }
  return listed.toReversed();
}

function tooMany(log: string): Refusal {
  return refuse('too-large', `${log} lists more entries than a reader takes at once`);
}

function readRow(row: unknown, log: string): Listed {
  const [index, id] = [memberOf(row, 'index'), memberOf(row, 'id')];
  const [subject, time] = [memberOf(row, 'subject'), memberOf(row, 'time')];
  const fine = isIndex(index) && isIndex(time) && typeof id === 'string' && isEntryId(id);
  if (!fine || typeof subject !== 'string') throw strange(log);
  return { index, id, subject, time };
}

function readPage(
  page: unknown,
  log: string,
): { readonly found: Found | undefined; readonly next: number | undefined } {
  const entries = memberOf(page, 'entries');
  const next = memberOf(page, 'next');
  if (!Array.isArray(entries) || !(next === null || isIndex(next))) throw strange(log);
  const row: unknown = entries[0];
  if (row === undefined) return { found: undefined, next: next ?? undefined };
  const index = memberOf(row, 'index');
  const id = memberOf(row, 'id');
  if (!isIndex(index) || typeof id !== 'string' || !isEntryId(id)) throw strange(log);
  return { found: { index, id }, next: undefined };
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/**
 * Statuses of a host that has no search: a host of files alone answers 404, and where its files may not be listed 403; others say
 * that the resource is gone, or that they do not know the method or the request.
 */
const SEARCHLESS: ReadonlySet<number> = new Set([403, 404, 405, 410, 501]);

/**
 * The JSON of one answer to a search. Refuses `not-found` for the answers of a host that has none, a page in place of JSON among
 * them. The reader then reads every entry, so that such an answer hides nothing; and a host that answered once has to go on.
 */
async function answerTo(transport: Transport, url: URL, maxBytes: number): Promise<unknown> {
  const reply = await askPatiently(transport, url, { accept: 'application/json', maxBytes });
  if (SEARCHLESS.has(reply.status))
    throw refuse('not-found', `${url.host} answered ${reply.status} to a search: it has none`);
  if (reply.status !== 200) throw refusalOf(reply);
  const json = jsonIn(reply.body);
  if (json === undefined)
    throw refuse('not-found', `${url.host} answered a search with something else than JSON: it has none`);
  return json;
}

function strange(log: string): Refusal {
  return refuse('unavailable', `${log} answered a search in a form of its own; is it a Tallystick log?`);
}
