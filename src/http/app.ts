/**
 * The HTTP server of a running log. Each group of clients has its routes in a scope with the hooks that they need:
 *
 *     POST /entries                         submissions (scrapi.ts)        counted by address, key and subject
 *     GET  /entries/…, /.well-known/…       receipts, keys, downloads      counted, any origin
 *     GET  /v1/…                            JSON for auditors              counted, any origin
 *     GET  /checkpoint, /tile/…             the log as files               not counted: refusing costs as much as serving
 *     GET  /livez, /readyz, /metrics, /docs operations
 *     GET  /, /s/…, /e/…, /explorer/…       pages (src/explorer)           counted
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
import type { HttpContext } from './context.ts';
import { describeRoutes, docs, openApi } from './describe.ts';
import { downloads } from './downloads.ts';
import { histories } from './history.ts';
import { logMetrics } from './metrics.ts';
import { HTTP_LIMITS, type HttpLimits, type HttpOptions } from './options.ts';
import { waitingRooms } from './prefer.ts';
import { Rates } from './rates.ts';
import { receiptsAndKeys, submissions } from './scrapi.ts';
import { explorer } from '../explorer/routes.ts';
import { explored } from './home.ts';

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
  await registerRoutes(web, context, options);
  web.finish();
  return web.app;
}

async function registerRoutes(web: Web, context: HttpContext, options: HttpOptions): Promise<void> {
  const { reader, info } = context.service;
  const { now = Date.now } = options;
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
  const port = explored(context, now);
  await web.scope((app) => explorer(app, port, context.urlOf, options), [context.rates.reads]);
  await web.app.register(docs);
}

function ratesOf(limits: HttpLimits, now: () => number): Rates {
  const { statementsPerWindow: address, keyPerWindow: key, subjectPerWindow: subject } = limits;
  return new Rates({ address, key, subject }, limits.rateWindowMs, now);
}
