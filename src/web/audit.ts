/**
 * JSON for auditors, under /v1: the same facts as tiles and receipts, easier to read. The server need not be trusted:
 * every proof leads to a root that a checkpoint signs.
 */
import {
  isEntryId,
  leafIndex,
  treeSize,
  type Digest,
  type EntryId,
  type LeafIndex,
  type TreeSize,
} from '../bytes/brand.ts';
import { refuse, type Refusal } from '../bytes/refusal.ts';
import { decodeUtf8, formatBase64, formatHex, parseDecimal, parseHex } from '../bytes/text.ts';
import { digest } from '../bytes/brand.ts';
import { decodeStatement } from '../cose/statement.ts';
import type { LogReader, Query } from '../log/ports.ts';
import { hashLeaf } from '../tree/hash.ts';
import * as schemas from './audit-schemas.ts';
import type { App } from './types.ts';
import { sendRange, viewEntry, viewRow } from './range.ts';
import { FRESH } from './media.ts';

const SEARCH_LIMIT = 100;
const SEARCH_MOST = 1_000;

/** How long a proof without a size waits for the checkpoint that covers its entry (milliseconds). */
const PUBLICATION_MS = 2_000;

/** GET /v1/…: proofs, entries, search. */
export function audit(app: App, origin: string, reader: LogReader): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', FRESH);
    done();
  });

  app.get('/v1/checkpoint', { schema: schemas.checkpointSchema }, async () => {
    const { note, head } = reader.checkpoint();
    return { origin, size: head.size, root: formatHex(head.root), time: head.time, note: decodeUtf8(note) };
  });
  proofs(app, reader);
  entries(app, reader);
}

function proofs(app: App, reader: LogReader): void {
  app.get('/v1/inclusion', { schema: schemas.inclusionSchema }, async ({ query }) => {
    const index = await indexOf(query, reader);
    // A client may ask right after its entry was acknowledged: it then waits for the checkpoint that covers the entry.
    if (query.size === undefined && index < reader.head().size) await reader.published(index, PUBLICATION_MS);
    const size = sizeOr(query.size, reader);
    if (index >= size)
      throw refuse('bad-request', `entry ${index} is not in a tree of size ${size}; ask at a larger size`);
    const [root, path] = await Promise.all([reader.root(size), reader.inclusion(index, size)]);
    return { index, size, root: formatHex(root), path: path.map(formatHex) };
  });

  app.get('/v1/consistency', { schema: schemas.consistencySchema }, async ({ query }) => {
    const from = treeSize(parseDecimal(query.from));
    const to = sizeOr(query.to, reader);
    if (from === 0 || from > to)
      throw refuse('bad-request', 'a consistency proof is from size 1 or more, to that size or a larger one');
    const roots = [reader.root(from), reader.root(to)] as const;
    const [fromRoot, toRoot, path] = await Promise.all([...roots, reader.consistency(from, to)]);
    return { from, to, fromRoot: formatHex(fromRoot), toRoot: formatHex(toRoot), path: path.map(formatHex) };
  });
}

function entries(app: App, reader: LogReader): void {
  app.get('/v1/entries', { schema: schemas.rangeSchema }, async ({ query }, reply) => {
    const start = parseDecimal(query.start);
    const end = parseDecimal(query.end);
    if (start > end) throw refuse('bad-request', 'the end of a range is not below its start');
    return sendRange(reply, reader, start, Math.min(end, reader.head().size));
  });

  app.get('/v1/entries/:key', { schema: schemas.entrySchema }, async ({ params: { key } }) => {
    const entry = await reader.entry(isEntryId(key) ? key : indexFrom(key));
    const statement = decodeStatement(entry.bytes);
    return {
      ...viewEntry(entry),
      leaf: formatHex(hashLeaf(entry.bytes)),
      algorithm: statement.alg,
      contentType: statement.contentType ?? null,
      payload: formatBase64(statement.payload),
      payloadHashed: statement.hashEnvelope !== undefined,
    };
  });

  app.get('/v1/search', { schema: schemas.searchSchema }, async ({ query }) => {
    const { limit, before, ...filter } = query;
    const most = limit === undefined ? SEARCH_LIMIT : parseDecimal(limit);
    if (most < 1 || most > SEARCH_MOST) throw refuse('bad-request', `limit is from 1 to ${SEARCH_MOST}`);
    const search: Query = {
      ...filter,
      limit: most,
      ...(before !== undefined && { before: parseDecimal(before) }),
    };
    const page = await reader.search(search);
    return { entries: page.rows.map(viewRow), next: page.next ?? null };
  });
}

/** SCRAPI's words for an id that is not in the log (draft-ietf-scitt-scrapi-11 §2.5). */
export function unknownEntry(id: EntryId): Refusal {
  return refuse('not-found', `Receipt with entry ID ${id} not known to this Transparency Service`);
}

function sizeOr(given: string | undefined, reader: LogReader): TreeSize {
  return given === undefined ? reader.checkpoint().head.size : treeSize(parseDecimal(given));
}

/** The index that a query names in one of three ways. */
async function indexOf(
  query: { readonly index?: string; readonly entry?: string; readonly leaf?: string },
  reader: LogReader,
): Promise<LeafIndex> {
  const { index, entry, leaf } = query;
  const given = [index, entry, leaf].filter((value) => value !== undefined);
  if (given.length !== 1) throw refuse('bad-request', 'name the entry once: by index, entry or leaf');
  if (index !== undefined) return leafIndex(parseDecimal(index));
  if (entry !== undefined && isEntryId(entry)) {
    const row = await reader.find(entry);
    if (row === undefined) throw unknownEntry(entry);
    return row.index;
  }
  const found = await reader.findLeaf(leafFrom(leaf ?? ''));
  if (found === undefined) throw refuse('not-found', 'no entry of this log has that leaf hash');
  return found;
}

function leafFrom(text: string): Digest {
  return digest(parseHex(text));
}

function indexFrom(text: string): LeafIndex {
  if (/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return leafIndex(parseDecimal(text));
  throw refuse('bad-locator', 'an entry is named by its id, 64 lower-case hex digits, or by its index');
}
