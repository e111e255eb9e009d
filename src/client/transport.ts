/**
 * One HTTP exchange with a log that need not be trusted: bounded in bytes and time, with redirects only within one
 * origin. `fetch`, the clock, waiting and randomness are arguments.
 */
import { concatBytes } from '../bytes/compare.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';

/** A client's access to the outside world. */
export interface Transport {
  readonly fetch: typeof fetch;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits the given milliseconds. Default: a timer. */
  readonly sleep?: (ms: number) => Promise<void>;
  /** A random number in [0, 1), for jitter. Default: `Math.random`. */
  readonly random?: () => number;
  /** Most milliseconds for one exchange, headers and body together. */
  readonly timeoutMs?: number;
  /**
   * Time (as `now` gives it) until which the user waits for the log's witnesses. The log may hold its answers until
   * then, and no request is made after it. It bounds everything requested through this transport.
   */
  readonly waitUntil?: number;
  /**
   * Origins that have answered through this transport. A server that never answered is not waited for. If absent,
   * origins are not recorded.
   */
  readonly reached?: Set<string>;
  /** Most milliseconds of one operation, pauses and answers together, if there is no `waitUntil`. */
  readonly patienceMs?: number;
}

/** A `fetch` whose requests end at once when the signal says so. */
export function endedBy(signal: AbortSignal, inner: typeof fetch): typeof fetch {
  return (input, init) =>
    inner(input, { ...init, signal: AbortSignal.any([signal, ...(init?.signal ? [init.signal] : [])]) });
}

/** One request. `maxBytes` bounds the body of the reply, after decompression. */
export interface Ask {
  readonly method?: 'GET' | 'POST';
  readonly accept: string;
  readonly contentType?: string;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly maxBytes: number;
  /** Milliseconds for which the log may hold its answer (RFC 7240 `Prefer: wait`), added to the time-out. */
  readonly waitMs?: number;
}

/** A complete reply, of any status. */
export interface Reply {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** Longest chain of redirects followed. */
const MAX_REDIRECTS = 3;

/** Milliseconds. A log may hold an answer until a batch is durable and witnessed (Rekor's clients wait 20 s, too). */
export const TIMEOUT_MS = 20_000;

/**
 * Makes one request. Refuses `unavailable` if nobody answers in time or the log redirects to another origin, and
 * `too-large` if the body exceeds its bound. Every status is a reply.
 */
export async function exchange(transport: Transport, url: URL, ask: Ask): Promise<Reply> {
  const signal = AbortSignal.timeout((transport.timeoutMs ?? TIMEOUT_MS) + (ask.waitMs ?? 0));
  let at = url;
  for (let hops = 0; ; hops++) {
    const response = await begin(transport, at, ask, signal);
    transport.reached?.add(url.origin);
    const target = redirectTarget(response, at);
    if (target === undefined) {
      const body = await readBody(response, at, ask.maxBytes);
      const { status, headers } = response;
      assertNotTls(at, status, body);
      return { url: at, method: ask.method ?? 'GET', status, headers, body };
    }
    await response.body?.cancel();
    if (target.origin !== url.origin) {
      throw refuse(
        'unavailable',
        `${at.href} redirects to ${target.origin}; name that log yourself if you trust it`,
      );
    }
    if (hops === MAX_REDIRECTS || (ask.method ?? 'GET') !== 'GET') {
      throw refuse('unavailable', `${at.href} redirects where a log must answer; check the log's URL`);
    }
    at = target;
  }
}

async function begin(transport: Transport, url: URL, ask: Ask, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { accept: ask.accept };
  if (ask.contentType !== undefined) headers['content-type'] = ask.contentType;
  if (ask.waitMs !== undefined) headers['prefer'] = `wait=${Math.ceil(ask.waitMs / 1000)}`;
  const method = ask.method ?? 'GET';
  try {
    return await transport.fetch(url, {
      method,
      headers,
      signal,
      redirect: 'manual',
      body: ask.body ?? null,
    });
  } catch (error) {
    throw unreachable(url, error);
  }
}

function redirectTarget(response: Response, at: URL): URL | undefined {
  const { status, type } = response;
  const redirects = type === 'opaqueredirect' || [301, 302, 303, 307, 308].includes(status);
  if (!redirects) return undefined;
  // A browser does not tell where to.
  if (type === 'opaqueredirect')
    throw refuse('unavailable', `${at.href} redirects; name the log by the URL at which it answers`);
  const target = urlOf(response.headers.get('location') ?? '', at.href);
  if (target === undefined)
    throw refuse('unavailable', `${at.href} redirects to nowhere; check the log's URL`);
  return target;
}

/** `URL.parse`, which Node has from 22 on. */
export function urlOf(text: string, base?: string): URL | undefined {
  return URL.canParse(text, base) ? new URL(text, base) : undefined;
}

/** Reads the body chunk by chunk, so that an endless body costs no more than its bound. */
async function readBody(response: Response, url: URL, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreachable(url, error);
  }
  if (length > maxBytes) throw refuse('too-large', `${url.href} answered more than ${maxBytes} bytes`);
  const [only] = chunks;
  // One piece that owns its memory is not copied.
  const isAll = chunks.length === 1 && only?.length === only?.buffer.byteLength;
  return isAll && only !== undefined ? only : concatBytes(...chunks);
}

/** Node's error codes for a connection, or a route, that existed and broke. */
const BROKEN =
  /^(?:ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EAI_AGAIN|UND_ERR_SOCKET|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)$/;
/** Node's error codes for an address at which no server listens. */
const NOBODY = /^(?:ECONNREFUSED|ENOTFOUND)$/;

/**
 * Whether the same request may succeed in a moment: the connection broke, or no answer came in time. If no server
 * listens at the address, a wrong port is likelier than a restart, so it is retried only if the server has answered
 * before or the user chose to wait.
 */
export function isBroken(error: unknown, transport: Transport, url: URL): boolean {
  if (!(error instanceof Refusal) || error.code !== 'unavailable') return false;
  if (error.cause instanceof DOMException) return error.cause.name === 'TimeoutError';
  const why = reasonOf(error.cause);
  if (BROKEN.test(why) || why === 'terminated') return true;
  const waits = transport.waitUntil !== undefined || transport.reached?.has(url.origin) === true;
  return waits && NOBODY.test(why);
}

/** The system's code for a failed `fetch`, or else its message. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
}

/** Node's error codes for a certificate that leads to no trusted authority. */
const UNTRUSTED = /SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_VERIFY_LEAF_SIGNATURE/;

function unreachable(url: URL, error: unknown): Error {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return refuse('unavailable', `${url.origin} did not answer in time; try again later`, { cause: error });
  }
  const why = reasonOf(error);
  return refuse('unavailable', toldOf(url, why), { cause: error });
}

/** Node's error codes for a server that does not speak TLS, and for one that does not speak HTTP. */
const NO_TLS =
  /^(?:ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|ERR_SSL_HTTP_REQUEST|EPROTO)$/;
const NO_HTTP = /^HPE_|HTTP\/1\.1 protocol|^Parse Error/;
/** And for a connection that it closed before it answered, as servers of TLS do when they are spoken to in clear. */
const CLOSED = /^(?:ECONNRESET|UND_ERR_SOCKET)$/;

/** What a failed connection means, and what to do about it. */
function toldOf(url: URL, why: string): string {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const at = `${url.hostname}:${port}`;
  const away = `${url.origin} cannot be reached`;
  if (why === 'ECONNREFUSED')
    return `${away}: nothing listens at ${at} (${why}); check host and port, and whether the server runs`;
  if (why === 'ENOTFOUND') return `${away}: there is no host ${url.hostname} (${why}); check its name`;
  if (NO_TLS.test(why))
    return `${away}: ${at} does not speak TLS (${why}); if it is what you mean, write http://${url.host}`;
  if (NO_HTTP.test(why))
    return `${away}: ${at} does not speak HTTP (${why}), so it is another server; check the port`;
  if (UNTRUSTED.test(why))
    return `${away} (${why}); its certificate is not trusted here; if it should be, name it, or who issued it, in NODE_EXTRA_CA_CERTS`;
  const advice =
    CLOSED.test(why) && url.protocol === 'http:'
      ? `is a server running there? if it speaks TLS, write https://${url.host}`
      : 'is a server running there?';
  return `${away} (${why}); ${advice}`;
}

/** How servers of TLS answer a request in clear: nginx, Apache, Go. */
const IN_CLEAR =
  /plain HTTP request was sent to HTTPS port|plain HTTP to an SSL-enabled server|HTTP request to an HTTPS server/i;

/** Refuses `unavailable` for the answer of a server of TLS that was spoken to in clear. */
function assertNotTls(url: URL, status: number, body: Uint8Array): void {
  if (status !== 400 || url.protocol !== 'http:' || body.length > 4_096) return;
  if (IN_CLEAR.test(new TextDecoder().decode(body)))
    throw refuse('unavailable', `${url.host} speaks TLS; write https://${url.host}`);
}
