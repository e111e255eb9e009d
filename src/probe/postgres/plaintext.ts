/**
 * Finds out whether a PostgreSQL server accepts a session without TLS. It sends a StartupMessage in clear and reads the first
 * answer. It never sends a password: a server that asks for one has accepted the connection. If the server refuses, the same is
 * asked through TLS, because a server that refuses there too did not refuse for lack of TLS.
 */
import { connect as connectTls } from 'node:tls';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { concatBytes } from '../../bytes/compare.ts';
import { bigEndian } from '../../bytes/cursor.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { errorCode } from '../harmless.ts';
import { endStream } from '../trust.ts';
import { Ended, type WireOptions } from '../wire.ts';

/** `accepted` is undefined if the answer is neither an acceptance nor a refusal. */
export interface Plaintext {
  readonly accepted: boolean | undefined;
  readonly why: string;
}

/** The user and database named in the StartupMessage; no password follows. */
interface Startup {
  readonly user: string;
  readonly database: string;
}

interface StartupRequest {
  readonly isTls: boolean;
  readonly isReplication: boolean;
  readonly bytes: Uint8Array;
}
type Options = Omit<WireOptions, 'maxBytes'>;
/**
 * The kind of a server's first answer. `let-in`: it asks for a password or begins the session. `refused`: pg_hba.conf refuses.
 * `no-tls`: it offers no TLS. `full`: it has no place for replication. `unclear`: any other answer, or none.
 */
interface First {
  readonly kind: 'let-in' | 'refused' | 'no-tls' | 'full' | 'unclear';
  readonly why: string;
}

const VERSION_3 = 196_608;
const MAX_MESSAGE = 8_192;
const SSL_REQUEST = concatBytes(bigEndian(8, 4), bigEndian(80_877_103, 4));

/** Asks for a session, and for replication. Throws `Ended` only if the probe is stopped. */
export async function tryPlaintext(
  options: Options,
  startup: Startup,
  count: (bytes: number) => void,
): Promise<Plaintext> {
  const ask = (isTls: boolean, isReplication: boolean): Promise<First> =>
    first(options, { isTls, isReplication, bytes: startupMessage(startup, isReplication) }, count);
  const clear = await ask(false, false);
  if (clear.kind === 'let-in') return { accepted: true, why: clear.why };
  const replication = await ask(false, true);
  if (replication.kind === 'let-in') return { accepted: true, why: `${replication.why}, for replication` };
  if (clear.kind !== 'refused') return { accepted: undefined, why: clear.why };
  if (replication.kind === 'unclear') return { accepted: undefined, why: `replication: ${replication.why}` };
  const secured = await ask(true, false);
  if (secured.kind === 'let-in') return { accepted: false, why: clear.why };
  const who = 'the server does not accept the same session with TLS either, so this shows nothing';
  return { accepted: undefined, why: `${who}: ${secured.why}` };
}

function startupMessage({ user, database }: Startup, isReplication: boolean): Uint8Array {
  const parameters = {
    user,
    database,
    application_name: 'tallystick',
    ...(isReplication && { replication: 'true' }),
  };
  const texts = Object.entries(parameters).flatMap(([name, value]) => [`${name}\0`, `${value}\0`]);
  const body = concatBytes(bigEndian(VERSION_3, 4), encodeUtf8(`${texts.join('')}\0`));
  return concatBytes(bigEndian(body.length + 4, 4), body);
}

async function first(
  { host, port, signal, timeoutMs }: Options,
  { isTls, isReplication, bytes }: StartupRequest,
  count: (bytes: number) => void,
): Promise<First> {
  if (signal.aborted) throw new Ended('aborted', 'the probe was stopped');
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const socket = connect({ host, port, noDelay: true, signal: limit });
  let stream: Duplex = socket;
  try {
    if (isTls) {
      socket.write(SSL_REQUEST);
      const [answer] = await read(socket, 1);
      if (answer !== 0x53) return { kind: 'no-tls', why: 'the server offers no TLS' };
      // The server need not be verified, since nothing secret is sent.
      stream = connectTls({ socket, rejectUnauthorized: false });
    }
    stream.write(bytes);
    const head = await read(stream, 5);
    const length = new DataView(head.buffer, head.byteOffset).getUint32(1);
    if (length < 8 || length > MAX_MESSAGE) return NONSENSE;
    return answerOf(String.fromCharCode(head[0] ?? 0), await read(stream, length - 4), {
      isTls,
      isReplication,
    });
  } catch (error) {
    if (signal.aborted) throw new Ended('aborted', 'the probe was stopped');
    return { kind: 'unclear', why: limit.aborted ? `no answer within ${timeoutMs} ms` : whyOf(error) };
  } finally {
    count(socket.bytesRead + socket.bytesWritten);
    endStream(stream);
    endStream(socket);
  }
}

const NONSENSE: First = { kind: 'unclear', why: 'the answer is not one of PostgreSQL' };

function whyOf(error: unknown): string {
  return error instanceof Ended ? error.message : `the connection broke: ${errorCode(error)}`;
}

/** Exactly so many bytes, and no more than those. */
function read(stream: Duplex, length: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const take = (): void => {
      const chunk: unknown = stream.read(length);
      if (!(chunk instanceof Uint8Array)) return;
      settle();
      if (chunk.length === length) resolve(new Uint8Array(chunk));
      else reject(new Ended('closed', 'the server closed the connection'));
    };
    const fail = (error: Error): void => {
      settle();
      reject(error);
    };
    const end = (): void => fail(new Ended('closed', 'the server closed the connection'));
    const settle = (): void =>
      void stream
        .off('readable', take)
        .off('error', fail)
        .off('close', end)
        .off('end', end)
        .on('error', () => undefined);
    stream.on('readable', take).on('error', fail).on('close', end).on('end', end);
    take();
  });
}

/**
 * Code 28000 (invalid_authorization_specification) is a refusal of the connection only if pg_hba.conf is the cause. It also
 * means that a role does not exist, which the server says after it let the connection in. The server's sentence decides,
 * and is not repeated.
 */
function answerOf(
  type: string,
  body: Uint8Array,
  { isTls, isReplication }: Pick<StartupRequest, 'isTls' | 'isReplication'>,
): First {
  const how = isTls ? 'with TLS' : 'in clear';
  if (type === 'R')
    return body.some((byte) => byte !== 0)
      ? { kind: 'let-in', why: `the server went on to ask for a password, ${how}` }
      : { kind: 'let-in', why: `the server let the session in, ${how}` };
  if (type !== 'E') return NONSENSE;
  const fields = new Map(
    new TextDecoder()
      .decode(body)
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  );
  const code = fields.get('C') ?? '';
  if (code === '28000' && fields.get('M')?.includes('pg_hba.conf') === true)
    return { kind: 'refused', why: 'no rule of pg_hba.conf lets this session in without TLS' };
  // Only replication gets this answer before pg_hba.conf is asked: all its places are taken (max_wal_senders).
  const kind = isReplication && code === '53300' ? 'full' : 'unclear';
  return { kind, why: `the server answered with the error ${sqlState(code)}` };
}

/** SQLSTATE: five digits or capital letters. */
function sqlState(code: string): string {
  return /^[0-9A-Z]{5}$/.test(code) ? code : 'of no SQLSTATE';
}
