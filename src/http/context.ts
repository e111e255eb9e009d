/** What every group of the log's routes gets: the log, limits, counters, metrics. */
import type { onRequestAsyncHookHandler } from 'fastify';
import type { LogService } from '../log/ports.ts';
import type { UrlOf } from '../web/types.ts';
import type { LogMetrics } from './metrics.ts';
import type { HttpLimits } from './options.ts';
import type { WaitingRooms } from './prefer.ts';
import type { Rates } from './rates.ts';

export type { App } from '../web/types.ts';

/** Counting hooks for the two sorts of route; absent when that limit is off. */
interface RateHooks {
  readonly writes: onRequestAsyncHookHandler | undefined;
  readonly reads: onRequestAsyncHookHandler | undefined;
  readonly statements: Rates;
}

export interface HttpContext {
  readonly service: LogService;
  readonly limits: HttpLimits;
  readonly rates: RateHooks;
  readonly metrics: LogMetrics;
  /** For requests that ask to wait for the witness quorum. */
  readonly rooms: WaitingRooms;
  readonly version: string;
  readonly urlOf: UrlOf;
}
