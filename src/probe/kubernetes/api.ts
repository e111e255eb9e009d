/**
 * Asks an API server: one request at a time, over one verified connection, within bounds of bytes and time. No redirect is
 * followed. Nothing that the server says in words is repeated; of its errors only the status is.
 */
import type { IncomingMessage } from 'node:http';
import { parseJson } from '../../bytes/json.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { decodeUtf8 } from '../../bytes/text.ts';
import { CheckedAgent, type Place } from '../connection.ts';
import { bodyOf, exchange, hostText } from '../exchange.ts';
import { lacks } from '../grant.ts';
import { grantToRead } from './grant-to-read.ts';
import type { Tree } from '../tree.ts';

/** Most bytes of one answer, and of all answers of one run. A page of 250 objects has some 2 MB. */
const MAX_ANSWER = 16 * 1024 ** 2;
const MAX_ALL = 128 * 1024 ** 2;
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
    this.name = hostText(place);
  }

  /** Bytes of both directions. */
  get bytes(): number {
    return this.#agent.bytes;
  }

  /** The answer to one question, whatever its status. Refuses `unavailable` without one, and `too-large`. */
  async ask(question: Question): Promise<Reply> {
    const [method, type, body] = verbOf(question);
    const sent = {
      agent: this.#agent,
      place: this.#place,
      called: `the API server ${this.name}`,
      method,
      path: question.path,
      headers: {
        host: this.name,
        accept: 'application/json',
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
        ...(body !== undefined && { 'content-type': type, 'content-length': `${Buffer.byteLength(body)}` }),
      },
      ...(body !== undefined && { body }),
    };
    const { status, bytes } = await exchange(sent, async (response) => ({
      status: response.statusCode ?? 0,
      bytes: await this.#collect(response),
    }));
    return { status, body: this.#parse(bytes) };
  }

  /** The body of a GET that must succeed. `what`: what is read, for the refusal `unavailable`. */
  async read(path: string, what: string): Promise<Tree> {
    const { status, body } = await this.ask({ path });
    if (status === 200) return body;
    throw this.refusal(status, what, path);
  }

  /** Why something could not be read, by the status of the answer. `path`: what was asked for, to name the right that it lacks. */
  refusal(status: number, what: string, path = ''): Refusal {
    const why = REASONS[status] ?? `it answers ${status}`;
    const grant = status === 403 ? grantToRead(path) : undefined;
    // Whose credential it is the agent does not know: this is the account that `agent profile` takes by default.
    const hint = grant === undefined ? '' : lacks(grant, { who: 'tallystick/agent', target: this.name });
    return refuse('unavailable', `the API server ${this.name} does not give ${what}: ${why}${hint}`);
  }

  close(): void {
    this.#agent.close();
  }

  async #collect(response: IncomingMessage): Promise<Uint8Array> {
    const { bytes, whole } = await bodyOf(response, Math.min(MAX_ANSWER, MAX_ALL - this.#taken));
    this.#taken += bytes.length;
    if (whole) return bytes;
    throw refuse(
      'too-large',
      `the API server ${this.name} sent more than ${MAX_ANSWER} bytes at once, or ${MAX_ALL} in all; ` +
        'name fewer kinds or namespaces in the claim',
    );
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
  403: 'it forbids it (`tallystick agent profile` prints the whole Role)',
  404: 'it has no such thing',
  410: 'the list expired again and again while it was read',
  429: 'it is too busy (429)',
};

function verbOf(question: Question): readonly [method: string, type: string, body: string | undefined] {
  if ('review' in question) return ['POST', 'application/json', question.review];
  if ('dryRunApply' in question) return ['PATCH', 'application/apply-patch+yaml', question.dryRunApply];
  return ['GET', '', undefined];
}
