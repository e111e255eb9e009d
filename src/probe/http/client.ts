/**
 * Sends the requests of the probe `http@1`: one answer each, bounded, with no redirect followed and no cookie kept.
 * Nothing is sent before the server is verified.
 */
import { request, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { errorCode } from '../harmless.ts';
import { CheckedAgent, USER_AGENT, type Place } from '../connection.ts';
import { endStream, type Secured } from '../trust.ts';

const MAX_HEADER_BYTES = 16_384;
/** Bytes of a body that are taken; the rest is not waited for. */
const MAX_BODY_BYTES = 65_536;

export interface Site extends Place {
  readonly method: 'GET' | 'HEAD';
  /** Path and query. */
  readonly path: string;
}

export interface Answer {
  readonly status: number;
  /** Lower-case names; values joined as HTTP joins them, `set-cookie` one by one. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Bytes of the body that were read, and whether that is all of it. */
  readonly bodyBytes: number;
  readonly bodyWhole: boolean;
  readonly secured: Secured | undefined;
}

/** Sends one request after another; connections are reused as long as the server keeps them open. */
export class HttpClient {
  readonly #site: Site;
  readonly #agent: CheckedAgent;

  constructor(site: Site) {
    this.#site = site;
    this.#agent = new CheckedAgent(site);
  }

  /** Bytes of both directions. */
  get bytes(): number {
    return this.#agent.bytes;
  }

  /** Refuses `unavailable` when no answer comes. */
  async ask(headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { host, port, method, path, timeoutMs, signal } = this.#site;
    const name = host.includes(':') ? `[${host}]` : host;
    const usual = this.#site.trust === undefined ? 80 : 443;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const asked = request({
          agent: this.#agent,
          method,
          path,
          host,
          port,
          maxHeaderSize: MAX_HEADER_BYTES,
          signal: AbortSignal.any([limit, signal]),
          headers: {
            host: port === usual ? name : `${name}:${port}`,
            'user-agent': USER_AGENT,
            accept: '*/*',
            ...headers,
          },
        });
        // All of them: without it Node drops those after the first 2,000. MAX_HEADER_BYTES bounds them.
        asked.maxHeadersCount = 0;
        asked.on('error', reject);
        // No upgrade was asked for, so the answer of a server that changes the protocol cannot be read.
        asked.on('upgrade', (_response, socket: Duplex) => {
          endStream(socket);
          reject(new Error('the server changed the protocol unasked'));
        });
        asked.on('response', (response) => {
          response.on('error', reject);
          this.#body(response).then(resolve, reject);
        });
        asked.end();
      });
    } catch (error) {
      if (error instanceof Refusal) throw error;
      const why = signal.aborted
        ? 'the probe was stopped'
        : limit.aborted
          ? `no answer within ${timeoutMs} ms`
          : errorCode(error);
      throw refuse('unavailable', `no answer from ${name}:${port}: ${why}`, { cause: error });
    }
  }

  close(): void {
    this.#agent.close();
  }

  async #body(response: IncomingMessage): Promise<Answer> {
    const secured = this.#agent.secured;
    let bodyBytes = 0;
    let bodyWhole = true;
    for await (const chunk of response) {
      bodyBytes += chunk instanceof Uint8Array ? chunk.length : 0;
      if (bodyBytes <= MAX_BODY_BYTES) continue;
      bodyWhole = false;
      break;
    }
    const headers = Object.entries(response.headersDistinct).map(
      ([name, values = []]): [string, readonly string[]] => [name, values],
    );
    return { status: response.statusCode ?? 0, headers: new Map(headers), bodyBytes, bodyWhole, secured };
  }
}
