/** A target of the demonstration: a real TLS server whose oldest accepted version can be changed. */
import { once } from 'node:events';
import { createServer as createPlain, type AddressInfo } from 'node:net';
import { createServer, type SecureVersion, type Server } from 'node:tls';
import { selfSigned } from './certificate.ts';

export class Target {
  /** The name that clients ask for, which its certificate names. */
  readonly host: string;
  readonly #pair: { readonly key: string; readonly cert: string };
  #server: Server | undefined;
  #port = 0;

  private constructor(host: string, pair: { readonly key: string; readonly cert: string }) {
    this.host = host;
    this.#pair = pair;
  }

  /** A target with a new key. `now`: milliseconds. It does not listen yet. */
  static async named(host: string, now: number): Promise<Target> {
    return new Target(host, await selfSigned(host, now, 90));
  }

  /** `127.0.0.1:PORT`, once it listens. */
  get place(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Listens on loopback, each time on the same port, and refuses versions older than `oldest`. */
  async serve(oldest: SecureVersion): Promise<void> {
    await this.close();
    const server = createServer({ ...this.#pair, minVersion: oldest, maxVersion: 'TLSv1.3' }, (socket) =>
      socket.end(),
    );
    // A probe never finishes its handshake.
    server.on('tlsClientError', () => undefined);
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = portOf(server.address());
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    await closed;
  }
}

/** A port of loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createPlain().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server.address());
  const closed = once(server, 'close');
  server.close();
  await closed;
  return port;
}

export function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('a listening server has a port');
  return address.port;
}
