/** Connections of probes that speak HTTP: within a time, counted in bytes, and given out only to a server that was verified. */
import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { endStream, secure, type Secured, type Trust } from './trust.ts';

/** How a probe names itself. */
export const USER_AGENT = 'tallystick-probe/1';

export interface Place {
  readonly host: string;
  readonly port: number;
  /** Path of a unix socket, in place of host and port. */
  readonly socketPath?: string;
  /** undefined: without TLS. */
  readonly trust: Trust | undefined;
  /** Milliseconds for one request, its connection included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Gives out connections only after TLS is established and the server's key is verified. */
export class CheckedAgent extends Agent {
  readonly #place: Place;
  readonly #sockets = new Set<Socket>();
  #counted = 0;
  secured: Secured | undefined;

  constructor(place: Place) {
    super({ keepAlive: true, maxSockets: 1, timeout: place.timeoutMs });
    this.#place = place;
  }

  get bytes(): number {
    return Array.from(this.#sockets).reduce((sum, each) => sum + traffic(each), this.#counted);
  }

  override createConnection(
    _options: unknown,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const { host, port, socketPath: path, trust, timeoutMs, signal } = this.#place;
    const socket = connect(path === undefined ? { host, port, noDelay: true } : { path });
    const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]);
    const stop = (): void => void socket.destroy(new Error('stopped'));
    limit.addEventListener('abort', stop, { once: true });
    if (limit.aborted) stop();
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#counted += traffic(socket);
    });
    const settle = (error: Error | undefined, stream: Duplex): void => {
      limit.removeEventListener('abort', stop);
      callback?.(error ?? null, stream);
    };
    socket.once('error', (error) => settle(error, socket));
    socket.once('connect', () => {
      socket.removeAllListeners('error').on('error', () => undefined);
      if (trust === undefined) return settle(undefined, socket);
      this.#secure(socket, trust).then(
        (stream) => settle(undefined, stream),
        (error: unknown) => {
          endStream(socket);
          settle(error instanceof Error ? error : new Error('TLS failed'), socket);
        },
      );
    });
    return undefined;
  }

  async #secure(socket: Socket, trust: Trust): Promise<Duplex> {
    const { stream, secured } = await secure(socket, this.#place.host, trust);
    this.secured = secured;
    return stream;
  }

  close(): void {
    for (const socket of this.#sockets) endStream(socket);
    this.destroy();
  }
}

function traffic({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}
