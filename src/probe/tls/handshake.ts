/**
 * Makes one handshake with a TLS server up to its signature. It sends no Finished and no request. It returns the raw messages;
 * the offline verifier decides whether they prove anything.
 */
import { concatBytes } from '../../bytes/compare.ts';
import { bigEndian } from '../../bytes/cursor.ts';
import { Refusal } from '../../bytes/refusal.ts';
import { extension, EXTENSION, HANDSHAKE, vector16 } from '../../evidence/tls-fields.ts';
import {
  checkAnswer,
  parseClientHello,
  parseServerHello,
  type ServerHello,
} from '../../evidence/tls-hello.ts';
import { standIn } from '../../evidence/tls-signed13.ts';
import {
  signedExchange,
  suite13,
  TLS_VERSIONS,
  versionName,
  type TlsVersion,
} from '../../evidence/tls-names.ts';
import { GROUP_NAMES, SUITE_NAMES } from '../../evidence/tls-registry.ts';
import { Ended, type Wire } from '../wire.ts';
import { clientHello, type Offer } from './hello.ts';
import { handshakeKeys, Messages } from './records.ts';
import type { Share } from '../keyshare.ts';
import { FIRST_GROUP, makeShare } from '../share.ts';

/** The result of a handshake that came at least to a ServerHello. */
export interface Reached {
  /** The version that the server chose; undefined for one older than TLS 1.0. */
  readonly version: TlsVersion | undefined;
  readonly suite: number;
  /** The messages of a transcript; undefined if the server signs nothing that is read here. */
  readonly messages: readonly Uint8Array[] | undefined;
  /** Why there are no messages, if the server chose something that is not read here. */
  readonly why?: string;
}

/** Content type of handshake records. */
const HANDSHAKE_RECORD = 22;

/** The kind of certificate that is read here (RFC 7250 §3). */
const X509 = 0;

/** Most messages from the server up to its signature, in TLS 1.3. */
const MAX_FLIGHT = 4;

/**
 * Record versions (RFC 8446 §5.1). The record of the first ClientHello says TLS 1.0, which old servers expect. The record of a
 * second one says TLS 1.2, which Go requires.
 */
const FIRST_RECORD = 0x0301;
const LATER_RECORD = 0x0303;

/**
 * Makes the handshake, and calls `said` with the ClientHello before it is sent. Throws `Ended`: `alert` if the server refused,
 * `garbage` if its answer is not TLS, `broken` if it ended the connection after it had chosen a version.
 */
export async function handshake(
  wire: Wire,
  challenge: Uint8Array,
  offer: Offer,
  said: (hello: Uint8Array) => void,
): Promise<Reached> {
  try {
    return await shake(wire, challenge, offer, said);
  } catch (error) {
    // The verifier's own parsers read the answer. If they refuse it, it is not TLS.
    throw error instanceof Refusal ? new Ended('garbage', error.message) : error;
  }
}

async function shake(
  wire: Wire,
  challenge: Uint8Array,
  offer: Offer,
  said: (hello: Uint8Array) => void,
): Promise<Reached> {
  const share = offer.versions.includes('TLSv1.3') ? makeShare(FIRST_GROUP) : undefined;
  const hello = clientHello(challenge, offer, share);
  said(hello);
  send(wire, hello, FIRST_RECORD);
  const messages = new Messages(wire);
  const first = await messages.next();
  const server = parseServerHello(first);
  try {
    return await goOn(wire, messages, { challenge, offer, hello, first, server }, share);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    // The server accepted, and sent more than is read here, such as a long chain of certificates.
    if (error.kind === 'too-large')
      return {
        version: versionName(server.version),
        suite: server.suite,
        messages: undefined,
        why: error.message,
      };
    // The server had chosen a version already, so an alert now refuses none.
    if (error.kind !== 'alert' && error.kind !== 'closed') throw error;
    throw new Ended('broken', `after its hello: ${error.message}`, error.alert);
  }
}

/** Goes on after the server's first answer. */
async function goOn(
  wire: Wire,
  messages: Messages,
  asked: FirstExchange,
  share: Share | undefined,
): Promise<Reached> {
  const { offer, hello, first, server } = asked;
  const { suite } = server;
  const version = versionName(server.version);
  // A server that does not speak TLS 1.3 may choose an older version than the client offered.
  const older = version !== 'TLSv1.3' && (version === undefined || !offer.versions.includes(version));
  if (version === undefined && server.version > TLS_VERSIONS['TLSv1.3'])
    throw new Ended('garbage', 'the server chose an unknown version');
  if (!older) checkAnswer(parseClientHello(hello), server);
  if (older || version !== 'TLSv1.3') {
    const signs =
      version === 'TLSv1.2' &&
      !older &&
      signedExchange(suite) !== undefined &&
      (server.extensions.get(EXTENSION.serverCertificateType)?.[0] ?? X509) === X509;
    const found = signs ? [hello, first, await messages.next(), await messages.next()] : undefined;
    return { version, suite, messages: found };
  }
  return await goOn13(wire, messages, asked, share);
}

/** Goes on in TLS 1.3. If the server chose a suite or group that is not read here, the version still counts as accepted. */
async function goOn13(
  wire: Wire,
  messages: Messages,
  asked: FirstExchange,
  share: Share | undefined,
): Promise<Reached> {
  const { hello, first, server } = asked;
  const accepted = { version: 'TLSv1.3', suite: server.suite, messages: undefined } as const;
  if (suite13(server.suite) === undefined)
    return { ...accepted, why: `the suite ${SUITE_NAMES.get(server.suite)} is not read here` };
  if (!server.retry)
    return {
      ...accepted,
      messages: [hello, first, ...(await readFlight(messages, server, share, [hello, first]))],
    };
  const next = makeShare(server.group ?? FIRST_GROUP);
  if (next === undefined)
    return { ...accepted, why: `the group ${GROUP_NAMES.get(server.group ?? 0)} is not read here` };
  const { answer, all } = await retry(wire, messages, asked, next);
  return { ...accepted, messages: [...all, ...(await readFlight(messages, answer, next, all))] };
}

interface FirstExchange {
  readonly challenge: Uint8Array;
  readonly offer: Offer;
  readonly hello: Uint8Array;
  readonly first: Uint8Array;
  readonly server: ServerHello;
}

/** Answers a HelloRetryRequest, once (RFC 8446 §4.1.4). */
async function retry(wire: Wire, messages: Messages, asked: FirstExchange, share: Share) {
  const { server, hello, first } = asked;
  const field = extension(server.extensions, EXTENSION.cookie);
  const cookie = field === undefined ? undefined : vector16(field);
  const again = clientHello(asked.challenge, asked.offer, share, cookie);
  send(wire, again, LATER_RECORD);
  const second = await messages.next();
  const answer = parseServerHello(second);
  if (answer.retry) throw new Ended('garbage', 'the server asked for a second retry');
  return { answer, all: [hello, first, again, second] };
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

/** One ClientHello as a record. */
function send(wire: Wire, message: Uint8Array, version: number): void {
  const header = concatBytes(
    Uint8Array.of(HANDSHAKE_RECORD),
    bigEndian(version, 2),
    bigEndian(message.length, 2),
  );
  wire.write(concatBytes(header, message));
}
