/**
 * The pages of a server: one document for each path (shell.ts), its files, and nothing else. What the pages show they fetch from the
 * routes that every client has.
 */
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { refuse } from '../bytes/refusal.ts';
import { FRESH, HTML, IMMUTABLE } from '../web/media.ts';
import { sendPage } from '../web/page.ts';
import type { App, UrlOf } from '../web/types.ts';
import { ASSETS, builtAssets, type Asset, type Assets } from './assets.ts';
import { factsOf } from './facts/facts.ts';
import { policyText } from './facts/witnesses.ts';
import { overview } from './overview/route.ts';
import type { ExplorerPort, ServedLog } from './port.ts';
import { contentPolicy, documentOf } from './shell.ts';
import type { Boot } from './shared/boot.ts';
import { asksOthers, LISTED, placeOf, TITLES, type Place } from './shared/place.ts';

const schema = { hide: true };

const PLAIN =
  '<p>A server of Tallystick, a transparency log for configuration. It serves programs; its pages are switched off.</p>';

interface Pages {
  readonly port: ExplorerPort;
  readonly assets: Assets | undefined;
  readonly urlOf: UrlOf;
  readonly dataDir: string | undefined;
}

export interface ExplorerOptions {
  /** False: `/` says what this is, and there are no pages. */
  readonly explorer?: boolean | undefined;
  readonly log?: Pick<Logger, 'warn'> | undefined;
  /** The folder of the server's data. */
  readonly dataDir?: string | undefined;
  /** The built files. Default: those of this program. */
  readonly assets?: () => Assets | undefined;
}

/** GET / and, for each log, /s/…, /e/…, /search, /compare, /witnesses, /verify, /v1/overview; the files of the pages. */
export function explorer(
  app: App,
  port: ExplorerPort,
  urlOf: UrlOf,
  { explorer: on = true, log: told, dataDir, assets: built = builtAssets }: ExplorerOptions,
): void {
  if (!on) {
    app.get('/', { schema }, async (_request, reply) => sendPage(reply, port.name, PLAIN));
    return;
  }
  const assets = built();
  if (assets === undefined) told?.warn('the pages are not built: the explorer shows facts alone; run npm ci');
  const pages = { port, assets, urlOf, dataDir };
  files(app, assets);
  for (const log of port.logs) {
    logPages(app, pages, log);
    overview(app, log);
  }
  if (!port.logs.some(({ base }) => base === ''))
    app.get('/', { schema }, async (request, reply) =>
      send(request, reply, pages, undefined, { kind: 'home' }),
    );
}

function logPages(app: App, pages: Pages, log: ServedLog): void {
  const page = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const [path = ''] = request.url.split('?', 1);
    return send(request, reply, pages, log, placeOf(path.slice(log.base.length)));
  };
  for (const kind of LISTED)
    app.get(kind === 'home' ? `${log.base}/` : `${log.base}/${kind}`, { schema }, page);
  app.get(`${log.base}/s/*`, { schema }, page);
  app.get(`${log.base}/e/:index`, { schema }, page);
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  pages: Pages,
  log: ServedLog | undefined,
  place: Place | undefined,
): Promise<FastifyReply> {
  const { port, assets, urlOf, dataDir } = pages;
  const others = place !== undefined && asksOthers(place);
  const from = urlOf(request, '');
  const url = from + (log?.base ?? '');
  const query = new URLSearchParams(request.url.split('?').slice(1).join('?'));
  const { status, body: facts } = await factsOf({ port, log, place, query, url, dataDir });
  const boot = bootOf(pages, log, url, others);
  const html = documentOf({ title: titleOf(place), boot, facts, from, assets });
  const etag = `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"`;
  reply.header('content-security-policy', contentPolicy(others)).header('referrer-policy', 'no-referrer');
  reply.header('x-robots-tag', 'noindex, nofollow').header('cross-origin-opener-policy', 'same-origin');
  reply.header('x-content-type-options', 'nosniff').header('cache-control', FRESH).header('etag', etag);
  if (status === 200 && request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.code(status).header('content-type', HTML).send(html);
}

function titleOf(place: Place | undefined): string {
  if (place === undefined) return 'Not here';
  if (place.kind === 'subject') return place.subject;
  return place.kind === 'entry' ? `Entry ${place.index}` : TITLES[place.kind];
}

function bootOf({ port, assets }: Pages, log: ServedLog | undefined, url: string, others: boolean): Boot {
  const { role, name, version, logs } = port;
  const worker = assets?.names.worker ?? '';
  return {
    role,
    name,
    version,
    site:
      log === undefined
        ? null
        : { origin: log.origin, base: log.base, policy: policyText(log.policy(), url) },
    logs: logs.map(({ origin, base }) => ({ origin, base })),
    worker: `${ASSETS}${worker}${others ? OTHERS : ''}`,
    verifier: assets?.files.get(worker)?.sha256 ?? '',
    files: `${ASSETS}${assets?.names.files ?? ''}`,
    saved: assets?.files.get(assets.names.saved)?.sha256 ?? '',
  };
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
  const saved = assets?.files.get(assets.names.saved);
  if (saved !== undefined)
    app.get('/verify.html', { schema }, async (request, reply) =>
      sendAsset(request, reply.header('cache-control', FRESH), saved),
    );
}

function sendAsset(request: FastifyRequest, reply: FastifyReply, asset: Asset): FastifyReply {
  const zipped = asset.gzip !== undefined && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  const etag = `"${asset.sha256.slice(0, 22)}${zipped ? '-gz' : ''}"`;
  reply.header('vary', 'accept-encoding').header('etag', etag).header('x-content-type-options', 'nosniff');
  reply.header('x-robots-tag', 'noindex, nofollow');
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  if (zipped) reply.header('content-encoding', 'gzip');
  return reply.header('content-type', asset.type).send(zipped ? asset.gzip : asset.bytes);
}
