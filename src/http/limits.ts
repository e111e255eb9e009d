/**
 * What protects the log from its clients: requests counted per address (an IPv6 /64 is one client),
 * batches in hand at once, the length of a URL; and Node's own limits on headers, time and connections.
 * draft-ietf-scitt-scrapi-11 §5.3: who does not authenticate must limit, with 429 and Retry-After.
 */
import rateLimit from '@fastify/rate-limit';
import type {
  FastifyInstance,
  onRequestAsyncHookHandler,
  onRequestHookHandler,
  preHandlerAsyncHookHandler,
} from 'fastify';
import { refuse } from '../bytes/refusal.ts';
import { CBOR_SEQUENCE, COSE } from './media.ts';
import type { HttpLimits } from './options.ts';

/** Hooks for the two sorts of route; absent when that limit is off. */
export interface RateHooks {
  readonly writes: onRequestAsyncHookHandler | undefined;
  readonly reads: onRequestAsyncHookHandler | undefined;
}

/** Readies the counters. Each hook counts for all the routes it is put on together. */
export async function limitRates(app: FastifyInstance, limits: HttpLimits): Promise<RateHooks> {
  const seconds = limits.rateWindowMs / 1_000;
  await app.register(rateLimit, {
    global: false,
    timeWindow: limits.rateWindowMs,
    cache: 20_000,
    // Three headers on every reply would cost more than they tell; the refusal has Retry-After.
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
    errorResponseBuilder: (_request, { max }) =>
      refuse('rate-limited', `Only ${max} requests per ${seconds} seconds are allowed.`),
  });
  const hook = (max: number): onRequestAsyncHookHandler | undefined =>
    max === 0 ? undefined : app.rateLimit({ max });
  return { writes: hook(limits.writesPerWindow), reads: hook(limits.readsPerWindow) };
}

/**
 * When a submission is counted. The counter awaits, and a body that arrives meanwhile costs Node about 10 µs
 * to keep (measured): so a single statement is counted when it has been read, all else before it is.
 */
export function countWrites(
  app: FastifyInstance,
  count: onRequestAsyncHookHandler,
): { readonly onRequest: onRequestHookHandler; readonly preHandler: preHandlerAsyncHookHandler } {
  return {
    // Fastify goes on when told, or when a promise given back resolves.
    onRequest: (request, reply, done) =>
      request.headers['content-type'] === COSE ? done() : count.call(app, request, reply),
    // Counts no request twice.
    preHandler: (request, reply) => count.call(app, request, reply),
  };
}

/** Admits so many batches at once: from their headers until their reply is sent or their client gone. */
export function limitBatches(atOnce: number): onRequestHookHandler {
  let inHand = 0;
  return (request, reply, done) => {
    const type = request.headers['content-type'] ?? COSE;
    if (type === COSE || !type.toLowerCase().startsWith(CBOR_SEQUENCE)) return done();
    if (inHand >= atOnce) return done(refuse('overloaded', 'too many batches at once; send this one again'));
    inHand++;
    reply.raw.once('close', () => inHand--);
    done();
  };
}

/** Node's limits, for `fastify()`. Headers and time are checked by the HTTP server itself. */
export function serverLimits(limits: HttpLimits): {
  readonly node: { maxHeaderSize: number; headersTimeout: number; connectionsCheckingInterval: number };
  readonly fastify: {
    requestTimeout: number;
    keepAliveTimeout: number;
    connectionTimeout: number;
    bodyLimit: number;
  };
} {
  return {
    node: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.checkEveryMs,
    },
    fastify: {
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionTimeout: limits.silenceMs,
      bodyLimit: limits.statementBytes,
    },
  };
}
