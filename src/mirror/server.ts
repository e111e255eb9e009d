/** The mirror's server: the read side of the log, as the log itself serves it (C2SP tlog-tiles). */
import type { FastifyInstance } from 'fastify';
import { refuse } from '../bytes/refusal.ts';
import { explorer } from '../explorer/routes.ts';
import { originHash, type OpenedCheckpoint } from '../note/checkpoint.ts';
import { BRIEF, CBOR, FIVE_MINUTES, FRESH, TEXT, asBuffer } from '../web/media.ts';
import { openToBrowsers } from '../web/methods.ts';
import type { WebOptions } from '../web/options.ts';
import { TAGS, bytesOf, failures, hex32 } from '../web/schemas.ts';
import { webServer } from '../web/server.ts';
import { tiles, type TileFiles } from '../web/tiles.ts';
import type { App } from '../web/types.ts';
import { Type } from 'typebox';
import { KEYS, MANIFEST, TRUST_POLICY, type ReadFile } from './folder.ts';
import { explored, heldBy } from './home.ts';
import { mirrorMetrics } from './metrics.ts';
import type { Mirror } from './mirror.ts';
import { readinessOf } from './status.ts';
import { formatNote } from '../note/note.ts';
import { tileWidthAt } from '../tree/tile.ts';

interface MirrorServerOptions extends WebOptions {
  /** Reads a client may make in a window; 0: no limit. Tiles are not counted: refusing costs as much. */
  readonly readsPerWindow: number;
}

/** A server over a mirror, ready to listen. `read` gives the files beside the log's own. */
export async function mirrorServer(
  mirror: Mirror,
  read: ReadFile,
  options: MirrorServerOptions,
): Promise<FastifyInstance> {
  const web = await webServer(options);
  mirrorMetrics(mirror, web.registry);
  const counted = [openToBrowsers, web.rate(options.readsPerWindow)];
  await web.scope((app) => tiles(app, filesOf(mirror), web.sending), [openToBrowsers]);
  await web.scope((app) => {
    monitoring(app, mirror);
    for (const file of FILES) fileRoute(app, file, read);
  }, counted);
  await web.operations(() => readinessOf(mirror.status, mirror.held && mirror.size));
  const port = explored(
    mirror,
    options.version,
    FILES.map(({ path }) => path),
    options.now ?? Date.now,
  );
  for (const { origin, base } of port.logs) {
    await web.scope((app) => tiles(app, filesOf(mirror, origin), web.sending), [openToBrowsers], base);
    await web.scope((app) => FILES.forEach((file) => fileRoute(app, file, read)), counted, base);
  }
  await web.scope((app) => explorer(app, port, web.urlOf, options), counted);
  web.finish();
  return web.app;
}

const monitoringSchema = {
  tags: [TAGS.tiles],
  summary: 'The largest verified head held of a log, by the hash of its origin (C2SP tlog-witness)',
  params: Type.Object({ origin: hex32('SHA-256 of the origin') }),
  response: {
    200: bytesOf('text/plain', 'A checkpoint with the signatures that were verified'),
    ...failures,
  },
};

/** GET /<hex SHA-256(origin)>/checkpoint. */
function monitoring(app: App, mirror: Mirror): void {
  app.get('/:origin/checkpoint', { schema: monitoringSchema }, (request, reply) => {
    const { opened } = heldBy(mirror);
    if (originHash(opened.checkpoint.origin) !== request.params.origin)
      throw refuse('not-found', 'this mirror holds no head of that log');
    reply.header('content-type', TEXT).header('cache-control', BRIEF);
    return reply.send(asBuffer(verifiedNote(opened)));
  });
}

interface FileRoute {
  readonly path: string;
  readonly type: string;
  readonly cache: string;
  readonly summary: string;
}

const FILES: readonly FileRoute[] = [
  { path: KEYS, type: CBOR, cache: FIVE_MINUTES, summary: 'The receipt keys of the log (COSE Key Set)' },
  { path: MANIFEST, type: 'application/json', cache: FRESH, summary: 'What this is a copy of' },
  { path: TRUST_POLICY, type: TEXT, cache: FRESH, summary: 'Whom the mirror trusts (C2SP tlog-policy)' },
];

function fileRoute(app: App, { path, type, cache, summary }: FileRoute, read: ReadFile): void {
  const schema = { tags: [TAGS.tiles], summary, response: { 200: bytesOf(type, summary), ...failures } };
  app.get(`/${path}`, { schema }, async (_request, reply) => {
    const bytes = await read(path);
    if (bytes === undefined) throw refuse('not-found', 'this mirror has no such file');
    return reply.header('content-type', type).header('cache-control', cache).send(asBuffer(bytes));
  });
}

/**
 * Checkpoint, tiles and bundles of the held head; `origin`: of that log alone. Refuses `not-yet` before the first, `not-found`
 * beyond it.
 */
function filesOf(mirror: Mirror, origin?: string): TileFiles {
  const exists = (level: number, index: number, width: number): void => {
    heldBy(mirror, origin);
    if (width > tileWidthAt(level, index, mirror.size))
      throw refuse('not-found', `the mirrored tree of ${mirror.size} entries has no such tile`);
  };
  return {
    checkpoint: () => ({ note: heldBy(mirror, origin).note }),
    tile: async (level, index, width) => {
      exists(level, index, width);
      return mirror.local.tile(level, index, width);
    },
    bundle: async (index, width) => {
      exists(0, index, width);
      return mirror.local.bundleBytes(index, width);
    },
  };
}

/** The note with only the signatures that were verified: the log's, and those of known witnesses. */
function verifiedNote({ text, logSignatures, cosignatures }: OpenedCheckpoint): Uint8Array {
  return formatNote(
    text,
    [...logSignatures, ...cosignatures].map(({ line }) => line),
  );
}
