/**
 * Looking entries up in a Tallystick log's JSON (`GET /v1/search`). What it answers is a hint where to
 * look: an entry is believed only once it was read and verified through a `LogView`.
 */
import { isEntryId, type EntryId } from '../bytes/brand.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { decodeUtf8 } from '../bytes/text.ts';
import type { StatementKind } from '../statement/kinds.ts';
import { download } from './patience.ts';
import type { Transport } from './transport.ts';

/** A page of at most a few rows, each with a subject and an issuer of up to 8 kB. */
const MAX_PAGE_BYTES = 262_144;
/** A short page may go on (the log skips what does not match); this many pages is a log that plays with us. */
const MAX_PAGES = 64;

/** Where the log says an entry is. */
export interface Found {
  readonly index: number;
  readonly id: EntryId;
}

/** What to look for; absent fields match everything. */
export interface Wanted {
  readonly subject?: string;
  readonly kind?: StatementKind;
  /** Only entries below this index. */
  readonly before?: number;
}

/** The newest entry that matches, or undefined. Refuses `not-found` when the log has no search, and `bad-request` for an answer of another shape. */
export async function findNewest(
  transport: Transport,
  log: string,
  wanted: Wanted,
): Promise<Found | undefined> {
  const url = new URL(`${log}/v1/search`);
  for (const [name, value] of Object.entries(wanted)) url.searchParams.set(name, String(value));
  url.searchParams.set('limit', '1');
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const body = await download(transport, url, 'application/json', MAX_PAGE_BYTES);
    const { found, next } = readPage(parseJson(body, log), log);
    if (found !== undefined || next === undefined) return found;
    url.searchParams.set('before', String(next));
  }
  throw strange(log);
}

function readPage(
  page: unknown,
  log: string,
): { readonly found: Found | undefined; readonly next: number | undefined } {
  const entries = property(page, 'entries');
  const next = property(page, 'next');
  if (!Array.isArray(entries) || !(next === null || isIndex(next))) throw strange(log);
  const row: unknown = entries[0];
  if (row === undefined) return { found: undefined, next: next ?? undefined };
  const index = property(row, 'index');
  const id = property(row, 'id');
  if (!isIndex(index) || typeof id !== 'string' || !isEntryId(id)) throw strange(log);
  return { found: { index, id }, next: undefined };
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function parseJson(body: Uint8Array, log: string): unknown {
  try {
    return JSON.parse(decodeUtf8(body));
  } catch (error) {
    throw refuse('bad-request', `${log} answered something else than JSON; is it a Tallystick log?`, {
      cause: error,
    });
  }
}

function strange(log: string): Refusal {
  return refuse('bad-request', `${log} answered a search in a form of its own; is it a Tallystick log?`);
}
