/**
 * The HTTP side of a witness (C2SP tlog-witness): add-checkpoint and sign-subtree below `/`, the monitoring
 * form of each log, a page for people, and what operators need. Bodies are taken under any media type, since
 * the protocol names none.
 */
import type { FastifyInstance } from 'fastify';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { asBuffer, BRIEF, BYTES, NEVER, TEXT } from '../web/media.ts';
import { openToBrowsers } from '../web/methods.ts';
import type { WebOptions } from '../web/options.ts';
import { webServer } from '../web/server.ts';
import type { App } from '../web/types.ts';
import { noComparisons, type GossipCounts } from './gossip.ts';
import { explorer } from '../explorer/routes.ts';
import { explored, status } from './home.ts';
import { witnessMetrics, type Answered } from './metrics.ts';
import type { Witness } from './witness.ts';

/** Most bytes of a request: Sunlight's bound. A checkpoint with 39 ML-DSA-44 lines fits. */
const BODY_BYTES = 131_072;
/** With `BODY_BYTES`, what clients that send slowly may hold of memory. */
const CONNECTIONS = 2048;

/** Media type of a 409's body (C2SP tlog-witness). */
const SIZE_TYPE = 'text/x.tlog.size';

export interface WitnessServerOptions extends WebOptions {
  /** Requests for cosignatures, and reads, a client may make in one window; 0: any number. */
  readonly writesPerWindow: number;
  readonly readsPerWindow: number;
  /** How many files of evidence there are. */
  readonly incidents: () => number;
  /** What came of comparing with peers. */
  readonly gossip?: GossipCounts;
}

/** A server ready to listen; the witness is its owner's to close, after it. */
export async function witnessServer(
  witness: Witness,
  options: WitnessServerOptions,
): Promise<FastifyInstance> {
  const limits = { connections: CONNECTIONS, ...options.limits, bodyBytes: BODY_BYTES };
  const web = await webServer({ ...options, limits });
  const halted = (): number => [...witness.logs.keys()].filter((origin) => witness.isHalted(origin)).length;
  const { incidents, gossip = noComparisons() } = options;
  const { counts } = witness;
  const logs = (): number => witness.logs.size;
  const answered = witnessMetrics({ counts, gossip, logs, halted, incidents }, web.registry);
  await web.scope((app) => submissions(app, witness, answered), [web.rate(options.writesPerWindow)]);
  const reads = [openToBrowsers, web.rate(options.readsPerWindow)];
  await web.scope((app) => monitoring(app, witness), reads);
  const port = explored(witness, { version: options.version, url: options.baseUrl, incidents });
  await web.scope((app) => {
    status(app, witness, incidents);
    explorer(app, port, web.urlOf, options);
  }, reads);
  await web.operations(() => {
    const reasons = witness.faults();
    return { ready: reasons.length === 0, reasons };
  });
  web.finish();
  return web.app;
}

/** POST /add-checkpoint, /sign-subtree. */
function submissions(app: App, witness: Witness, answered: Answered): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(BYTES, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('cache-control', NEVER);
    // Whatever a client calls it, also what is no media type at all.
    request.raw.headers['content-type'] = BYTES;
    done();
  });
  app.post('/add-checkpoint', async (request, reply) => {
    try {
      const answer = await witness.addCheckpoint(bodyOf(request.body));
      answered(answer.kind);
      if (answer.kind === 'cosigned') return reply.header('content-type', TEXT).send(answer.lines);
      // Bytes, since Fastify would add a charset to a text, and clients compare the type as it stands.
      return reply
        .code(409)
        .header('content-type', SIZE_TYPE)
        .send(Buffer.from(`${answer.size}\n`));
    } catch (error) {
      answered(error instanceof Refusal ? error.code : 'internal');
      throw statused(error);
    }
  });
  app.post('/sign-subtree', async (request, reply) => {
    try {
      return reply.header('content-type', TEXT).send(await witness.signSubtree(bodyOf(request.body)));
    } catch (error) {
      throw statused(error);
    }
  });
}

function bodyOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  throw refuse('bad-request', 'there is no body; see the home page for what a witness takes');
}

/** In a body of at most 128 KiB, whatever is too large of a part is a malformed request: 400, not 413. */
function statused(error: unknown): unknown {
  return error instanceof Refusal && error.code === 'too-large'
    ? refuse('bad-request', error.message, { cause: error })
    : error;
}

/** GET /<hex sha256(origin)>/checkpoint. */
function monitoring(app: App, witness: Witness): void {
  app.get<{ Params: { hash: string } }>('/:hash/checkpoint', async (request, reply) => {
    const note = witness.checkpoint(request.params.hash);
    return reply.header('content-type', TEXT).header('cache-control', BRIEF).send(asBuffer(note));
  });
}
