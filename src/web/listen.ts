/** How a server listens, and under which certificate: the same for log, witness, monitor and mirror. */
import type { Server } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import { refuse } from '../bytes/refusal.ts';
import { readNamedFile } from '../platform/files.ts';
import type { WebOptions } from './options.ts';
import { publicUrl, urlOf, type Endpoint, type GuardedEndpoint } from './endpoint.ts';

export { assertGuarded, knownUrl, publicUrl, type Endpoint, type GuardedEndpoint } from './endpoint.ts';

/** Longest file of certificates. */
const MOST_PEM = 1_048_576;

/** The certificate and its key; absent for plain HTTP. */
export interface Tls {
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
}

/** The server of one who watches. */
export interface Serving {
  readonly endpoint: GuardedEndpoint;
  /** Requests of one client in a minute; 0: no limit. */
  readonly readsPerMinute: number;
  readonly logger: Logger;
}

/** The same as options of a server. */
export function servingOptions(
  { endpoint, readsPerMinute, logger }: Serving,
  tls: Tls,
  version: string,
  dataDir: string,
) {
  return {
    version,
    dataDir,
    ...(endpoint.url !== undefined && { baseUrl: endpoint.url }),
    log: logger,
    trustProxy: oneHop(endpoint),
    explorer: endpoint.explorer,
    limits: { rateWindowMs: 60_000 },
    readsPerWindow: readsPerMinute,
    ...tls,
  } satisfies WebOptions & { readonly readsPerWindow: number };
}

/** Fastify's `trustProxy`: only the last address of X-Forwarded-For counts, which the proxy wrote; clients can write the others. */
export function oneHop({ trustProxy }: GuardedEndpoint): false | ((address: string, hop: number) => boolean) {
  return trustProxy && ((_address, hop) => hop === 0);
}

/** The part of a Fastify server that `listen` uses. */
interface Listening {
  readonly server: Pick<Server, 'address'>;
  listen(where: { host: string; port: number }): Promise<unknown>;
}

/**
 * Reads certificate and key, and checks that they fit together. Call it before anything is made, opened or started.
 * Refuses `config-invalid`.
 */
export async function readTls({ tlsCert, tlsKey }: Endpoint): Promise<Tls> {
  if (tlsCert === undefined || tlsKey === undefined) return {};
  try {
    const tls = { cert: await readPem(tlsCert), key: await readPem(tlsKey) };
    createSecureContext(tls);
    return { tls };
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw refuse(
      'config-invalid',
      `cannot serve TLS with ${tlsCert} and ${tlsKey}: ${text}; name a PEM certificate chain and its PEM private key`,
      { cause, remedy: { tlsCert: true, tlsKey: true } },
    );
  }
}

async function readPem(path: string): Promise<Buffer> {
  return Buffer.from(await readNamedFile(path, MOST_PEM));
}

/** Opens the socket and returns its URL. If it cannot be opened, calls `stop` and refuses `config-invalid`. */
export async function listen(app: Listening, endpoint: Endpoint, stop: () => Promise<void>): Promise<string> {
  const { host, port, url } = endpoint;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await stop();
    const text = cause instanceof Error ? cause.message : String(cause);
    throw refuse(
      'config-invalid',
      `cannot listen on ${host}:${port}: ${text}; free it or choose another port`,
      { cause, remedy: { port: true } },
    );
  }
  const address = app.server.address();
  if (url !== undefined || typeof address !== 'object' || address === null) return publicUrl(endpoint);
  return urlOf(endpoint, address.port); // the configured port may have been 0
}
