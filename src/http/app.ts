/**
 * The HTTP server over a running log: each audience's routes in a scope of their own, with only the
 * hooks that audience needs. It reads and submits; nothing of a log can be administered here.
 */
import fastify, {
  type FastifyInstance,
  type FastifyRequest,
  type onRequestAsyncHookHandler,
  type onRequestHookHandler,
} from 'fastify';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { randomBytes } from 'node:crypto';
import type { LogService } from '../log/ports.ts';
import { audit } from './audit.ts';
import type { App, HttpContext } from './context.ts';
import { describeRoutes, docs, openApi } from './describe.ts';
import { downloads } from './downloads.ts';
import { handleErrors, onClientError, onFrameworkError } from './errors.ts';
import { home } from './home.ts';
import { limitRates, serverLimits } from './limits.ts';
import { openToBrowsers, watchMethods } from './methods.ts';
import { createMetrics } from './metrics.ts';
import { observe } from './observe.ts';
import { operations } from './ops.ts';
import { HTTP_LIMITS, type HttpLimits, type HttpOptions } from './options.ts';
import { receiptsAndKeys, submissions } from './scrapi.ts';
import { compileValidator } from './schemas.ts';
import { tiles } from './tiles.ts';

/**
 * A server ready to listen. Closing it ends its connections; the log itself is its owner's to close,
 * afterwards, so that submissions in hand are answered.
 */
export async function buildApp(service: LogService, options: HttpOptions): Promise<FastifyInstance> {
  const limits: HttpLimits = { ...HTTP_LIMITS, ...options.limits };
  const now = options.now ?? Date.now;
  const app = createServer(options, limits);
  const metrics = createMetrics(service, options.version, now, options.registry);
  app.setValidatorCompiler(compileValidator);
  handleErrors(app, options.log);
  observe(app, metrics, options.log, limits.urlBytes);
  app.addHook('onClose', async () => metrics.close());
  // Node ends idle connections at once and waits for the others: not for ever, since a client may read slowly.
  app.addHook('preClose', async () => {
    setTimeout(() => app.server.closeAllConnections(), limits.drainMs).unref();
  });
  const closeOtherMethods = watchMethods(app);
  await describeRoutes(app, options.version, options.baseUrl);
  const rates = await limitRates(app, limits);
  const context: HttpContext = {
    service,
    limits,
    rates,
    metrics,
    version: options.version,
    urlOf: urlMaker(options.baseUrl),
  };
  await registerRoutes(app, context);
  closeOtherMethods();
  return app;
}

/** Readers of every origin, and counted; or not counted, where refusing costs as much as serving. */
async function registerRoutes(app: FastifyInstance, context: HttpContext): Promise<void> {
  const { reads } = context.rates;
  const open = [openToBrowsers];
  const counted = reads === undefined ? open : [openToBrowsers, reads];
  await scope(app, context, submissions, []);
  await scope(app, context, receiptsAndKeys, counted);
  await scope(app, context, downloads, counted);
  await scope(app, context, audit, counted);
  await scope(app, context, tiles, open);
  await scope(app, context, openApi, open);
  await scope(app, context, operations, []);
  await scope(app, context, home, []);
  await app.register(docs);
}

async function scope(
  app: FastifyInstance,
  context: HttpContext,
  routes: (scoped: App, context: HttpContext) => void,
  hooks: readonly (onRequestHookHandler | onRequestAsyncHookHandler)[],
): Promise<void> {
  await app.register(async (scoped) => {
    for (const hook of hooks) scoped.addHook('onRequest', hook);
    routes(scoped.withTypeProvider<TypeBoxTypeProvider>(), context);
  });
}

function createServer(options: HttpOptions, limits: HttpLimits): FastifyInstance {
  const { node, fastify: timeouts } = serverLimits(limits);
  const boot = randomBytes(4).toString('hex');
  let requests = 0;
  const common = {
    ...timeouts,
    trustProxy: options.trustProxy ?? false,
    // Requests that arrive while it closes are still answered: reads from memory, submissions by the log's own refusal.
    return503OnClosing: false,
    genReqId: () => `${boot}-${(requests++).toString(36)}`,
    routerOptions: { maxParamLength: limits.urlBytes },
    frameworkErrors: onFrameworkError,
    clientErrorHandler: onClientError,
  };
  const app: FastifyInstance =
    options.tls === undefined
      ? fastify({ ...common, http: node })
      : fastify({ ...common, https: { ...node, ...options.tls } });
  app.server.maxConnections = limits.connections;
  return app;
}

/** Absolute URLs: below the base URL where one is configured, else below the host the client asked. */
function urlMaker(baseUrl: string | undefined): HttpContext['urlOf'] {
  if (baseUrl !== undefined) {
    const base = baseUrl.replace(/\/+$/, '');
    return (_request, path) => base + path;
  }
  return (request: FastifyRequest, path) => `${request.protocol}://${request.host}${path}`;
}
