/**
 * The log as files (C2SP tlog-tiles): checkpoint, tiles, entry bundles. Monitors and mirrors read the whole
 * log here, so each request does as little as possible: bytes go from the reader's memory to the socket. A
 * tile never changes once it is there.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseTilePath, type TilePath } from '../tree/tile.ts';
import type { LogReader } from '../log/ports.ts';
import type { Flight } from './flight.ts';
import { turn } from './turn.ts';
import type { App } from './types.ts';
import { asBuffer, BRIEF, BYTES, IMMUTABLE, TEXT } from './media.ts';
import { bytesOf, failures, nothing, TAGS } from './schemas.ts';

const tags = [TAGS.tiles];
const unchanged = { 304: nothing('The client has this one already') };

const checkpointSchema = {
  tags,
  summary: 'The signed tree head',
  response: { 200: bytesOf('text/plain', 'A checkpoint (C2SP tlog-checkpoint)'), ...unchanged, ...failures },
};
const tileSchema = {
  tags,
  summary: 'Hashes of the tree',
  description:
    'L is the level; N the index, in groups of three digits, all but the last with an x and a slash: x001/x234/067. A partial tile ends in .p/W, W hashes wide.',
  response: { 200: bytesOf(BYTES, '256 hashes of 32 bytes, or W'), ...failures },
};
const bundleSchema = {
  tags,
  summary: 'Entries of the log',
  description: 'N and .p/W as for tiles. Each entry stands behind its length, a uint16.',
  response: { 200: bytesOf(BYTES, '256 entries, or W'), ...failures },
};

/** Replies of more bytes count towards the bytes under way (flight.ts). */
const LARGE = 65_536;
/** Replies of more bytes wait for their turn (turn.ts). For smaller ones, waiting costs more than it saves others. */
const WAITING = 131_072;

/** What is served: a running log's reader, a mirror's files, or a monitor's copy. */
export interface TileFiles extends Pick<LogReader, 'tile' | 'bundle'> {
  checkpoint(): { readonly note: Uint8Array };
}

/** GET /checkpoint, /tile/<L>/<N>[.p/<W>], /tile/entries/<N>[.p/<W>]. */
export function tiles(app: App, reader: TileFiles, sending: Flight): void {
  const tag = tagger();
  const tileAt = pathReader();
  app.get('/checkpoint', { schema: checkpointSchema }, (request, reply) => {
    const { note } = reader.checkpoint();
    const etag = tag(note);
    reply.header('etag', etag).header('cache-control', BRIEF);
    if (request.headers['if-none-match']?.includes(etag) === true) return reply.code(304).send();
    return reply.header('content-type', TEXT).send(asBuffer(note));
  });

  const serve = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    // The URL as sent, since a decoded one would give each tile more than one name.
    const { kind, level, index, width } = tileAt(pathOf(request.url.slice(app.prefix.length)));
    const bytes = await (kind === 'tile' ? reader.tile(level, index, width) : reader.bundle(index, width));
    if (bytes.length > LARGE) {
      sending.take(request, reply, bytes.length);
      if (bytes.length > WAITING) await turn();
    }
    return reply.header('content-type', BYTES).header('cache-control', IMMUTABLE).send(asBuffer(bytes));
  };
  app.get('/tile/*', { schema: tileSchema, config: { documented: '/tile/{L}/{N}' } }, serve);
  app.get('/tile/entries/*', { schema: bundleSchema, config: { documented: '/tile/entries/{N}' } }, serve);
}

/** A URL's path, without the slash it begins with. */
function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url.slice(1) : url.slice(1, query);
}

/** Paths whose meaning is remembered. */
const PATHS_KEPT = 4_096;

/**
 * Reads paths, and remembers them: everyone who follows the log asks for the same few at its right edge, and
 * taking a path apart was a tenth of what serving a tile costs.
 */
function pathReader(): (path: string) => TilePath {
  const known = new Map<string, TilePath>();
  return (path) => {
    let tile = known.get(path);
    if (tile === undefined) {
      tile = parseTilePath(path);
      if (known.size === PATHS_KEPT) known.clear();
      known.set(path, tile);
    }
    return tile;
  };
}

/** Entity tags of checkpoints: a digest, made once for each. */
function tagger(): (note: Uint8Array) => string {
  let last: Uint8Array | undefined;
  let tag = '';
  return (note) => {
    if (note !== last) {
      tag = `"${createHash('sha256').update(note).digest('base64url').slice(0, 22)}"`;
      last = note;
    }
    return tag;
  };
}
