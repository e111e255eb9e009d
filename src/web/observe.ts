/**
 * One hook before each request sets its id and a header and bounds the URL; one after it counts its
 * metrics and writes its log line. Fastify's own request log and a metrics plugin together cost as much
 * as the request itself (measured). A line has no body, no key, no query string and only the network
 * part of the client's address.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { refuse } from '../bytes/refusal.ts';
import { printable } from '../bytes/printable.ts';
import type { Metrics } from './metrics.ts';

/** Longest path that is logged whole. */
const LOGGED_PATH = 200;

/** Adds both hooks; they hold for every route registered later. */
export function observe(
  app: FastifyInstance,
  metrics: Metrics,
  log: Logger | undefined,
  urlBytes: number,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff').header('x-request-id', request.id);
    if (request.url.length <= urlBytes) return done();
    done(refuse('uri-too-long', `a URL may have ${urlBytes} bytes; ask in a shorter way`));
  });
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    metrics.request(route, reply.statusCode, reply.elapsedTime / 1_000);
    if (log !== undefined) writeLine(log, route, request, reply);
    done();
  });
}

function writeLine(log: Logger, route: string, request: FastifyRequest, reply: FastifyReply): void {
  const status = reply.statusCode;
  const level = status >= 500 ? 'error' : status >= 400 ? 'info' : 'debug';
  if (!log.isLevelEnabled(level)) return;
  const line = {
    requestId: request.id,
    method: request.method,
    route,
    path: printable(request.url.split('?', 1)[0] ?? '', LOGGED_PATH),
    status,
    problem: reply.problem,
    ms: Math.round(reply.elapsedTime * 100) / 100,
    client: networkOf(request.ip),
  };
  log[level](line, 'request');
}

/** The network of an address, which many customers share: IPv4 /24, IPv6 /48. */
export function networkOf(address: string): string {
  const v4 = /^(?:::ffff:)?([0-9]+\.[0-9]+\.[0-9]+)\.[0-9]+$/i.exec(address);
  if (v4 !== null) return `${v4[1]}.0/24`;
  const groups = (address.split('::', 1)[0] ?? '').split(':').filter((group) => group !== '');
  return `${[...groups, '0', '0', '0'].slice(0, 3).join(':')}::/48`;
}
