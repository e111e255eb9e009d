/** Asks a server to begin TLS, before the ClientHello: PostgreSQL's SSLRequest, SMTP's STARTTLS. */
import { concatBytes } from '../../bytes/compare.ts';
import { bigEndian } from '../../bytes/cursor.ts';
import { encodeUtf8 } from '../../bytes/text.ts';
import { Ended, type Wire } from '../wire.ts';

export const PREAMBLES = ['none', 'postgres', 'smtp'] as const;
export type Preamble = (typeof PREAMBLES)[number];

/** `SSLRequest` (PostgreSQL, "Message Formats"): length 8 and the code 80877103. */
const SSL_REQUEST = concatBytes(bigEndian(8, 4), bigEndian(80_877_103, 4));

/** Longest line of an SMTP reply (RFC 5321 §4.5.3.1.5), and most lines of one reply. */
const MAX_LINE = 512;
const MAX_LINES = 100;

/** Sends the preamble. Returns why the server does not offer TLS, or undefined when TLS may begin. */
export async function startTls(wire: Wire, preamble: Preamble): Promise<string | undefined> {
  if (preamble === 'postgres') return await postgres(wire);
  return preamble === 'smtp' ? await smtp(wire) : undefined;
}

async function postgres(wire: Wire): Promise<string | undefined> {
  wire.write(SSL_REQUEST);
  const answer = String.fromCharCode(...(await wire.read(1)));
  if (answer === 'S') return undefined;
  if (answer === 'N') return 'the server answered the SSLRequest with N: it offers no TLS';
  throw new Ended('garbage', 'the answer to the SSLRequest is not one of PostgreSQL');
}

/** STARTTLS of SMTP (RFC 3207). EHLO names this program, not the machine. */
async function smtp(wire: Wire): Promise<string | undefined> {
  if ((await reply(wire)) !== 220) throw new Ended('garbage', 'the server does not greet as SMTP does');
  wire.write(encodeUtf8('EHLO tallystick.invalid\r\n'));
  if ((await reply(wire)) !== 250) throw new Ended('garbage', 'the server did not take EHLO');
  wire.write(encodeUtf8('STARTTLS\r\n'));
  const code = await reply(wire);
  if (code === 220) return undefined;
  // 454 means that TLS is temporarily not available (RFC 3207 §4), which refuses nothing.
  if (code === 502 || code === 500) return `the server answered STARTTLS with ${code}: it offers no TLS`;
  throw new Ended('garbage', `the server answered STARTTLS with ${code}`);
}

/** Reads a reply of one or more lines, and returns its code. */
async function reply(wire: Wire): Promise<number> {
  for (let lines = 0; lines < MAX_LINES; lines++) {
    const text = String.fromCharCode(...(await wire.line(MAX_LINE)));
    const [, code, more] = /^([2-5]\d\d)([ -]|$)/.exec(text) ?? [];
    if (code === undefined) throw new Ended('garbage', 'the answer is not one of SMTP');
    if (more !== '-') return Number(code);
  }
  throw new Ended('garbage', 'a reply of SMTP does not end');
}
