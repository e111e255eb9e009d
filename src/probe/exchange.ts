/**
 * One request of HTTP and its answer, within bounds, for every probe that is a client of HTTP. No redirect is followed, and no
 * cookie is kept. Nothing is sent before the server is verified (connection.ts).
 */
import { request, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { USER_AGENT, type CheckedAgent, type Place } from './connection.ts';
import { errorCode } from './harmless.ts';
import { endStream } from './trust.ts';

const MAX_HEADER_BYTES = 16_384;

export interface Sent {
  readonly agent: CheckedAgent;
  readonly place: Place;
  /** The server as refusals name it: `the API server 10.0.0.1:6443`. */
  readonly called: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Besides `user-agent`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Sends a request and gives its answer to `take`, which reads as much of the body as it wants. Refuses `unavailable` if no
 * answer comes in time; a refusal of `take` goes through.
 */
export async function exchange<T>(sent: Sent, take: (response: IncomingMessage) => Promise<T>): Promise<T> {
  const { timeoutMs, signal } = sent.place;
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    return await ask(sent, AbortSignal.any([limit, signal]), take);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const why = signal.aborted
      ? 'the probe was stopped'
      : limit.aborted
        ? `none within ${timeoutMs} ms`
        : errorCode(error);
    throw refuse('unavailable', `no answer from ${sent.called}: ${why}`, { cause: error });
  }
}

function ask<T>(
  { agent, place, method, path, headers, body }: Sent,
  signal: AbortSignal,
  take: (response: IncomingMessage) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const asked = request({
      agent,
      method,
      path,
      host: place.host,
      port: place.port,
      maxHeaderSize: MAX_HEADER_BYTES,
      signal,
      headers: { 'user-agent': USER_AGENT, ...headers },
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
      take(response).then(resolve, reject);
    });
    asked.end(body);
  });
}

/** The bytes of a body, and whether that is all of it: reading ends with the chunk in which there are more than `most`. */
export async function bodyOf(
  response: IncomingMessage,
  most: number,
): Promise<{ readonly bytes: Uint8Array; readonly whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Uint8Array)) continue;
    length += chunk.length;
    if (length > most) return { bytes: Buffer.concat(chunks), whole: false };
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), whole: true };
}

/** A host as it stands in a URL or a header. */
export function hostText({ host, port }: Pick<Place, 'host' | 'port'>, usual?: number): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === usual ? name : `${name}:${port}`;
}
