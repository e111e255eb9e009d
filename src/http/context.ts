/** What every group of routes is given, and the kind of server they stand on. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { LogService } from '../log/ports.ts';
import type { RateHooks } from './limits.ts';
import type { Metrics } from './metrics.ts';
import type { HttpLimits } from './options.ts';

/** A server whose routes get their types from their TypeBox schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface HttpContext {
  readonly service: LogService;
  readonly limits: HttpLimits;
  readonly rates: RateHooks;
  readonly metrics: Metrics;
  readonly version: string;
  /** Absolute URL of a path of this log, as this client reaches it. */
  readonly urlOf: (request: FastifyRequest, path: string) => string;
}
