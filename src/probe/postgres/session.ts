/**
 * A read-only session with a PostgreSQL server, with limits on both sides. All values are text. A refusal by the server is an
 * answer. If the server does not answer, the session ends with `unavailable`.
 */
import { Client } from 'pg';
import { Refusal, refuse } from '../../bytes/refusal.ts';
import { errorCode } from '../harmless.ts';
import { PgStream, type StreamOptions } from './stream.ts';

/** Milliseconds that the server gives one statement, and that the probe waits for an answer. */
const STATEMENT_MS = 5_000;
const ANSWER_MS = 8_000;

export interface Login {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Columns of one row. */
export type Row = readonly (string | null)[];

/** A refusal of the server. */
export interface Denied {
  /** SQLSTATE. The rest of the server's report may quote a secret, and is dropped. */
  readonly code: string;
}

export class Session {
  readonly #client: Client;
  readonly stream: PgStream;

  private constructor(client: Client, stream: PgStream) {
    this.#client = client;
    this.stream = stream;
  }

  /** Connects, calls `work`, and closes the connection, whatever happens. Refuses `unavailable`. */
  static async use<T>(
    options: StreamOptions,
    login: Login,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const stream = new PgStream(options);
    stream.on('error', () => undefined);
    const client = new Client({
      ...login,
      password: () => login.password,
      host: options.host,
      port: options.port,
      stream: () => stream,
      // PgStream speaks TLS.
      ssl: false,
      application_name: 'tallystick',
      client_encoding: 'UTF8',
      connectionTimeoutMillis: options.timeoutMs,
      query_timeout: ANSWER_MS,
      // Values stay as the server writes them; the library parses none of them.
      types: { getTypeParser: () => (text: string) => text },
    });
    client.on('error', () => undefined);
    const session = new Session(client, stream);
    try {
      await answered(client.connect(), options);
      await session.#begin();
      return await work(session);
    } finally {
      stream.finish();
    }
  }

  /**
   * Sets the limits of this session on the server. Names outside the catalogue must be written with their schema. Until then a
   * role's or database's own search_path could put a schema before the catalogue, so the first statement names its functions whole.
   */
  async #begin(): Promise<void> {
    await this.rows(
      `SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false),
              pg_catalog.set_config('default_transaction_read_only', 'on', false),
              pg_catalog.set_config('statement_timeout', $1, false),
              pg_catalog.set_config('lock_timeout', '1s', false),
              pg_catalog.set_config('idle_in_transaction_session_timeout', '10s', false)`,
      [String(STATEMENT_MS)],
    );
  }

  /** Rows of a query. Refuses `unavailable` if the server gives none. */
  async rows(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    const found = await this.tryRows(text, values);
    if ('code' in found)
      throw refuse('unavailable', `the server did not answer a query: ${meaningOf(found.code)}`);
    return found;
  }

  /** Rows of a query, or the server's refusal of it. */
  async tryRows(text: string, values: readonly unknown[] = []): Promise<readonly Row[] | Denied> {
    try {
      const { rows } = await this.#client.query<(string | null)[]>({
        text,
        values: [...values],
        rowMode: 'array',
      });
      return rows;
    } catch (error) {
      const denied = deniedOf(error);
      if (denied !== undefined && !this.stream.destroyed) return denied;
      throw failure(error, this.stream);
    }
  }
}

async function answered(connected: Promise<unknown>, { host, port }: StreamOptions): Promise<void> {
  try {
    await connected;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const denied = deniedOf(error);
    const why = denied === undefined ? errorCode(error) : meaningOf(denied.code);
    throw refuse('unavailable', `no session with ${host}:${port}: ${why}`, { cause: error });
  }
}

function failure(error: unknown, stream: PgStream): Error {
  if (error instanceof Refusal) return error;
  const { errored } = stream;
  if (errored instanceof Refusal) return errored;
  return refuse('unavailable', `the session broke: ${errorCode(error)}`, { cause: error });
}

/** The refusal in an error; undefined if the error is no report of the server, which has a SQLSTATE and a severity. */
function deniedOf(error: unknown): Denied | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined;
  const { code } = error;
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return undefined;
  return { code };
}

/** Meanings of the error codes that a session of the probe can meet (PostgreSQL, "PostgreSQL Error Codes"). */
const MEANINGS: Readonly<Record<string, string>> = {
  '28P01': 'the password is wrong',
  '28000': 'no rule of pg_hba.conf lets this role in, or there is no such role',
  '3D000': 'there is no such database',
  '42501': 'this role may not do it',
  '53300': 'there are too many connections',
  '57014': 'it took too long',
  '57P03': 'the server is starting or stopping',
};

/** The meaning of an error code in our words, never in the server's. */
export function meaningOf(code: string): string {
  const meaning = MEANINGS[code];
  return meaning === undefined ? `error ${code}` : `${meaning} (${code})`;
}
