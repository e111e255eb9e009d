/**
 * SCRAPI (draft-ietf-scitt-scrapi-11 §2): submit a statement, fetch its receipt, find the log's keys.
 * A statement has one URL from its first submission on, `/entries/{entry id}`: 201 says the receipt is
 * in the reply, 202 that it will be there; a GET says 204 until then. There are no redirects and no
 * operations. `application/cbor-seq` (many statements at once) is Tallystick's own addition.
 */
import { isEntryId, type EntryId, type LeafIndex } from '../bytes/brand.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import type { LogReader, LogService, Outcome } from '../log/ports.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseStatement } from '../statement/parse.ts';
import { accepts, liking } from '../web/accept.ts';
import { unknownEntry } from '../web/audit.ts';
import { clientOf } from '../web/clients.ts';
import type { App, HttpContext } from './context.ts';
import { countWrites, limitBatches } from './limits.ts';
import {
  CBOR,
  CBOR_SEQUENCE,
  COSE,
  FIVE_MINUTES,
  FRESH,
  NEVER,
  RECEIPT_TYPES,
  STATEMENT_TYPES,
  asBuffer,
} from '../web/media.ts';
import { keySchema, keySetSchema, receiptSchema, submissionSchema } from './scrapi-schemas.ts';
import { PREFER_HEADER } from './prefer.ts';
import { encodeOutcomes, splitSequence } from './sequence.ts';
import { decodeCbor, encodeCbor } from '../bytes/cbor.ts';
import { formatBase64Url } from '../bytes/text.ts';

/** Seconds until a receipt is worth asking for again: a round of witnesses. */
const ASK_AGAIN = 1;

/** A parsed `application/cbor-seq` body. */
class Sequence {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** POST /entries. */
export function submissions(app: App, context: HttpContext): void {
  const { limits, rates } = context;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([...STATEMENT_TYPES], { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  app.addContentTypeParser(
    CBOR_SEQUENCE,
    { parseAs: 'buffer', bodyLimit: limits.batchBytes },
    (_request, body: Buffer, done) => done(null, new Sequence(body)),
  );
  const batches = limitBatches(limits);
  const counted = rates.writes === undefined ? undefined : countWrites(app, rates.writes);
  const hooks =
    counted === undefined
      ? batches
      : {
          onRequest: [counted.onRequest, batches.onRequest],
          preHandler: [counted.preHandler, batches.preHandler],
        };
  app.post(
    '/entries',
    { schema: submissionSchema, config: { headers: PREFER_HEADER }, ...hooks },
    (request, reply) => {
      const body: unknown = request.body;
      const encoding = request.headers['content-encoding'];
      if (encoding !== undefined && encoding !== 'identity') {
        throw refuse('unsupported-media-type', 'send the statement as it is, without a content encoding');
      }
      if (body instanceof Uint8Array) return submitOne(context, body, request, reply);
      if (body instanceof Sequence) return submitMany(context, body.bytes, request, reply);
      throw refuse('unsupported-media-type', `send a statement as ${COSE}, or several as ${CBOR_SEQUENCE}`);
    },
  );
}

async function submitOne(
  context: HttpContext,
  statement: Uint8Array,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  // For a client that accepts no receipt nothing is logged; if the statement is malformed, that is the refusal it gets.
  if (!RECEIPT_TYPES.some((type) => accepts(request.headers.accept, type))) parseStatement(statement);
  const type = mustAccept(request, RECEIPT_TYPES);
  const [outcome] = await submit(context, [statement], 'single', request, reply);
  if (outcome === undefined) throw new Error('the log gave no outcome');
  if (outcome.kind === 'refused') throw outcome.refusal;
  reply.header('location', context.urlOf(request, `/entries/${outcome.id}`));
  await context.rooms.single.wait(request, reply, outcome.receipt === undefined ? outcome.index : undefined);
  const receipt = outcome.receipt ?? (await receiptOf(context.service.reader, outcome.index));
  if (receipt === undefined) {
    return reply.code(202).header('retry-after', ASK_AGAIN).send();
  }
  return reply.code(201).header('content-type', type).send(asBuffer(receipt));
}

async function submitMany(
  context: HttpContext,
  sequence: Uint8Array,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const statements = splitSequence(sequence, context.limits.batchStatements);
  mustAccept(request, [CBOR_SEQUENCE]);
  const first = await submit(context, statements, 'batch', request, reply);
  await context.rooms.batch.wait(request, reply, lastWithout(first));
  const { reader } = context.service;
  const outcomes =
    request.headers['prefer'] === undefined ? first : await Promise.all(first.map(receipted(reader)));
  return reply.header('content-type', CBOR_SEQUENCE).send(asBuffer(encodeOutcomes(outcomes)));
}

/** The last entry of a batch that has no receipt yet. */
function lastWithout(outcomes: readonly Outcome[]): LeafIndex | undefined {
  let last: LeafIndex | undefined;
  for (const outcome of outcomes) {
    if (outcome.kind === 'logged' && outcome.receipt === undefined && outcome.index >= (last ?? 0))
      last = outcome.index;
  }
  return last;
}

/** The outcome with the receipt that it may have got meanwhile. */
function receipted(reader: LogReader): (outcome: Outcome) => Promise<Outcome> {
  return async (outcome) => {
    if (outcome.kind === 'refused' || outcome.receipt !== undefined) return outcome;
    return { ...outcome, receipt: await receiptOf(reader, outcome.index) };
  };
}

/** Undefined while there is none. */
async function receiptOf(reader: LogReader, index: LeafIndex): Promise<Uint8Array | undefined> {
  return reader.receipt(index).catch(undefinedWhenNotYet);
}

/** Hands statements to the log, and counts what became of them. */
async function submit(
  { service, metrics, rates }: HttpContext,
  statements: readonly Uint8Array[],
  type: 'single' | 'batch',
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<readonly Outcome[]> {
  const start = performance.now();
  try {
    rates.statements.take(clientOf(request.ip), statements);
  } catch (error) {
    reply.header('retry-after', rates.statements.retryAfter);
    throw error;
  }
  const outcomes = await service.submit(statements);
  rates.statements.logged(statements, outcomes);
  metrics.waited((performance.now() - start) / 1_000);
  for (const outcome of outcomes) metrics.submission(type, resultOf(outcome));
  return outcomes;
}

function resultOf(outcome: Outcome): string {
  if (outcome.kind === 'refused') return outcome.refusal.code;
  return outcome.duplicate ? 'duplicate' : 'logged';
}

/** GET /entries/{id}: a fresh receipt; GET /.well-known/scitt-keys and /{kid}. */
export function receiptsAndKeys(app: App, context: HttpContext): void {
  const { service } = context;
  const { reader } = service;
  app.get(
    '/entries/:id',
    { schema: receiptSchema, config: { headers: PREFER_HEADER } },
    async (request, reply) => {
      const id = locator(request.params.id);
      const row = await reader.find(id);
      if (row === undefined) throw unknownEntry(id);
      const type = mustAccept(request, RECEIPT_TYPES);
      const ready = await receiptOf(reader, row.index);
      await context.rooms.single.wait(request, reply, ready === undefined ? row.index : undefined);
      const receipt = ready ?? (await receiptOf(reader, row.index));
      if (receipt === undefined) {
        return reply.code(204).header('retry-after', ASK_AGAIN).header('cache-control', NEVER).send();
      }
      reply.header('location', context.urlOf(request, `/entries/${id}`)).header('cache-control', FRESH);
      return reply.header('content-type', type).send(asBuffer(receipt));
    },
  );

  const keys = keysOf(service);
  app.get('/.well-known/scitt-keys', { schema: keySetSchema }, async (request, reply) => {
    mustAccept(request, [CBOR]);
    return reply
      .header('content-type', CBOR)
      .header('cache-control', FIVE_MINUTES)
      .send(asBuffer(keys().all));
  });
  app.get('/.well-known/scitt-keys/:kid', { schema: keySchema }, async (request, reply) => {
    const key = keys().find(request.params.kid);
    if (key === undefined) throw refuse('no-such-key', 'No key could be found for this kid value');
    mustAccept(request, [CBOR]);
    return reply.header('content-type', CBOR).header('cache-control', FIVE_MINUTES).send(asBuffer(key));
  });
}

/** The key directory, made again when a new policy names other keys. */
function keysOf(service: LogService): () => KeyDirectory {
  let { info } = service;
  let keys = keyDirectory(info.receiptKeys);
  return () => {
    if (service.info !== info) {
      info = service.info;
      keys = keyDirectory(info.receiptKeys);
    }
    return keys;
  };
}

function undefinedWhenNotYet(error: unknown): undefined {
  if (error instanceof Refusal && error.code === 'not-yet') return undefined;
  throw error;
}

/** The one of `types` that the client prefers, the first of equals. Refuses `not-acceptable` if it accepts none. */
function mustAccept(request: FastifyRequest, types: readonly [string, ...string[]]): string {
  const { accept } = request.headers;
  const [first] = types;
  if (accept === undefined || accept === first || accept === '*/*') return first;
  const likings = types.map((type) => liking(accept, [type]));
  const best = Math.max(...likings);
  if (best > 0) return types[likings.indexOf(best)] ?? first;
  const logged = request.method === 'POST' ? '; nothing was logged' : '';
  throw refuse('not-acceptable', `this comes as ${types.join(' or ')}: add that to Accept${logged}`);
}

/** The entry id a path names; refuses `bad-locator`. */
export function locator(text: string): EntryId {
  if (isEntryId(text)) return text;
  throw refuse('bad-locator', 'Operation locator is not in a valid form');
}

interface KeyDirectory {
  /** The COSE Key Set (RFC 9052 §7): an array of COSE_Key maps. */
  readonly all: Uint8Array;
  /** One COSE_Key by its name in the path. */
  find(name: string): Uint8Array | undefined;
}

/** RFC 3986 §3.3: what a segment holds without percent-encoding. */
const SEGMENT = /^[A-Za-z0-9\-._~!$&'()*+,;=:@]+$/;

/** From [kid, COSE_Key] pairs. */
function keyDirectory(keys: readonly (readonly [kid: Uint8Array, coseKey: Uint8Array])[]): KeyDirectory {
  const encoded = new Map<string, Uint8Array>();
  const raw = new Map<string, Uint8Array>();
  for (const [kid, key] of keys) {
    encoded.set(formatBase64Url(kid), key);
    const text = Buffer.from(kid).toString('latin1');
    if (SEGMENT.test(text)) raw.set(text, key);
  }
  return {
    all: encodeCbor(keys.map(([, key]) => decodeCbor(key))),
    find: (name) => encoded.get(name) ?? raw.get(name),
  };
}
