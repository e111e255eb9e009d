/**
 * One hook before and one after each request: an id, a bound on the URL, a header; then its metrics and
 * its log line. Fastify's own request log and a metrics plugin would cost as much again as the request
 * (measured in the design's reference/ecosystem.md §2.2). A line has no body, no key, no query string
 * and only the network part of the client's address.
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

/** An address without the part that tells one machine, or one customer, from the next: IPv4 /24, IPv6 /48. */
export function networkOf(address: string): string {
  const v4 = /^(?:::ffff:)?([0-9]+\.[0-9]+\.[0-9]+)\.[0-9]+$/i.exec(address);
  if (v4 !== null) return `${v4[1]}.0/24`;
  const groups = (address.split('::', 1)[0] ?? '').split(':').filter((group) => group !== '');
  return `${[...groups, '0', '0', '0'].slice(0, 3).join(':')}::/48`;
}
