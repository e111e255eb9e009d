/**
 * What protects the log from its submitters: when a submission is counted, and batches in hand at once.
 * draft-ietf-scitt-scrapi-11 §5.3: who does not authenticate must limit, with 429 and Retry-After.
 */
import type {
  FastifyInstance,
  onRequestAsyncHookHandler,
  onRequestHookHandler,
  preHandlerAsyncHookHandler,
} from 'fastify';
import { refuse } from '../bytes/refusal.ts';
import { CBOR_SEQUENCE, COSE } from '../web/media.ts';

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

/** Admits so many batches at once: from their headers until their reply is sent or their client gone. */
export function limitBatches(atOnce: number): onRequestHookHandler {
  let inHand = 0;
  return (request, reply, done) => {
    const type = request.headers['content-type'] ?? COSE;
    if (type === COSE || !type.toLowerCase().startsWith(CBOR_SEQUENCE)) return done();
    if (inHand >= atOnce) return done(refuse('overloaded', 'too many batches at once; send this one again'));
    inHand++;
    reply.raw.once('close', () => inHand--);
    done();
  };
}
