/**
 * How a path answers methods that it does not serve (RFC 9110 §15.5.6, §9.3.7): 405 with Allow. OPTIONS is also how a
 * browser asks before it reads across origins (Fetch §3.3). Reads are open to every origin, since they are public and
 * need no credentials; submissions are not.
 */
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { refuse } from '../bytes/refusal.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** Notes the paths registered from here on; the function returned closes each one's other methods. */
export function watchMethods(app: FastifyInstance): () => void {
  const paths = new Set<string>();
  app.addHook('onRoute', ({ url }) => void paths.add(url));
  return () => {
    for (const url of Array.from(paths)) closeOthers(app, url);
  };
}

function closeOthers(app: FastifyInstance, url: string): void {
  const served = METHODS.filter((method) => app.hasRoute({ method, url }));
  const others = METHODS.filter((method) => !served.includes(method));
  const allow = [...served, 'OPTIONS'].join(', ');
  const schema = { hide: true };
  app.route({
    method: others,
    url,
    schema,
    // Refused before the body is read, whatever its type.
    onRequest: (request, reply, done) => {
      reply.header('allow', allow);
      done(refuse('method-not-allowed', `${request.method} is not for this path; it takes ${allow}`));
    },
    handler: () => undefined,
  });
  app.options(url, { schema, exposeHeadRoute: false }, async (_request, reply) => {
    reply.code(204).header('allow', allow);
    if (served.includes('GET')) {
      reply.header('access-control-allow-origin', '*');
      reply.header('access-control-allow-methods', 'GET, HEAD').header('access-control-allow-headers', '*');
      reply.header('access-control-max-age', '86400');
    }
    return reply.send();
  });
}

/** A hook that lets scripts of any origin read the reply, and the headers they need from it. */
export const openToBrowsers: onRequestHookHandler = (_request, reply, done) => {
  reply.header('access-control-allow-origin', '*');
  reply.header(
    'access-control-expose-headers',
    'etag, location, preference-applied, retry-after, x-request-id',
  );
  done();
};
