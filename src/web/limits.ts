/**
 * What protects a server from its clients: requests counted per address (an IPv6 /64 is one client), the length
 * of a URL, and Node's own limits on headers, time and connections.
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify';
import { refuse } from '../bytes/refusal.ts';
import type { WebLimits } from './options.ts';

/** Makes a hook that counts requests per client; 0 makes none. Each hook counts for all its routes together. */
export type RateLimiter = (max: number) => onRequestAsyncHookHandler | undefined;

/** Installs the counters; `windowMs` is the time that each counts over. */
export async function limitRates(app: FastifyInstance, windowMs: number): Promise<RateLimiter> {
  const seconds = windowMs / 1_000;
  await app.register(rateLimit, {
    global: false,
    timeWindow: windowMs,
    cache: 20_000,
    // Three more headers on every reply are not worth their cost; the refusal has Retry-After.
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
    errorResponseBuilder: (_request, { max }) =>
      refuse('rate-limited', `Only ${max} requests per ${seconds} seconds are allowed.`),
  });
  return (max) => (max === 0 ? undefined : app.rateLimit({ max }));
}

/** Node's limits, for `fastify()`. Headers and time are checked by the HTTP server itself. */
export function serverLimits(limits: WebLimits): {
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
      bodyLimit: limits.bodyBytes,
    },
  };
}
