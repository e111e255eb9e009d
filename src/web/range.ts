/**
 * Sends a page of entries as JSON, piece by piece. The next piece is read from the store when the client has taken the one
 * before. So each client costs the memory of one piece, however slowly it reads and however large the entries are.
 */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { formatBase64 } from '../bytes/text.ts';
import type { EntryRow, LogReader, StoredEntry } from '../log/ports.ts';
import { turn } from './turn.ts';
import type * as schemas from './audit-schemas.ts';

/** Entries and bytes of one page: a bundle's worth, and what a client should hold at once. */
const PAGE_ENTRIES = 256;
const PAGE_BYTES = 4_194_304;
/** Bytes of a piece, about; one entry at least. */
const PIECE_BYTES = 131_072;
/** Entries of the first piece, whose sizes nobody knows yet. */
const FIRST_ENTRIES = 4;

/** Answers with the entries [start, last), as many as a page takes: `{"entries": […], "next": n or null}`. */
export async function sendRange(
  reply: FastifyReply,
  reader: Pick<LogReader, 'entries'>,
  start: number,
  last: number,
): Promise<FastifyReply> {
  const pieces = piecesOf(reader, start, last);
  // A fault before the first byte is answered as a problem document; a later one breaks the reply off.
  const first = await pieces.next();
  const body = Readable.from(written(first, pieces, start, last), { objectMode: false, highWaterMark: 1 });
  return reply.header('content-type', 'application/json; charset=utf-8').send(body);
}

type Pieces = AsyncGenerator<readonly StoredEntry[], void>;

async function* piecesOf(reader: Pick<LogReader, 'entries'>, start: number, last: number): Pieces {
  const end = Math.min(last, start + PAGE_ENTRIES);
  let bytes = 0;
  let wanted = FIRST_ENTRIES;
  for (let at = start; at < end;) {
    await turn();
    const read = await reader.entries(at, Math.min(end, at + wanted));
    const piece = within(read, PAGE_BYTES - bytes, at === start);
    if (piece.length > 0) yield piece;
    if (piece.length < read.length || read.length === 0) return;
    at += piece.length;
    bytes += piece.reduce((sum, entry) => sum + entry.bytes.length, 0);
    wanted = Math.max(1, Math.floor(PIECE_BYTES / (bytes / (at - start))));
  }
}

/** The first entries that have at most `most` bytes together; at least one at the beginning of a page. */
function within(entries: readonly StoredEntry[], most: number, begins: boolean): readonly StoredEntry[] {
  let bytes = 0;
  const end = entries.findIndex((entry, i) => (bytes += entry.bytes.length) > most && !(begins && i === 0));
  return end === -1 ? entries : entries.slice(0, end);
}

async function* written(
  first: IteratorResult<readonly StoredEntry[], void>,
  rest: Pieces,
  start: number,
  last: number,
): AsyncGenerator<string, void> {
  let next = start;
  yield '{"entries":[';
  for (let at = first; at.done !== true; at = await rest.next()) {
    const begins = next === start;
    next += at.value.length;
    yield `${begins ? '' : ','}${at.value.map((entry) => JSON.stringify(viewEntry(entry))).join(',')}`;
  }
  yield `],"next":${next > start && next < last ? next : 'null'}}`;
}

export function viewRow({ index, id, kind, subject, issuer, kid, time }: EntryRow): schemas.Row {
  return { index, id, kind, subject, issuer, kid, time };
}

export function viewEntry(entry: StoredEntry): schemas.Entry {
  return { ...viewRow(entry), bytes: formatBase64(entry.bytes) };
}
