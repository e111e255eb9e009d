/** Where a server listens, under which certificate, and what it calls itself: the same for log, witness, monitor and mirror. */
import { readFile } from 'node:fs/promises';
import { isIPv4, isIPv6, type Server } from 'node:net';
import { createSecureContext } from 'node:tls';
import { refuse } from '../bytes/refusal.ts';

/** What the operator decided. */
export interface Endpoint {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** What the server calls itself; else it is made of host and port. */
  readonly url?: string | undefined;
  /** PEM files: the certificate chain, and its private key. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}

/** An endpoint that strangers may reach only by a decision. */
export interface GuardedEndpoint extends Endpoint {
  readonly trustProxy: boolean;
  readonly insecureBind: boolean;
}

/** The certificate and its key, for a server that shall speak TLS. */
export interface Tls {
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
}

/** Whether a proxy's word on the client is taken: of one hop, the address the proxy itself saw, not what a client wrote before it. */
export function oneHop({ trustProxy }: GuardedEndpoint): false | ((address: string, hop: number) => boolean) {
  return trustProxy && ((_address, hop) => hop === 0);
}

/** As much of a server as is listened with. */
export interface Listening {
  readonly server: Pick<Server, 'address'>;
  listen(where: { host: string; port: number }): Promise<unknown>;
}

/** What a server calls itself: `url`, else what it listens on. */
export function publicUrl(endpoint: Endpoint): string {
  return endpoint.url ?? urlOf(endpoint, endpoint.port);
}

function urlOf({ host, tlsCert }: Endpoint, port: number): string {
  const named = isIPv6(host) ? `[${host}]` : host;
  return `${tlsCert === undefined ? 'http' : 'https'}://${named}:${port}`;
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Refuses, `config-invalid`, a server that strangers could reach without TLS, unless it was asked for in so many words. */
export function assertGuarded(endpoint: GuardedEndpoint): void {
  const { host, tlsCert, tlsKey } = endpoint;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw refuse('config-invalid', 'tlsCert and tlsKey go together; give both or neither');
  }
  const guarded = tlsCert !== undefined || endpoint.trustProxy || endpoint.insecureBind;
  if (!guarded && !isLoopback(host)) {
    throw refuse(
      'config-invalid',
      `${host} is reachable from other machines and nothing encrypts it; give --tls-cert and --tls-key, ` +
        'or --trust-proxy behind a proxy that speaks TLS, or --insecure-bind if plain HTTP is really meant',
    );
  }
}

/**
 * Reads certificate and key, and sees to it that they can be served with: to be called before anything is made,
 * opened or started. Refuses `config-invalid`.
 */
export async function readTls({ tlsCert, tlsKey }: Endpoint): Promise<Tls> {
  if (tlsCert === undefined || tlsKey === undefined) return {};
  try {
    const tls = { cert: await readFile(tlsCert), key: await readFile(tlsKey) };
    createSecureContext(tls);
    return { tls };
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw refuse(
      'config-invalid',
      `cannot serve TLS with ${tlsCert} and ${tlsKey}: ${text}; --tls-cert takes a PEM certificate chain, ` +
        '--tls-key its PEM private key',
      { cause },
    );
  }
}

/** Opens the socket and says where it is reached; runs `stop` when it cannot. Refuses `config-invalid`. */
export async function listen(app: Listening, endpoint: Endpoint, stop: () => Promise<void>): Promise<string> {
  const { host, port, url } = endpoint;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await stop();
    const text = cause instanceof Error ? cause.message : String(cause);
    throw refuse(
      'config-invalid',
      `cannot listen on ${host}:${port}: ${text}; free it or choose another --port`,
      { cause },
    );
  }
  const address = app.server.address();
  if (url !== undefined || typeof address !== 'object' || address === null) return publicUrl(endpoint);
  return urlOf(endpoint, address.port); // the configured port may have been 0
}
