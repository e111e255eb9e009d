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

/** The two hooks of batches, see `limitBatches`. */
interface BatchHooks {
  readonly onRequest: onRequestHookHandler;
  readonly preHandler: preHandlerHookHandler;
}

/**
 * Admits so many batches at once, from when their body has arrived until their reply is sent or their client gone. While a
 * body arrives it takes no place, only its bytes of what may be read at once: whoever sends slowly holds up nobody.
 */
export function limitBatches(limits: HttpLimits): BatchHooks {
  const reading = new Flight({ bytes: limits.reading, bytesOfOne: limits.readingOfOne });
  const isRead = new WeakMap<FastifyRequest, () => void>();
  let inHand = 0;
  return {
    onRequest: (request, reply, done) => {
      if (!isBatch(request)) return done();
      const length = Number(request.headers['content-length'] ?? limits.batchBytes);
      // What is too large is refused by the parser, in its words.
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
