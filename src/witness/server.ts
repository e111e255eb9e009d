/**
 * The HTTP side of a witness (C2SP tlog-witness): add-checkpoint and sign-subtree below `/`, the monitoring
 * form of each log, a page for people, and what operators need. Bodies are taken under any media type, since
 * the protocol names none.
 */
import type { FastifyInstance } from 'fastify';
import { Counter } from '@platformatic/prom-client';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { asBuffer, BRIEF, BYTES, NEVER, TEXT } from '../web/media.ts';
import { openToBrowsers } from '../web/methods.ts';
import { gauge } from '../web/metrics.ts';
import type { WebOptions } from '../web/options.ts';
import { webServer, type Web } from '../web/server.ts';
import type { App } from '../web/types.ts';
import type { GossipCounts } from './gossip.ts';
import { home } from './home.ts';
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
  const answered = register(web, witness, options);
  await web.scope((app) => submissions(app, witness, answered), [web.rate(options.writesPerWindow)]);
  const reads = [openToBrowsers, web.rate(options.readsPerWindow)];
  await web.scope((app) => monitoring(app, witness), reads);
  await web.scope((app) => home(app, witness, options.incidents), reads);
  await web.operations(() => {
    const reasons = witness.faults();
    return { ready: reasons.length === 0, reasons };
  });
  web.finish();
  return web.app;
}

/** Counts an answer to add-checkpoint: `cosigned`, `stale`, or the code of a refusal. */
type Answered = (answer: string) => void;

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

function register(
  { registry }: Web,
  witness: Witness,
  { incidents, gossip }: WitnessServerOptions,
): Answered {
  const answers = new Counter({
    name: 'tallystick_witness_answers_total',
    help: 'Answers to add-checkpoint: cosigned, stale, or the code of a refusal.',
    labelNames: ['answer'],
    registers: [registry],
  });
  const { counts } = witness;
  const total = (name: string, help: string, read: () => number): void => {
    const counter = new Counter({
      name: `tallystick_witness_${name}_total`,
      help,
      registers: [],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
    registry.registerMetric(counter);
  };
  total('signed', 'Checkpoints cosigned anew.', () => counts.signed);
  total(
    'rounds',
    'Writes to the disk; each serves all the requests that waited for it.',
    () => counts.rounds,
  );
  total('contradictions', 'Signed roots seen that contradict a cosigned one.', () => counts.contradictions);
  const halted = (): number => [...witness.logs.keys()].filter((origin) => witness.isHalted(origin)).length;
  registry.registerMetric(gauge('witness_logs', 'Logs this witness knows.', () => witness.logs.size));
  registry.registerMetric(
    gauge('witness_halted_logs', 'Logs not cosigned until the operator decides.', halted),
  );
  registry.registerMetric(gauge('witness_incidents', 'Files of evidence kept.', incidents));
  if (gossip !== undefined) registry.registerMetric(comparisons(gossip));
  return (answer) => answers.inc({ answer });
}

function comparisons(counts: GossipCounts): Counter {
  return new Counter({
    name: 'tallystick_witness_comparisons_total',
    help: 'Comparisons with what peers hold, by what came of them.',
    labelNames: ['result'],
    registers: [],
    collect() {
      this.reset();
      for (const [result, count] of Object.entries(counts)) this.inc({ result }, count);
    },
  });
}
