/**
 * The connection through which PostgreSQL's client library talks. It establishes TLS first, and verifies the server before
 * anything secret is sent. If the server was not verified, it never sends a password that whoever answers could use. It passes
 * on only whole, checked messages, and bounds bytes and time.
 */
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { concatBytes } from '../../bytes/compare.ts';
import { bigEndian } from '../../bytes/cursor.ts';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { errorCode } from '../harmless.ts';
import { endStream, secure, type Secured, type Trust } from '../trust.ts';
import { AUTH, BadMessage, Frames } from './frames.ts';

const SSL_REQUEST = concatBytes(bigEndian(8, 4), bigEndian(80_877_103, 4));
/** Most bytes that are taken in one session. */
const MAX_BYTES = 8 * 1_048_576;

export interface StreamOptions {
  readonly host: string;
  readonly port: number;
  /** Undefined for a connection without TLS. */
  readonly trust: Trust | undefined;
  /** Milliseconds within which the connection must be established. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The part of a socket that the library uses. It ends with `error` and `close`. */
export class PgStream extends Duplex {
  readonly #options: StreamOptions;
  readonly #frames = new Frames((code) => this.#mayAnswer(code));
  readonly #stop = (): void => void this.destroy(refuse('unavailable', 'the probe was stopped'));
  #socket: Socket | undefined;
  #inner: Duplex | undefined;
  #received = 0;
  secured: Secured | undefined;

  constructor(options: StreamOptions) {
    // An error is emitted once.
    super({ autoDestroy: true, allowHalfOpen: false });
    this.#options = options;
    options.signal.addEventListener('abort', this.#stop, { once: true });
  }

  /** Bytes of both directions. */
  get bytes(): number {
    return (this.#socket?.bytesRead ?? 0) + (this.#socket?.bytesWritten ?? 0);
  }

  /** The library calls it with an address, which is ignored: the target was decided before. */
  connect(): this {
    this.#start().catch((error: unknown) =>
      this.destroy(error instanceof Error ? error : new Error('no connection')),
    );
    return this;
  }

  async #start(): Promise<void> {
    const inner = await this.#open();
    this.#inner = inner;
    inner.on('data', (chunk: Uint8Array) => this.#take(chunk));
    inner.on('error', (error) => this.destroy(lost(error)));
    inner.on('close', () => this.destroy());
    this.emit('connect');
  }

  async #open(): Promise<Duplex> {
    const { host, port, trust, timeoutMs, signal } = this.#options;
    if (signal.aborted) throw refuse('unavailable', 'the probe was stopped');
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    const late = (): void => void this.destroy(refuse('unavailable', `no connection within ${timeoutMs} ms`));
    const timer = setTimeout(late, timeoutMs);
    try {
      await told(socket, 'connect');
      if (trust === undefined) return socket;
      socket.write(SSL_REQUEST);
      const answer = await told(socket, 'data');
      // Further bytes would have been sent in clear, and would be taken for messages of the server after the handshake.
      if (!(answer instanceof Uint8Array) || answer.length !== 1 || answer[0] !== 0x53)
        throw refuse(
          'unavailable',
          'the server does not offer TLS, and the connection string does not allow a session without (sslmode=disable)',
        );
      const { stream, secured } = await secure(socket, host, trust);
      this.secured = secured;
      return stream;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Refuses `unavailable` if the server asks for a password in a way that whoever answers could use: in clear without a verified
   * server, or as MD5 without TLS.
   */
  #mayAnswer(code: number): void {
    const clear = code === AUTH.cleartext && this.secured?.verified !== true;
    const weak = code === AUTH.md5 && this.secured === undefined;
    if (clear || weak)
      throw refuse(
        'unavailable',
        'the server asks for a password in a way that whoever answers could use. Under options in targets.yaml, the owner of the ' +
          'target must name its key (spki) or have its certificate verified (verify)',
      );
  }

  #take(chunk: Uint8Array): void {
    this.#received += chunk.length;
    if (this.#received > MAX_BYTES)
      return void this.destroy(refuse('too-large', `the server sent more than ${MAX_BYTES} bytes`));
    try {
      for (const message of this.#frames.take(chunk)) this.push(message);
    } catch (error) {
      this.destroy(lost(error));
    }
  }

  /** Tells the server that the session ends (Terminate), and closes. */
  finish(): void {
    this.#options.signal.removeEventListener('abort', this.#stop);
    this.on('error', () => undefined);
    if (this.#inner !== undefined && !this.destroyed) this.#inner.write(Uint8Array.of(0x58, 0, 0, 0, 4));
    this.destroy();
  }

  override _read(): void {
    // Data is pushed when it arrives; MAX_BYTES bounds it.
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#inner === undefined) return done(new Error('not connected'));
    this.#inner.write(chunk, (error) => done(error ?? null));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#options.signal.removeEventListener('abort', this.#stop);
    const inner = this.#inner;
    if (inner !== undefined && error === null) {
      inner.on('error', () => undefined);
      inner.end();
      this.#socket?.destroySoon();
    } else {
      if (inner !== undefined) endStream(inner);
      if (this.#socket !== undefined) endStream(this.#socket);
    }
    this.#socket?.unref();
    done(error);
  }

  // Further methods of a socket that the library calls.
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

function told(socket: Socket, event: 'connect' | 'data'): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(lost(error));
    const closed = (): void => reject(refuse('unavailable', 'the server closed the connection'));
    socket.once('error', failed);
    socket.once('close', closed);
    socket.once(event, (value: unknown) => {
      socket.off('error', failed).off('close', closed);
      // Nobody listens between two steps.
      socket.on('error', () => undefined);
      resolve(value);
    });
  });
}

function lost(error: unknown): Error {
  if (error instanceof Refusal) return error;
  if (error instanceof BadMessage)
    return refuse('unavailable', 'the server does not speak as PostgreSQL does');
  return refuse('unavailable', `the connection broke: ${errorCode(error)}`, { cause: error });
}
