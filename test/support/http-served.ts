/** A server over the fake log for the HTTP tests, and what their assertions share. */
import type { FastifyInstance } from 'fastify';
import type { Test } from 'tap';
import { decodeCbor, isCborMap, type CborMap } from '../../src/bytes/cbor.ts';
import { PROBLEM_URI, type RefusalCode } from '../../src/bytes/refusal.ts';
import { buildApp } from '../../src/http/app.ts';
import type { HttpOptions } from '../../src/http/options.ts';
import { FakeLog } from './fake-log.ts';

export const COSE = 'application/cose';
export const SEQUENCE = 'application/cbor-seq';
const PROBLEM = 'application/concise-problem-details+cbor';

export interface Served {
  readonly log: FakeLog;
  readonly app: FastifyInstance;
  readonly url: string;
  readonly port: number;
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
  /** POST /entries. */
  readonly post: (body: Uint8Array<ArrayBuffer>, headers?: Record<string, string>) => Promise<Response>;
}

/** Listens on a port of its own, over a log of so many entries, until the test ends. */
export async function serve(test: Test, size: number, options: Partial<HttpOptions> = {}): Promise<Served> {
  const log = await FakeLog.of(size);
  const app = await buildApp(log, { version: '1.2.3', ...options });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  test.teardown(() => app.close());
  return {
    log,
    app,
    url,
    port: Number(new URL(url).port),
    get: (path, headers = {}) => fetch(url + path, { headers }),
    post: (body, headers = {}) =>
      fetch(`${url}/entries`, { method: 'POST', body, headers: { 'content-type': COSE, ...headers } }),
  };
}

export async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

/** A JSON body of a shape the test knows. */
export async function jsonOf<T>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

export function mapOf(bytes: Uint8Array): CborMap {
  const value = decodeCbor(bytes);
  if (!isCborMap(value)) throw new Error('not a map');
  return value;
}

/** Checks a problem in CBOR; resolves with its words. */
export async function problem(
  test: Test,
  response: Response,
  status: number,
  code: RefusalCode | 'internal',
): Promise<{ title: unknown; detail: unknown }> {
  test.equal(response.status, status, code);
  test.equal(response.headers.get('content-type'), PROBLEM);
  const map = mapOf(await bytesOf(response));
  const own = map.get(PROBLEM_URI);
  test.equal(isCborMap(own) && own.get('code'), code);
  return { title: map.get(-1), detail: map.get(-2) };
}

/** Checks a problem in JSON. */
export async function jsonProblem(
  test: Test,
  response: Response,
  status: number,
  code: RefusalCode,
): Promise<void> {
  test.equal(response.status, status, code);
  test.equal(response.headers.get('content-type'), 'application/problem+json');
  const type = `${PROBLEM_URI}:${code}`;
  test.match(await response.json(), { status, code, type, title: String, detail: String });
}
