/**
 * The HTTP server of log, witness, monitor and mirror, with limits, errors, request ids, metrics and log lines. Each role
 * adds its routes in scopes, each scope with the hooks that its clients need. Nothing can be administered over HTTP.
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from '@platformatic/prom-client';
import { randomBytes } from 'node:crypto';
import type { Readiness } from '../log/ports.ts';
import { limitConnections, proxies } from './connections.ts';
import { handleErrors, onClientError, onFrameworkError } from './errors.ts';
import { Flight } from './flight.ts';
import { limitRates, serverLimits, type RateLimiter } from './limits.ts';
import { watchMethods } from './methods.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { observe } from './observe.ts';
import { operations } from './ops.ts';
import { WEB_LIMITS, type WebLimits, type WebOptions } from './options.ts';
import { compileValidator } from './schemas.ts';
import type { App, Hook, UrlOf } from './types.ts';

/** A server, and the functions that add routes to it. */
export interface Web {
  readonly app: FastifyInstance;
  readonly limits: WebLimits;
  readonly metrics: Metrics;
  /** Where a role registers its own metrics. */
  readonly registry: Registry;
  readonly urlOf: UrlOf;
  /** A hook that counts requests per client address and window; undefined, and no limit, for 0. */
  readonly rate: RateLimiter;
  /** Registers routes with hooks of their own and, if given, a path prefix. */
  scope(routes: (app: App) => void, hooks?: readonly (Hook | undefined)[], prefix?: string): Promise<void>;
  /** Large replies under way. */
  readonly sending: Flight;
  /** /livez, /readyz, /metrics. */
  operations(readiness: () => Readiness): Promise<void>;
  /** Call when all routes are registered: each path then answers its other methods (405, OPTIONS). */
  finish(): void;
}

/** Makes a server. Closing it answers the requests in hand and ends all connections. */
export async function webServer(options: WebOptions): Promise<Web> {
  const limits: WebLimits = { ...WEB_LIMITS, ...options.limits };
  const app = createServer(options, limits);
  const metrics = createMetrics(options);
  app.setValidatorCompiler(compileValidator);
  handleErrors(app, options.log);
  observe(app, metrics, options.log, limits.urlBytes);
  app.addHook('onClose', async () => metrics.close());
  // Node ends idle connections at once and waits for the others: not for ever, since a client may read slowly.
  app.addHook('preClose', async () => {
    setTimeout(() => app.server.closeAllConnections(), limits.drainMs).unref();
  });
  const finish = watchMethods(app);
  const rate = await limitRates(app, limits.rateWindowMs);
  const scope: Web['scope'] = async (routes, hooks = [], prefix = '') => {
    await app.register(
      async (scoped) => {
        for (const hook of hooks) if (hook !== undefined) scoped.addHook('onRequest', hook);
        routes(scoped.withTypeProvider<TypeBoxTypeProvider>());
      },
      { prefix },
    );
  };
  return {
    app,
    limits,
    metrics,
    registry: metrics.registry,
    urlOf: urlMaker(options.baseUrl),
    rate,
    sending: new Flight({ bytes: limits.sending, bytesOfOne: limits.sendingToOne }),
    scope,
    operations: (readiness) => scope((scoped) => operations(scoped, readiness, metrics)),
    finish,
  };
}

function createServer(options: WebOptions, limits: WebLimits): FastifyInstance {
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
  limitConnections(app.server, limits, proxies(options.trustProxy));
  return app;
}

/** Absolute URLs: below the base URL where one is configured, else below the host the client asked. */
function urlMaker(baseUrl: string | undefined): UrlOf {
  if (baseUrl !== undefined) {
    const base = baseUrl.replace(/\/+$/, '');
    return (_request, path) => base + path;
  }
  return (request, path) => `${request.protocol}://${request.host}${path}`;
}
