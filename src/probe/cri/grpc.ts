/**
 * Unary calls of gRPC over HTTP/2 on a unix socket (gRPC's PROTOCOL-HTTP2.md): one message there, one back, uncompressed.
 * Every call is bounded in bytes and time. What the other side says in words (`grpc-message`) is never used.
 */
import { constants, connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { errorCode } from '../harmless.ts';

/** Bytes before a message: whether it is compressed, and its length. */
const PREFIX = 5;
/** A request without fields. */
const EMPTY_REQUEST = Buffer.alloc(PREFIX);

/** Names of gRPC's status codes, by number. */
const STATUSES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export interface Bounds {
  /** Milliseconds for one call. */
  readonly timeoutMs: number;
  /** Bytes of one message. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** A connection to a server on a unix socket. */
export class GrpcSocket {
  readonly #session: ClientHttp2Session;
  readonly #bounds: Bounds;
  #failed: unknown;
  /** Bytes of messages, both ways. */
  bytes = 0;

  constructor(path: string, bounds: Bounds) {
    this.#bounds = bounds;
    this.#session = connect('http://localhost', {
      createConnection: () => connectSocket({ path }),
      settings: { enablePush: false },
    });
    // Each call learns of it when it ends; a fault between two calls is told by the next one.
    this.#session.on('error', (error) => {
      this.#failed ??= error;
    });
  }

  /**
   * Calls a method with an empty request, such as `/runtime.v1.RuntimeService/Version`. Resolves with the bytes of the
   * one message of the answer. Refuses `unavailable`, and `too-large` for a longer message than the bounds allow.
   */
  async call(method: string): Promise<Uint8Array> {
    const { signal, timeoutMs } = this.#bounds;
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(timeoutMs);
    const ended = AbortSignal.any([signal, limit]);
    try {
      const message = await this.#ask(method, ended);
      this.bytes += PREFIX * 2 + message.length;
      return message;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Refusal) throw error;
      const name = method.slice(method.lastIndexOf('/') + 1);
      if (limit.aborted) throw refuse('unavailable', `the runtime did not answer ${name} in ${timeoutMs} ms`);
      throw refuse('unavailable', `the runtime did not answer ${name}: ${errorCode(this.#failed ?? error)}`);
    }
  }

  close(): void {
    this.#session.destroy();
  }

  #ask(method: string, ended: AbortSignal): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined || this.#session.destroyed) {
        reject(this.#failed ?? new Error('the connection has ended'));
        return;
      }
      const stream = this.#session.request(
        {
          ':method': 'POST',
          ':path': method,
          te: 'trailers',
          'content-type': 'application/grpc',
          'grpc-accept-encoding': 'identity',
          'user-agent': 'tallystick-probe/1',
        },
        { signal: ended },
      );
      const answer = new Answer(this.#bounds.maxBytes);
      const fail = (error: unknown): void => {
        reject(error instanceof Error ? error : new Error('the call failed'));
        stream.close(constants.NGHTTP2_CANCEL);
      };
      listen(stream, answer, fail);
      stream.once('close', () => {
        try {
          resolve(answer.message());
        } catch (error) {
          fail(error);
        }
      });
      stream.end(EMPTY_REQUEST);
    });
  }
}

function listen(stream: ClientHttp2Stream, answer: Answer, fail: (error: unknown) => void): void {
  stream.on('error', fail);
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      fail(error);
    }
  };
  stream.on('response', (headers) => attempt(() => answer.head(headers)));
  stream.on('data', (chunk: Buffer) => attempt(() => answer.add(chunk)));
  stream.on('trailers', (headers) => attempt(() => answer.status(headers)));
}

/** The parts of one answer. Refuses `unavailable` for what is no answer of gRPC. */
class Answer {
  readonly #max: number;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #begun = false;
  #ok = false;

  constructor(maxBytes: number) {
    this.#max = maxBytes;
  }

  head(headers: Readonly<Record<string, unknown>>): void {
    if (headers[':status'] !== 200) throw notGrpc('its answer is not of HTTP status 200');
    const type = headers['content-type'];
    if (typeof type !== 'string' || !/^application\/grpc(?:\+proto)?(?:;|$)/.test(type))
      throw notGrpc('its answer is of another content type');
    // An answer that is a fault may have its status here, and no trailers.
    if (headers['grpc-status'] !== undefined) this.status(headers);
  }

  status(headers: Readonly<Record<string, unknown>>): void {
    const given = headers['grpc-status'];
    if (given === '0') {
      this.#ok = true;
      return;
    }
    const name =
      typeof given === 'string' && /^[0-9]{1,2}$/.test(given) ? STATUSES[Number(given)] : undefined;
    if (name === undefined) throw notGrpc('its answer has no status of gRPC');
    throw refuse('unavailable', `the runtime answers with the status ${name} of gRPC${adviceOn(name)}`);
  }

  add(chunk: Buffer): void {
    this.#length += chunk.length;
    if (this.#length > PREFIX + this.#max) throw this.#tooLarge();
    this.#chunks.push(chunk);
    if (!this.#begun && this.#length >= PREFIX) this.#begin(Buffer.concat(this.#chunks));
  }

  /** The message, once the call has ended. */
  message(): Uint8Array {
    if (!this.#ok) throw notGrpc('its answer ended before its status');
    const whole = Buffer.concat(this.#chunks);
    if (whole.length < PREFIX || whole.length !== PREFIX + whole.readUInt32BE(1))
      throw notGrpc('its answer is not one whole message');
    return new Uint8Array(whole.subarray(PREFIX));
  }

  #begin(start: Buffer): void {
    this.#begun = true;
    if (start[0] !== 0) throw notGrpc('it compresses its answer unasked');
    if (start.readUInt32BE(1) > this.#max) throw this.#tooLarge();
  }

  #tooLarge(): Refusal {
    return refuse(
      'too-large',
      `an answer of the runtime has more than ${this.#max} bytes; none of it is used`,
    );
  }
}

function adviceOn(status: (typeof STATUSES)[number]): string {
  return status === 'UNIMPLEMENTED' ? ': it does not speak CRI v1, or its CRI plugin is disabled' : '';
}

function notGrpc(what: string): Refusal {
  return refuse('unavailable', `what answers on the socket does not speak gRPC as a runtime does: ${what}`);
}
