/**
 * The API description (OpenAPI 3.1), made from the schemas that check requests and print replies, and the
 * page that shows it. Only this page has scripts; all are served from here.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { App } from './context.ts';
import { FRESH } from '../web/media.ts';
import { bytesOf, failures, TAGS } from '../web/schemas.ts';

const openApiSchema = {
  tags: [TAGS.ops],
  summary: 'This description',
  response: { 200: bytesOf('application/json', 'OpenAPI 3.1'), ...failures },
};

/** Swagger UI sets styles on elements; all else is its own files. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Collects the routes for the description. Call it before any route is registered. */
export async function describeRoutes(
  app: FastifyInstance,
  version: string,
  baseUrl: string | undefined,
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tallystick',
        version,
        description:
          'A transparency log: signed statements in, receipts out; one tree for SCITT (SCRAPI draft-11) and C2SP (tlog-tiles).',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      ...(baseUrl !== undefined && { servers: [{ url: baseUrl }] }),
      tags: [
        {
          name: TAGS.scrapi,
          description: 'Submit statements, fetch receipts and keys (draft-ietf-scitt-scrapi-11)',
        },
        { name: TAGS.tiles, description: 'The whole log as immutable files (C2SP tlog-tiles)' },
        { name: TAGS.audit, description: 'Proofs, entries and search in JSON; files to keep' },
        { name: TAGS.ops, description: 'Health, metrics, this description' },
      ],
    },
    transform: ({ schema, url, route: { config } }) => ({
      schema: config?.headers === undefined ? schema : { ...schema, headers: config.headers },
      url: config?.documented ?? url,
    }),
  });
}

/** GET /openapi.json: made once, when all routes are known. */
export function openApi(app: App): void {
  let document = Buffer.alloc(0);
  app.addHook('onReady', async () => {
    document = Buffer.from(JSON.stringify(app.swagger()));
  });
  app.get('/openapi.json', { schema: openApiSchema }, async (_request, reply) =>
    reply.header('content-type', 'application/json').header('cache-control', FRESH).send(document),
  );
}

/** GET /docs/ */
export async function docs(app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('referrer-policy', 'no-referrer').header('x-frame-options', 'DENY');
    reply.header('cross-origin-opener-policy', 'same-origin');
    done();
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_POLICY,
    uiConfig: { url: '/openapi.json', validatorUrl: null, deepLinking: true },
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The path under which a wildcard route stands in the description. */
    documented?: string;
    /** Request headers to describe without checking them. */
    headers?: Readonly<Record<string, unknown>>;
  }
}
