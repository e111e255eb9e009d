/**
 * A TCP conversation with a target that may be hostile, with limits of bytes and time. If it ends early, the reading call throws
 * `Ended` with the cause, so a failed read is never taken for an empty answer.
 */
import { connect, type Socket } from 'node:net';
import { concatBytes } from '../bytes/compare.ts';
import { errorCode } from './harmless.ts';

/** How a conversation ended early. `broken`: the target broke off in a way that refuses nothing. */
type EndKind =
  'unreachable' | 'closed' | 'timeout' | 'aborted' | 'too-large' | 'garbage' | 'alert' | 'broken';

/** A conversation ended early. `message` is for people. */
export class Ended extends Error {
  override readonly name = 'Ended';
  readonly kind: EndKind;
  /** The number of the TLS alert, if there was one. */
  readonly alert: number | undefined;

  constructor(kind: EndKind, message: string, alert?: number) {
    super(message);
    this.kind = kind;
    this.alert = alert;
  }
}

export interface WireOptions {
  readonly host: string;
  readonly port: number;
  /** Ends the conversation at once. */
  readonly signal: AbortSignal;
  /** Milliseconds for the whole conversation. */
  readonly timeoutMs: number;
  /** Most bytes that are taken from the target. */
  readonly maxBytes: number;
}

/** One connection; every read may throw `Ended`. */
export class Wire {
  readonly #socket: Socket;
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #received = 0;
  #sent = 0;
  #end: Ended | undefined;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, maxBytes: number) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    socket.on('data', (chunk: Uint8Array) => this.#take(chunk));
    socket.on('error', (error) => this.#finish('closed', `the connection broke: ${errorCode(error)}`));
    socket.on('end', () => this.#finish('closed', 'the target closed the connection'));
    socket.on('close', () => this.#finish('closed', 'the target closed the connection'));
  }

  /** Connects, calls `talk`, and closes the connection, whatever happens. Calls `count` with the bytes of both directions. */
  static async use<T>(
    options: WireOptions,
    count: (bytes: number) => void,
    talk: (wire: Wire) => Promise<T>,
  ): Promise<T> {
    const limit = AbortSignal.timeout(options.timeoutMs);
    return Wire.#talk(await Wire.#open(options, limit), options, limit, count, talk);
  }

  /** The same over a connection that is there. The time runs from now. */
  static over<T>(
    socket: Socket,
    options: Omit<WireOptions, 'host' | 'port'>,
    count: (bytes: number) => void,
    talk: (wire: Wire) => Promise<T>,
  ): Promise<T> {
    const wire = new Wire(socket, options.maxBytes);
    return Wire.#talk(wire, options, AbortSignal.timeout(options.timeoutMs), count, talk);
  }

  static async #talk<T>(
    wire: Wire,
    options: Omit<WireOptions, 'host' | 'port'>,
    limit: AbortSignal,
    count: (bytes: number) => void,
    talk: (wire: Wire) => Promise<T>,
  ): Promise<T> {
    const stop = (): void =>
      limit.aborted
        ? wire.#finish('timeout', `no answer within ${options.timeoutMs} ms`)
        : wire.#finish('aborted', 'the probe was stopped');
    const either = AbortSignal.any([limit, options.signal]);
    either.addEventListener('abort', stop, { once: true });
    if (either.aborted) stop();
    try {
      return await talk(wire);
    } finally {
      either.removeEventListener('abort', stop);
      count(wire.#received + wire.#sent);
      wire.#socket.destroySoon();
      wire.#socket.unref();
    }
  }

  static #open({ host, port, signal, timeoutMs, maxBytes }: WireOptions, limit: AbortSignal): Promise<Wire> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new Ended('aborted', 'the probe was stopped'));
      const socket = connect({ host, port, noDelay: true });
      const either = AbortSignal.any([limit, signal]);
      const settle = (then: () => void): void => {
        either.removeEventListener('abort', stop);
        socket.off('error', refused);
        socket.off('connect', connected);
        then();
      };
      const fail = (kind: EndKind, what: string): void =>
        settle(() => {
          socket.on('error', () => undefined);
          socket.destroy();
          reject(new Ended(kind, what));
        });
      const stop = (): void =>
        limit.aborted
          ? fail('unreachable', `no connection within ${timeoutMs} ms`)
          : fail('aborted', 'the probe was stopped');
      const refused = (error: Error): void => fail('unreachable', `no connection: ${errorCode(error)}`);
      const connected = (): void => settle(() => resolve(new Wire(socket, maxBytes)));
      either.addEventListener('abort', stop, { once: true });
      socket.on('error', refused);
      socket.on('connect', connected);
    });
  }

  /** Exactly `length` bytes. */
  async read(length: number): Promise<Uint8Array> {
    while (this.#buffered < length) await this.#more(length);
    const all = concatBytes(...this.#chunks);
    this.#chunks = [all.subarray(length)];
    this.#buffered -= length;
    return all.subarray(0, length);
  }

  /** The bytes up to a line feed, at most `max`, without the line feed and a carriage return before it. */
  async line(max: number): Promise<Uint8Array> {
    for (;;) {
      const all = concatBytes(...this.#chunks);
      this.#chunks = [all];
      const end = all.indexOf(10);
      if (end > max || (end < 0 && all.length > max))
        throw new Ended('garbage', `a line is longer than ${max} bytes`);
      if (end < 0) {
        await this.#more(this.#buffered + 1);
        continue;
      }
      this.#chunks = [all.subarray(end + 1)];
      this.#buffered -= end + 1;
      return all.subarray(0, end > 0 && all[end - 1] === 13 ? end - 1 : end);
    }
  }

  /** Bytes that the target sent so far. */
  get received(): number {
    return this.#received;
  }

  write(bytes: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#sent += bytes.length;
    this.#socket.write(bytes);
  }

  async #more(wanted: number): Promise<void> {
    if (this.#received - this.#buffered + wanted > this.#maxBytes)
      throw new Ended('too-large', `the target sent more than ${this.#maxBytes} bytes`);
    if (this.#end !== undefined) throw this.#end;
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  #take(chunk: Uint8Array): void {
    this.#received += chunk.length;
    this.#buffered += chunk.length;
    this.#chunks.push(chunk);
    // The connection is closed, and the next read that needs more bytes throws.
    if (this.#received > this.#maxBytes)
      this.#finish('too-large', `the target sent more than ${this.#maxBytes} bytes`);
    this.#wakeUp();
  }

  #finish(kind: EndKind, what: string): void {
    this.#end ??= new Ended(kind, what);
    this.#socket.destroy();
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
