/**
 * Asks an API server: one request at a time, over one verified connection, within bounds of bytes and time. No redirect is
 * followed. Nothing that the server says in words is repeated; of its errors only the status is.
 */
import { request, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { parseJson } from '../../bytes/json.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { CheckedAgent, USER_AGENT, type Place } from '../connection.ts';
import { errorCode } from '../harmless.ts';
import { endStream } from '../trust.ts';
import type { Tree } from './tree.ts';

/** Most bytes of one answer, and of all answers of one run. A page of 250 objects has some 2 MB. */
const MAX_ANSWER = 16 * 1024 ** 2;
const MAX_ALL = 128 * 1024 ** 2;
const MAX_HEADER_BYTES = 16_384;
/** A page of 250 large pods has some 100,000 values. */
const BOUNDS = { most: 100, advice: 'no object of Kubernetes is', values: 1_000_000 };

export interface Reply {
  readonly status: number;
  readonly body: Tree;
}

/** What a request may be: reviews are the only POSTs, and make nothing; `apply` is for `commit` alone, and always a dry run. */
export type Question =
  | { readonly path: string }
  | { readonly path: string; readonly review: string }
  | { readonly path: string; readonly dryRunApply: string };

/** One API server, with one credential. */
export class ApiServer {
  readonly name: string;
  readonly #place: Place;
  readonly #token: string | undefined;
  readonly #agent: CheckedAgent;
  #taken = 0;

  constructor(place: Place, token: string | undefined) {
    this.#place = place;
    this.#token = token;
    this.#agent = new CheckedAgent(place);
    const host = place.host.includes(':') ? `[${place.host}]` : place.host;
    this.name = `${host}:${place.port}`;
  }

  /** Bytes of both directions. */
  get bytes(): number {
    return this.#agent.bytes;
  }

  /** The answer to one question, whatever its status. Refuses `unavailable` without one, and `too-large`. */
  async ask(question: Question): Promise<Reply> {
    const limit = AbortSignal.timeout(this.#place.timeoutMs);
    try {
      const { status, bytes } = await this.#exchange(question, limit);
      return { status, body: this.#parse(bytes) };
    } catch (error) {
      if (error instanceof Refusal) throw error;
      const why = this.#place.signal.aborted
        ? 'the probe was stopped'
        : limit.aborted
          ? `none within ${this.#place.timeoutMs} ms`
          : errorCode(error);
      throw refuse('unavailable', `no answer from the API server ${this.name}: ${why}`, { cause: error });
    }
  }

  /** The body of a GET that must succeed. `what`: what is read, for the refusal `unavailable`. */
  async read(path: string, what: string): Promise<Tree> {
    const { status, body } = await this.ask({ path });
    if (status === 200) return body;
    throw this.refusal(status, what);
  }

  /** Why something could not be read, by the status of the answer. */
  refusal(status: number, what: string): Refusal {
    const why = REASONS[status] ?? `it answers ${status}`;
    return refuse('unavailable', `the API server ${this.name} does not give ${what}: ${why}`);
  }

  close(): void {
    this.#agent.close();
  }

  #exchange(
    question: Question,
    limit: AbortSignal,
  ): Promise<{ readonly status: number; readonly bytes: Uint8Array }> {
    const { host, port, signal } = this.#place;
    const [method, type, body] = verbOf(question);
    return new Promise((resolve, reject) => {
      const asked = request({
        agent: this.#agent,
        method,
        path: question.path,
        host,
        port,
        maxHeaderSize: MAX_HEADER_BYTES,
        signal: AbortSignal.any([limit, signal]),
        headers: {
          host: this.name,
          'user-agent': USER_AGENT,
          accept: 'application/json',
          ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
          ...(body !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
        },
      });
      asked.on('error', reject);
      asked.on('upgrade', (_response, socket: Duplex) => {
        endStream(socket);
        reject(new Error('the server changed the protocol unasked'));
      });
      asked.on('response', (response) => {
        response.on('error', reject);
        this.#collect(response).then((bytes) => resolve({ status: response.statusCode ?? 0, bytes }), reject);
      });
      asked.end(body);
    });
  }

  async #collect(response: IncomingMessage): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response) {
      if (!(chunk instanceof Uint8Array)) continue;
      length += chunk.length;
      this.#taken += chunk.length;
      if (length > MAX_ANSWER || this.#taken > MAX_ALL)
        throw refuse(
          'too-large',
          `the API server ${this.name} sent more than ${MAX_ANSWER} bytes at once, or ${MAX_ALL} in all; ` +
            'name fewer kinds or namespaces in the claim',
        );
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #parse(bytes: Uint8Array): Tree {
    try {
      return parseJson(decodeUtf8(bytes), BOUNDS);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code === 'too-large') throw error;
      // The fault may quote the text.
      throw refuse('unavailable', `the API server ${this.name} answered with something that is no JSON`);
    }
  }
}

/** What statuses of an API server mean for a reader. */
const REASONS: Readonly<Record<number, string>> = {
  301: 'it redirects, and no redirect is followed',
  302: 'it redirects, and no redirect is followed',
  307: 'it redirects, and no redirect is followed',
  308: 'it redirects, and no redirect is followed',
  401: 'it does not take the credential; renew the token, or the certificate',
  403: 'it forbids it; give the agent the Role that `tallystick agent profile` prints for these manifests',
  404: 'it has no such thing',
  410: 'the list expired again and again while it was read',
  429: 'it is too busy (429)',
};

function verbOf(question: Question): readonly [method: string, type: string, body: string | undefined] {
  if ('review' in question) return ['POST', 'application/json', question.review];
  if ('dryRunApply' in question) return ['PATCH', 'application/apply-patch+yaml', question.dryRunApply];
  return ['GET', '', undefined];
}
