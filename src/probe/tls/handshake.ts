/**
 * One handshake with a TLS server, up to its signature and no further: no Finished, no request. What comes back
 * is raw: whether it proves anything, the offline verifier says.
 */
import { concatBytes } from '../../bytes/compare.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { extension, EXTENSION, HANDSHAKE, vector16 } from '../../evidence/tls-fields.ts';
import {
  checkAnswer,
  parseClientHello,
  parseServerHello,
  type ServerHello,
} from '../../evidence/tls-hello.ts';
import { standIn } from '../../evidence/tls-signed13.ts';
import { keyExchangeOf, suite13, versionName, type TlsVersion } from '../../evidence/tls-names.ts';
import { Ended, type Wire } from '../wire.ts';
import { clientHello, type Offer } from './hello.ts';
import { handshakeKeys, Messages } from './records.ts';
import { FIRST_GROUP, makeShare, type Share } from '../share.ts';

/** How far a handshake came. */
export interface Reached {
  readonly version: TlsVersion;
  readonly suite: number;
  /** The messages of a transcript; undefined where the server signs nothing that is read. */
  readonly messages: readonly Uint8Array[] | undefined;
}

/** Most messages of one flight of TLS 1.3. */
const MAX_FLIGHT = 4;

/** Throws `Ended`: `alert` when the server refused, `garbage` when its answer is not TLS. */
export async function handshake(wire: Wire, challenge: Uint8Array, offer: Offer): Promise<Reached> {
  try {
    return await shake(wire, challenge, offer);
  } catch (error) {
    // The verifier's own parsers read the answer; what they refuse is not TLS.
    throw error instanceof Refusal ? new Ended('garbage', error.message) : error;
  }
}

async function shake(wire: Wire, challenge: Uint8Array, offer: Offer): Promise<Reached> {
  const share = offer.versions.includes('TLSv1.3') ? makeShare(FIRST_GROUP) : undefined;
  const hello = clientHello(challenge, offer, share);
  send(wire, hello);
  const messages = new Messages(wire);
  const first = await messages.next();
  try {
    return await goOn(
      wire,
      messages,
      { challenge, offer, hello, first, server: parseServerHello(first) },
      share,
    );
  } catch (error) {
    // It had chosen a version already: whatever it says now does not refuse one.
    if (!(error instanceof Ended) || (error.kind !== 'alert' && error.kind !== 'closed')) throw error;
    throw new Ended('garbage', `after its hello: ${error.message}`);
  }
}

/** Everything after the server's first answer. */
async function goOn(
  wire: Wire,
  messages: Messages,
  asked: Asked,
  share: Share | undefined,
): Promise<Reached> {
  const { offer, hello, first, server } = asked;
  const version = versionName(server.version);
  if (version === undefined) throw new Ended('garbage', 'the server chose an unknown version');
  // A server of TLS 1.2 and older may choose an older version than the client offered.
  if (version === 'TLSv1.3' || offer.versions.includes(version)) checkAnswer(parseClientHello(hello), server);
  const opening = [hello, first];
  if (version !== 'TLSv1.3') {
    const signs = version === 'TLSv1.2' && keyExchangeOf(server.suite) !== 'rsa';
    const found = signs ? [...opening, await messages.next(), await messages.next()] : undefined;
    return { version, suite: server.suite, messages: found };
  }
  const { answer, used, all } = server.retry
    ? await retry(wire, messages, asked)
    : { answer: server, used: share, all: opening };
  return {
    version,
    suite: server.suite,
    messages: [...all, ...(await readFlight(messages, answer, used, all))],
  };
}

interface Asked {
  readonly challenge: Uint8Array;
  readonly offer: Offer;
  readonly hello: Uint8Array;
  readonly first: Uint8Array;
  readonly server: ServerHello;
}

/** Answers a HelloRetryRequest, once (RFC 8446 §4.1.4). */
async function retry(wire: Wire, messages: Messages, asked: Asked) {
  const { server, hello, first } = asked;
  const share = makeShare(server.group ?? FIRST_GROUP);
  const field = extension(server.extensions, EXTENSION.cookie);
  const cookie = field === undefined ? undefined : vector16(field);
  const again = clientHello(asked.challenge, asked.offer, share, cookie);
  send(wire, again);
  const second = await messages.next();
  const answer = parseServerHello(second);
  if (answer.retry) throw new Ended('garbage', 'the server asked for a second retry');
  return { answer, used: share, all: [hello, first, again, second] };
}

async function readFlight(
  messages: Messages,
  server: ServerHello,
  share: Share | undefined,
  opening: readonly Uint8Array[],
): Promise<readonly Uint8Array[]> {
  const suite = suite13(server.suite);
  if (
    suite === undefined ||
    server.share === undefined ||
    share === undefined ||
    share.group !== server.group
  )
    throw new Ended('garbage', 'the server chose a suite or a key share that was not offered');
  const [hello = new Uint8Array(), ...others] = opening;
  const hashed = concatBytes(others.length > 1 ? standIn(suite, hello) : hello, ...others);
  messages.encrypted(handshakeKeys(suite, share.secret(server.share), hashed));
  const flight: Uint8Array[] = [];
  while (flight.length < MAX_FLIGHT) {
    const message = await messages.next();
    flight.push(message);
    if (message[0] === HANDSHAKE.certificateVerify) return flight;
  }
  throw new Ended('garbage', 'the server did not sign');
}

/** One ClientHello as a record; the version in front is what old servers want to see (RFC 8446 §5.1). */
function send(wire: Wire, message: Uint8Array): void {
  const length = message.length;
  wire.write(concatBytes(Uint8Array.of(22, 3, 1, Math.floor(length / 256), length % 256), message));
}
