/**
 * The HTTP server of a running log. Each group of clients has its routes in a scope with the hooks that they need:
 *
 *     POST /entries                         submissions (scrapi.ts)        counted by address, key and subject
 *     GET  /entries/…, /.well-known/…       receipts, keys, downloads      counted, any origin
 *     GET  /v1/…                            JSON for auditors              counted, any origin
 *     GET  /checkpoint, /tile/…             the log as files               not counted: refusing costs as much as serving
 *     GET  /livez, /readyz, /metrics, /     operations, a page, /docs
 *
 * Clients read and submit; nothing of a log can be administered over HTTP.
 */
import type { FastifyInstance } from 'fastify';
import type { LogService } from '../log/ports.ts';
import { audit } from '../web/audit.ts';
import { openToBrowsers } from '../web/methods.ts';
import { webServer, type Web } from '../web/server.ts';
import { tiles } from '../web/tiles.ts';
import { about } from './about.ts';
import type { App, HttpContext } from './context.ts';
import { describeRoutes, docs, openApi } from './describe.ts';
import { downloads } from './downloads.ts';
import { histories } from './history.ts';
import { logMetrics } from './metrics.ts';
import { HTTP_LIMITS, type HttpLimits, type HttpOptions } from './options.ts';
import { waitingRooms } from './prefer.ts';
import { Rates } from './rates.ts';
import { receiptsAndKeys, submissions } from './scrapi.ts';
import { formatHex } from '../bytes/text.ts';
import { formatTime } from '../bytes/time.ts';
import { escapeHtml, sendPage } from '../web/page.ts';

/**
 * A server ready to listen. Closing it ends its connections. Close the log itself afterwards, so that submissions in hand
 * are answered.
 */
export async function buildApp(service: LogService, options: HttpOptions): Promise<FastifyInstance> {
  const limits: HttpLimits = { ...HTTP_LIMITS, ...options.limits };
  const web = await webServer({ ...options, limits });
  await describeRoutes(web.app, options.version, options.baseUrl);
  const context: HttpContext = {
    service,
    limits,
    rates: {
      writes: web.rate(limits.writesPerWindow),
      reads: web.rate(limits.readsPerWindow),
      statements: ratesOf(limits, options.now ?? Date.now),
    },
    metrics: logMetrics(service, web.metrics, options.now ?? Date.now),
    rooms: waitingRooms(web.app, service.reader, limits),
    version: options.version,
    urlOf: web.urlOf,
  };
  await registerRoutes(web, context, options.now ?? Date.now);
  web.finish();
  return web.app;
}

async function registerRoutes(web: Web, context: HttpContext, now: () => number): Promise<void> {
  const { reader, info } = context.service;
  const counted = [openToBrowsers, context.rates.reads];
  await web.scope((app) => submissions(app, context));
  await web.scope((app) => receiptsAndKeys(app, context), counted);
  await web.scope((app) => downloads(app, context), counted);
  await web.scope((app) => {
    about(app, context);
    audit(app, info.origin, reader);
    histories(app, context.service, now);
  }, counted);
  await web.scope((app) => tiles(app, reader, web.sending), [openToBrowsers]);
  await web.scope(openApi, [openToBrowsers]);
  await web.operations(() => context.service.readiness());
  await web.scope((app) => home(app, context));
  await web.app.register(docs);
}

function ratesOf(limits: HttpLimits, now: () => number): Rates {
  const { statementsPerWindow: address, keyPerWindow: key, subjectPerWindow: subject } = limits;
  return new Rates({ address, key, subject }, limits.rateWindowMs, now);
}

const LINKS: readonly (readonly [href: string, what: string])[] = [
  ['/docs/', 'API documentation'],
  ['/openapi.json', 'API description (OpenAPI 3.1)'],
  ['/checkpoint', 'Checkpoint (C2SP)'],
  ['/v1/log', 'About this log (JSON)'],
  ['/v1/search', 'Newest entries (JSON)'],
  ['/.well-known/scitt-keys', 'Receipt keys (COSE Key Set)'],
  ['/readyz', 'Readiness'],
];

/** GET / */
function home(app: App, { service }: HttpContext): void {
  const schema = { hide: true };
  app.get('/', { schema }, async (_request, reply) => {
    return sendPage(reply, service.info.origin, body(service));
  });
}

function body({ info, reader }: LogService): string {
  const head = reader.head();
  const vkeys = info.vkeys.map((vkey) => `<dd><code>${escapeHtml(vkey)}</code></dd>`).join('');
  const links = LINKS.map(([href, what]) => `<li><a href="${href}">${what}</a></li>`).join('');
  const open = info.open
    ? '<p class="note">This log admits any well-signed statement. It is for evaluation: what stands in it proves nothing about who may speak.</p>'
    : '';
  return `<p>A Tallystick transparency log.</p>${open}
<dl><dt>Entries</dt><dd>${head.size}</dd>
<dt>Root</dt><dd><code>${formatHex(head.root)}</code></dd>
<dt>As of</dt><dd>${formatTime(head.time)}</dd>
<dt>Verifier keys</dt>${vkeys}</dl>
<ul>${links}</ul>`;
}
