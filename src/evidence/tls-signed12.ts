/** What a server of TLS 1.2 signed: both randoms and its key exchange parameters (RFC 5246 §7.4.3, RFC 8422 §5.4). */
import { concatBytes } from '../bytes/compare.ts';
import type { Cursor } from '../bytes/cursor.ts';
import { badMessage, HANDSHAKE, openMessage, unread, vector16, vector8 } from './tls-fields.ts';
import type { ClientHello, ServerHello } from './tls-hello.ts';
import { GROUPS, signedExchange } from './tls-names.ts';
import { SUITE_NAMES } from './tls-registry.ts';
import { nameOfGroup, readChain, type Signed } from './tls-signed.ts';

/** `ECCurveType.named_curve` (RFC 8422 §5.4). */
const NAMED_CURVE = 3;

/** Bytes of the prime of a Diffie-Hellman group: 1,024 to 8,192 bits. */
const MIN_PRIME = 128;
const MAX_PRIME = 1_024;

/** Reads all messages of a TLS 1.2 transcript. Refuses `malformed-proof`. */
export function signed12(messages: readonly Uint8Array[], client: ClientHello, server: ServerHello): Signed {
  const [, , certificate = new Uint8Array(), exchange = new Uint8Array(), ...none] = messages;
  if (none.length > 0) throw badMessage('there are too many messages');
  const chain = readChain(openMessage(certificate, HANDSHAKE.certificate, 'a Certificate'), false);
  const kind = signedExchange(server.suite);
  const suite = SUITE_NAMES.get(server.suite) ?? `0x${server.suite.toString(16)}`;
  if (kind === undefined) throw unread(`with ${suite} the server signs no key exchange`);
  const body = openMessage(exchange, HANDSHAKE.serverKeyExchange, 'a ServerKeyExchange');
  const before = body.remaining;
  const group = kind === 'ecdhe' ? readCurve(body) : readPrime(body);
  const params = exchange.subarray(4, 4 + before - body.remaining);
  const scheme = body.u16();
  const signature = vector16(body);
  body.end();
  const content = concatBytes(client.random, server.random, params);
  return { chain, group, scheme, signature, content, challenged: { bytes: content, at: 0, hash: null } };
}

function readCurve(body: Cursor): string {
  if (body.u8() !== NAMED_CURVE) throw unread('the curve is not a named one');
  const code = body.u16();
  const point = vector8(body);
  const name = nameOfGroup(code);
  if (GROUPS.get(code)?.length !== point.length) throw badMessage('the point is not one of its curve');
  return name;
}

function readPrime(body: Cursor): string {
  const prime = vector16(body);
  vector16(body); // the generator
  vector16(body); // the public value
  if (prime[0] === 0) throw badMessage('the prime begins with zeros');
  if (prime.length < MIN_PRIME || prime.length > MAX_PRIME)
    throw unread(`a Diffie-Hellman group of ${prime.length * 8} bits`);
  return `dhe-${prime.length * 8}`;
}
