/**
 * Whether a PostgreSQL server takes a session without TLS: one StartupMessage in clear, and whatever comes first. A
 * password is never sent: a server that asks for one has let the connection in.
 */
import { concatBytes } from '../../bytes/compare.ts';
import { bigEndian } from '../../bytes/cursor.ts';
import { printable } from '../../bytes/printable.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { Ended, Wire, type WireOptions } from '../wire.ts';

/** `accepted` is undefined where the answer is neither. */
export interface Plaintext {
  readonly accepted: boolean | undefined;
  readonly why: string;
}

const VERSION_3 = 196_608;
const MAX_MESSAGE = 8_192;

/** Asks. Throws `Ended` only when the probe is stopped. */
export async function tryPlaintext(
  options: Omit<WireOptions, 'maxBytes'>,
  { user, database }: { readonly user: string; readonly database: string },
  count: (bytes: number) => void,
): Promise<Plaintext> {
  try {
    return await Wire.use({ ...options, maxBytes: 2 * MAX_MESSAGE }, count, async (wire) => {
      wire.write(startup({ user, database, application_name: 'tallystick' }));
      const type = String.fromCharCode(...(await wire.read(1)));
      const length = lengthOf(await wire.read(4));
      const body = await wire.read(length - 4);
      if (type === 'R') return { accepted: true, why: askedFor(body) };
      return type === 'E' ? refusalOf(body) : unclear('the answer is not one of PostgreSQL');
    });
  } catch (error) {
    if (!(error instanceof Ended) || error.kind === 'aborted') throw error;
    return unclear(error.message);
  }
}

function startup(parameters: Readonly<Record<string, string>>): Uint8Array {
  const texts = Object.entries(parameters).flatMap(([name, value]) => [`${name}\0`, `${value}\0`]);
  const body = concatBytes(bigEndian(VERSION_3, 4), encodeUtf8(`${texts.join('')}\0`));
  return concatBytes(bigEndian(body.length + 4, 4), body);
}

function lengthOf(bytes: Uint8Array): number {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (length < 8 || length > MAX_MESSAGE) throw new Ended('garbage', 'the answer is not one of PostgreSQL');
  return length;
}

function askedFor(body: Uint8Array): string {
  const asked = body.some((byte) => byte !== 0);
  return asked
    ? 'the server went on to ask for a password, in clear'
    : 'the server let the session in, in clear';
}

/**
 * Of 28000 (invalid_authorization_specification) only what pg_hba.conf says no to is a refusal of the connection;
 * the same code also tells that a role does not exist, which the server says after it let the connection in.
 */
function refusalOf(body: Uint8Array): Plaintext {
  const text = new TextDecoder().decode(body);
  const fields = new Map(text.split('\0').map((field) => [field.slice(0, 1), field.slice(1)]));
  const message = printable(fields.get('M') ?? '', 300);
  const refused = fields.get('C') === '28000' && message.includes('pg_hba.conf');
  return refused ? { accepted: false, why: message } : unclear(message);
}

function unclear(why: string): Plaintext {
  return { accepted: undefined, why };
}
