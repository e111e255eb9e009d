/** The address of a server: host, port, and its public URL. Pure, since clients of a local log use it, too. */
import { isIPv4, isIPv6 } from 'node:net';
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

/** What a server calls itself: `url`, else what it listens on. */
export function publicUrl(endpoint: Endpoint): string {
  return endpoint.url ?? urlOf(endpoint, endpoint.port);
}

/** The URL of a port of that host. */
export function urlOf({ host, tlsCert }: Endpoint, port: number): string {
  const named = isIPv6(host) ? `[${host}]` : host;
  return `${tlsCert === undefined ? 'http' : 'https'}://${named}:${port}`;
}

/** Whether only this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/**
 * Refuses `config-invalid` for a server that strangers could reach without TLS, unless the operator set `insecureBind`
 * explicitly.
 */
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
