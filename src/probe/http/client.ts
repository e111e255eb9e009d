/**
 * Sends the requests of the probe `http@1`: one answer each, bounded, with no redirect followed and no cookie kept.
 * Nothing is sent before the server is verified.
 */
import type { IncomingMessage } from 'node:http';
import { CheckedAgent, type Place } from '../connection.ts';
import { exchange, hostText } from '../exchange.ts';
import type { Secured } from '../trust.ts';

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
  ask(headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { method, path, trust } = this.#site;
    const sent = {
      agent: this.#agent,
      place: this.#site,
      called: hostText(this.#site),
      method,
      path,
      headers: { host: hostText(this.#site, trust === undefined ? 80 : 443), accept: '*/*', ...headers },
    };
    return exchange(sent, (response) => this.#body(response));
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
