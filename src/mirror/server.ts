/** The mirror's server: the read side of the log, as the log itself serves it (C2SP tlog-tiles). */
import type { FastifyInstance } from 'fastify';
import { refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { formatMilliseconds } from '../bytes/time.ts';
import { originHash, type OpenedCheckpoint } from '../note/checkpoint.ts';
import { BRIEF, CBOR, FIVE_MINUTES, FRESH, TEXT, asBuffer } from '../web/media.ts';
import { openToBrowsers } from '../web/methods.ts';
import type { WebOptions } from '../web/options.ts';
import { escapeHtml, sendPage } from '../web/page.ts';
import { TAGS, bytesOf, failures, hex32 } from '../web/schemas.ts';
import { webServer } from '../web/server.ts';
import { tiles, type TileFiles } from '../web/tiles.ts';
import type { App } from '../web/types.ts';
import { Type } from 'typebox';
import { KEYS, MANIFEST, TRUST_POLICY, type ReadFile } from './folder.ts';
import { mirrorMetrics } from './metrics.ts';
import type { Mirror } from './mirror.ts';
import { readinessOf } from './status.ts';
import type { SignedHead } from '../client/history.ts';
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
  await web.scope((app) => home(app, mirror), [web.rate(options.readsPerWindow)]);
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

/** GET / */
function home(app: App, mirror: Mirror): void {
  app.get('/', { schema: { hide: true } }, async (_request, reply) => {
    const { held, status } = mirror;
    const { reasons } = readinessOf(status, held && mirror.size);
    const notes = reasons.map((reason) => `<p class="note">${escapeHtml(reason)}</p>`).join('');
    const checkpoint = held?.opened.checkpoint;
    const facts: readonly (readonly [string, string | undefined])[] = [
      ['Mirror of', mirror.url],
      ['Entries', checkpoint && String(checkpoint.size)],
      ['Root', checkpoint && formatHex(checkpoint.root)],
      ['Up to date at', status.lastSync === undefined ? undefined : formatMilliseconds(status.lastSync)],
      ['Monitoring prefix path', checkpoint && `/${originHash(checkpoint.origin)}/checkpoint`],
    ];
    const rows = facts.map(([name, value]) =>
      value === undefined ? '' : `<dt>${name}</dt><dd><code>${escapeHtml(value)}</code></dd>`,
    );
    const links = ['/checkpoint', ...FILES.map(({ path }) => `/${path}`), '/readyz', '/metrics'];
    const list = links.map((href) => `<li><a href="${href}">${href}</a></li>`).join('');
    const body = `<p>A verified copy of a transparency log, by Tallystick.</p>${notes}<dl>${rows.join('')}</dl><ul>${list}</ul>`;
    return sendPage(reply, checkpoint?.origin ?? 'A mirror', body);
  });
}

/** Checkpoint, tiles and bundles of the held head. Refuses `not-yet` before the first, `not-found` beyond it. */
function filesOf(mirror: Mirror): TileFiles {
  const exists = (level: number, index: number, width: number): void => {
    if (width > tileWidthAt(level, index, mirror.size))
      throw refuse('not-found', `the mirrored tree of ${mirror.size} entries has no such tile`);
  };
  return {
    checkpoint: () => ({ note: heldBy(mirror).note }),
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

/** The held head. Refuses `not-yet`. */
function heldBy(mirror: Mirror): SignedHead {
  const { held } = mirror;
  if (held === undefined) throw refuse('not-yet', 'nothing is mirrored yet; ask again later');
  return held;
}

/** The note with only the signatures that were verified: the log's, and those of known witnesses. */
function verifiedNote({ text, logSignatures, cosignatures }: OpenedCheckpoint): Uint8Array {
  return formatNote(
    text,
    [...logSignatures, ...cosignatures].map(({ line }) => line),
  );
}
