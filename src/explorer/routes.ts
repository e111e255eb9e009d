/**
 * The pages of a server: one document for each path (shell.ts), its files, and nothing else. What the pages show they fetch from the
 * routes that every client has.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from '../bytes/refusal.ts';
import { FRESH, HTML, IMMUTABLE } from '../web/media.ts';
import type { App } from '../web/types.ts';
import { ASSETS, builtAssets, type Asset, type Assets } from './assets.ts';
import { markup } from './facts/markup.ts';
import type { ExplorerPort, ServedLog } from './port.ts';
import { contentPolicy, documentOf } from './shell.ts';
import type { Boot, Site } from './shared/boot.ts';
import { asksOthers, LISTED, placeOf, TITLES, type Place } from './shared/place.ts';

const schema = { hide: true };

/** GET / and, for each log, /s/…, /e/…, /search, /compare, /witnesses, /verify; the files of the pages. */
export function explorer(app: App, port: ExplorerPort, warn: (text: string) => void = () => {}): void {
  const assets = builtAssets();
  if (assets === undefined) warn('the pages are not built: the explorer shows facts alone; run npm ci');
  files(app, assets);
  for (const log of port.logs) logPages(app, port, log, assets);
  if (!port.logs.some(({ base }) => base === ''))
    app.get('/', { schema }, async (_request, reply) =>
      send(reply, port, undefined, { kind: 'home' }, assets),
    );
}

function logPages(app: App, port: ExplorerPort, log: ServedLog, assets: Assets | undefined): void {
  const page = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const [path = ''] = request.url.split('?', 1);
    const place = placeOf(path.slice(log.base.length));
    if (place === undefined)
      throw refuse('not-found', 'there is no such page; see / for those that there are');
    return send(reply, port, log, place, assets);
  };
  for (const kind of LISTED)
    app.get(kind === 'home' ? `${log.base}/` : `${log.base}/${kind}`, { schema }, page);
  app.get(`${log.base}/s/*`, { schema }, page);
  app.get(`${log.base}/e/:index`, { schema }, page);
}

function send(
  reply: FastifyReply,
  port: ExplorerPort,
  log: ServedLog | undefined,
  place: Place,
  assets: Assets | undefined,
): FastifyReply {
  const others = asksOthers(place);
  reply.header('content-security-policy', contentPolicy(others)).header('referrer-policy', 'no-referrer');
  reply.header('x-robots-tag', 'noindex, nofollow').header('cross-origin-opener-policy', 'same-origin');
  reply.header('content-type', HTML).header('cache-control', FRESH);
  const facts = place.kind === 'home' ? port.home() : markup``;
  return reply.send(
    documentOf({ title: titleOf(place), boot: bootOf(port, log, assets, others), facts, assets }),
  );
}

function titleOf(place: Place): string {
  if (place.kind === 'subject') return place.subject;
  return place.kind === 'entry' ? `Entry ${place.index}` : TITLES[place.kind];
}

function bootOf(
  { role, name, version, logs }: ExplorerPort,
  log: ServedLog | undefined,
  assets: Assets | undefined,
  others: boolean,
): Boot {
  const worker = assets?.names.worker ?? '';
  return {
    role,
    name,
    version,
    site: log === undefined ? null : siteOf(log),
    sites: logs.map(siteOf),
    worker: `${ASSETS}${worker}${others ? OTHERS : ''}`,
    verifier: assets?.files.get(worker)?.sha256 ?? '',
  };
}

function siteOf({ origin, base }: ServedLog): Site {
  return { origin, base };
}

/** A worker has the policy that it was sent with, not its page's: this query asks for the one that may ask other hosts. */
const OTHERS = '?others';

/** GET /explorer/NAME, and /verify.html */
function files(app: App, assets: Assets | undefined): void {
  app.get<{ Params: { name: string } }>(`${ASSETS}:name`, { schema }, async (request, reply) => {
    const asset = assets?.files.get(request.params.name);
    if (asset === undefined) throw refuse('not-found', 'no page has such a file; load the page again');
    reply.header('content-security-policy', contentPolicy(request.url.endsWith(OTHERS)));
    return sendAsset(request, reply.header('cache-control', IMMUTABLE), asset);
  });
  const saved = assets?.names.saved === undefined ? undefined : assets.files.get(assets.names.saved);
  if (saved !== undefined)
    app.get('/verify.html', { schema }, async (request, reply) =>
      sendAsset(request, reply.header('cache-control', FRESH), saved),
    );
}

function sendAsset(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  const zipped = asset.gzip !== undefined && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  const etag = `"${asset.sha256.slice(0, 22)}${zipped ? '-gz' : ''}"`;
  reply.header('vary', 'accept-encoding').header('etag', etag).header('x-content-type-options', 'nosniff');
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  if (zipped) reply.header('content-encoding', 'gzip');
  return reply.header('content-type', asset.type).send(zipped ? asset.gzip : asset.bytes);
}
