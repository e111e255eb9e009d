/** Routes for operators and orchestrators: /livez, /readyz (with reasons), /metrics. */
import { Type } from 'typebox';
import type { Readiness } from '../log/ports.ts';
import type { App } from './types.ts';
import { gauge, type Metrics } from './metrics.ts';
import { NEVER } from './media.ts';
import { bytesOf, failures, TAGS } from './schemas.ts';

const tags = [TAGS.ops];

const Ready = Type.Object({
  ready: Type.Boolean(),
  reasons: Type.Array(Type.String(), {
    description: 'What keeps it from being ready; with ready, alarms that somebody should look at',
  }),
  warnings: Type.Optional(
    Type.Array(Type.String(), { description: 'What will go wrong unless somebody acts in time' }),
  ),
});

const liveSchema = {
  tags,
  summary: 'Whether the process serves requests',
  response: { 200: Type.Object({ live: Type.Boolean() }), ...failures },
};
const readySchema = {
  tags,
  summary: 'Whether it does what it is there for',
  response: { 200: Ready, 503: Ready, ...failures },
};
const metricsSchema = {
  tags,
  summary: 'Metrics for Prometheus',
  response: { 200: bytesOf('text/plain', 'Text exposition format 0.0.4'), ...failures },
};

/** Seconds after which an orchestrator should ask again. */
const LOOK_AGAIN = 5;

/** GET /livez, /readyz, /metrics. */
export function operations(app: App, readiness: () => Readiness, metrics: Metrics): void {
  metrics.registry.registerMetric(
    gauge('ready', 'Whether /readyz says yes.', () => (readiness().ready ? 1 : 0)),
  );
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', NEVER);
    done();
  });
  app.get('/livez', { schema: liveSchema }, async () => ({ live: true }));
  app.get('/readyz', { schema: readySchema }, async (_request, reply) => {
    const { ready, reasons, warnings = [] } = readiness();
    if (!ready) reply.code(503).header('retry-after', LOOK_AGAIN);
    return { ready, reasons: [...reasons], ...(warnings.length > 0 && { warnings: [...warnings] }) };
  });
  app.get('/metrics', { schema: metricsSchema }, async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.text()),
  );
}
