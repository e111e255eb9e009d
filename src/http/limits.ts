/**
 * Protects the log from its submitters: decides when a submission is counted, and bounds the batches under way
 * (draft-ietf-scitt-scrapi-11 §5.3: a log that does not authenticate must limit, with 429 and Retry-After).
 */
import type {
  FastifyInstance,
  FastifyRequest,
  onRequestAsyncHookHandler,
  onRequestHookHandler,
  preHandlerAsyncHookHandler,
  preHandlerHookHandler,
} from 'fastify';
import { refuse } from '../bytes/refusal.ts';
import { Flight } from '../web/flight.ts';
import { CBOR_SEQUENCE, COSE } from '../web/media.ts';
import type { HttpLimits } from './options.ts';

/**
 * When a submission is counted. The counter is asynchronous, and a body that arrives meanwhile costs Node about 10 µs to
 * hold (measured). So a single statement is counted after its body was read, everything else before.
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

/** The two hooks of batches, see `limitBatches`. */
interface BatchHooks {
  readonly onRequest: onRequestHookHandler;
  readonly preHandler: preHandlerHookHandler;
}

/**
 * Admits `batchesAtOnce` batches. A batch takes a place when its body has arrived, until its reply is sent or its client is
 * gone. While its body arrives, only its bytes count (`reading`), so a slow sender keeps nobody else out.
 */
export function limitBatches(limits: HttpLimits): BatchHooks {
  const reading = new Flight({ bytes: limits.reading, bytesOfOne: limits.readingOfOne });
  const isRead = new WeakMap<FastifyRequest, () => void>();
  let inHand = 0;
  return {
    onRequest: (request, reply, done) => {
      if (!isBatch(request)) return done();
      const length = Number(request.headers['content-length'] ?? limits.batchBytes);
      // A body that is too large is refused by the parser.
      isRead.set(request, reading.take(request, reply, Math.min(length || 0, limits.batchBytes)));
      done();
    },
    preHandler: (request, reply, done) => {
      const release = isRead.get(request);
      if (release === undefined) return done();
      release();
      if (inHand >= limits.batchesAtOnce)
        return done(refuse('overloaded', 'too many batches at once; send this one again'));
      inHand++;
      reply.raw.once('close', () => inHand--);
      done();
    },
  };
}

function isBatch({ headers }: FastifyRequest): boolean {
  const type = headers['content-type'] ?? COSE;
  return type !== COSE && type.toLowerCase().startsWith(CBOR_SEQUENCE);
}
