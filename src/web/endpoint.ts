/** The address of a server: host, port, and its public URL. Without I/O, since clients of a local log use it, too. */
import { isIPv4, isIPv6 } from 'node:net';
import { refuse } from '../bytes/refusal.ts';

/** Where a server listens, as its operator set it. */
export interface Endpoint {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** The server's public URL. Default: made of host and port. */
  readonly url?: string | undefined;
  /** PEM files: the certificate chain, and its private key. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}

/** An endpoint that other machines can reach without TLS only if its operator says so. */
export interface GuardedEndpoint extends Endpoint {
  readonly trustProxy: boolean;
  readonly insecureBind: boolean;
  /** False: no pages for people but a short one. */
  readonly explorer?: boolean;
}

/** A server's public URL: `url`, else made of the host and port that it listens on. */
export function publicUrl(endpoint: Endpoint): string {
  return endpoint.url ?? urlOf(endpoint, endpoint.port);
}

/** The same as an option of a server; nothing where the machine chooses the port, which is known once the server listens. */
export function knownUrl(endpoint: Endpoint): { readonly baseUrl?: string } {
  return endpoint.url === undefined && endpoint.port === 0 ? {} : { baseUrl: publicUrl(endpoint) };
}

/** The URL of a port of that host. */
export function urlOf({ host, tlsCert }: Endpoint, port: number): string {
  const named = isIPv6(host) ? `[${host}]` : host;
  return `${tlsCert === undefined ? 'http' : 'https'}://${named}:${port}`;
}

/** Whether only this machine can reach the address. */
function isLoopback(host: string): boolean {
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
      `${host} is reachable from other machines and nothing encrypts it; give it a certificate and its key, or say that ` +
        'a proxy in front of it speaks TLS, or that plain HTTP is really meant',
      { remedy: { tlsCert: true, tlsKey: true, trustProxy: true, insecureBind: true } },
    );
  }
}
