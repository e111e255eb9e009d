/** Options of a server: how it is reached, and bounds on what clients may send. */
import type { Registry } from '@platformatic/prom-client';
import type { Logger } from 'pino';

/** Bounds on what a client may send, and how long it may take. */
export interface WebLimits {
  /** Length of the window that requests are counted in, milliseconds. */
  readonly rateWindowMs: number;
  /** Bytes of a body, where a route does not say otherwise. */
  readonly bodyBytes: number;
  readonly connections: number;
  /** Connections of one client: an IPv4 address, or an IPv6 /64. */
  readonly connectionsOfOne: number;
  /** Bytes of large replies that are being sent, of all clients and of one. */
  readonly sending: number;
  readonly sendingToOne: number;
  readonly urlBytes: number;
  readonly headerBytes: number;
  /** From the connection's first byte to the end of the headers. */
  readonly headersMs: number;
  /** From the first byte to the end of the body. */
  readonly requestMs: number;
  /** How often Node looks for requests that took longer. */
  readonly checkEveryMs: number;
  /** An idle connection is kept for longer than the 60 s that proxies keep theirs. */
  readonly keepAliveMs: number;
  /** How long a connection may stay without any data. */
  readonly silenceMs: number;
  /** How long requests in hand may take to end once the server closes. */
  readonly drainMs: number;
}

/** Enough for a fleet behind one address, and far below what would harm the server. */
export const WEB_LIMITS: WebLimits = {
  rateWindowMs: 10_000,
  bodyBytes: 131_072,
  connections: 8_192,
  connectionsOfOne: 1_024,
  sending: 268_435_456,
  sendingToOne: 67_108_864,
  urlBytes: 4_096,
  headerBytes: 8_192,
  headersMs: 10_000,
  requestMs: 30_000,
  checkEveryMs: 5_000,
  keepAliveMs: 65_000,
  silenceMs: 75_000,
  drainMs: 10_000,
};

export interface WebOptions {
  /** Of the program, for the API description and metrics. */
  readonly version: string;
  /** Where clients reach the server, without a slash at the end; default: what each request's Host says. */
  readonly baseUrl?: string;
  /** One line a request: 2xx at debug, 4xx at info, 5xx at error. Default: none. */
  readonly log?: Logger;
  /** PEM; without it, plain HTTP. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** Whose `X-Forwarded-For` to believe (Fastify's `trustProxy`: addresses, subnets, a function of address and hop). Default: nobody's. */
  readonly trustProxy?: boolean | string | string[] | ((address: string, hop: number) => boolean);
  readonly limits?: Partial<WebLimits>;
  /** False: no pages but a short one at `/` (src/explorer). */
  readonly explorer?: boolean | undefined;
  /** The folder of the server's data: pages and metrics tell how much room its disk has. */
  readonly dataDir?: string | undefined;
  /** Where metrics are kept; give one to have other parts' metrics served too. */
  readonly registry?: Registry;
  /** The clock, milliseconds. */
  readonly now?: () => number;
}
