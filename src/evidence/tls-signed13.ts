/** What a server of TLS 1.3 signed: the hash of every message up to its certificate (RFC 8446 §4.4.1, §4.4.3). */
import { concatBytes, equalBytes } from '../bytes/compare.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { hashWith } from './signature.ts';
import {
  badMessage,
  EXTENSION,
  HANDSHAKE,
  openMessage,
  parseExtensions,
  unread,
  vector16,
  vector8,
} from './tls-fields.ts';
import { checkAnswer, parseClientHello, parseServerHello, type ServerHello } from './tls-hello.ts';
import { GROUPS, suite13, type Suite13 } from './tls-names.ts';
import { nameOfGroup, readChain, type Signed } from './tls-signed.ts';

/** 64 spaces, the context and a zero byte stand before the hash (RFC 8446 §4.4.3). */
const CONTEXT = encodeUtf8(`${' '.repeat(64)}TLS 1.3, server CertificateVerify\0`);

/** Where a ClientHello has its random: behind the header of four bytes and the version (RFC 8446 §4.1.2). */
const RANDOM_AT = 6;

/** Handshake type of the stand-in for the first ClientHello when there was a retry (RFC 8446 §4.4.1). */
const MESSAGE_HASH = 254;

/** Reads all messages of a TLS 1.3 transcript. Refuses `malformed-proof`. */
export function signed13(messages: readonly Uint8Array[]): Signed {
  const [hello = new Uint8Array(), first = new Uint8Array(), ...after] = messages;
  const answer = parseServerHello(first);
  const suite = suite13(answer.suite);
  if (suite === undefined) throw unread(`the cipher suite 0x${answer.suite.toString(16)} of TLS 1.3`);
  let server = answer;
  let before: readonly Uint8Array[] = [];
  let opening = [hello, first];
  let rest = after;
  if (answer.retry) {
    const [again = new Uint8Array(), second = new Uint8Array(), ...more] = after;
    server = checkRetry(hello, answer, again, second);
    before = [standIn(suite, hello), first];
    opening = [again, second];
    rest = more;
  }
  const share = server.group === undefined ? undefined : GROUPS.get(server.group);
  if (server.group === undefined || server.share === undefined) throw badMessage('there is no key share');
  if (share?.length !== server.share.length) throw badMessage('the key share has a wrong length');
  const flight = readFlight(rest);
  const bytes = concatBytes(...before, ...opening, ...rest.slice(0, -1));
  const content = concatBytes(CONTEXT, hashWith(suite.hash, bytes));
  const at = concatBytes(...before).length + RANDOM_AT;
  return {
    ...flight,
    group: nameOfGroup(server.group),
    content,
    challenged: { bytes, at, hash: suite.hash },
  };
}

/** What stands for the first ClientHello in the hash when there was a retry. */
export function standIn(suite: Suite13, hello: Uint8Array): Uint8Array {
  const digest = hashWith(suite.hash, hello);
  return concatBytes(Uint8Array.of(MESSAGE_HASH, 0, 0, digest.length), digest);
}

/** The second ClientHello and the ServerHello that answers it (RFC 8446 §4.1.2, §4.1.4). */
function checkRetry(
  hello: Uint8Array,
  retry: ServerHello,
  again: Uint8Array,
  second: Uint8Array,
): ServerHello {
  const before = parseClientHello(hello);
  const client = parseClientHello(again);
  const server = parseServerHello(second);
  const same =
    equalBytes(before.random, client.random) &&
    equalBytes(before.sessionId, client.sessionId) &&
    before.serverName === client.serverName &&
    before.versions.join() === client.versions.join() &&
    before.suites.join() === client.suites.join() &&
    before.groups.join() === client.groups.join();
  if (!same) throw badMessage('the second ClientHello is not the first one with another key share');
  if (server.retry || server.version !== retry.version || server.suite !== retry.suite)
    throw badMessage('the ServerHello does not keep to what the HelloRetryRequest chose');
  if (retry.group !== undefined && server.group !== retry.group)
    throw badMessage('the ServerHello does not use the group that the HelloRetryRequest asked for');
  if (retry.group === undefined && !retry.extensions.has(EXTENSION.cookie))
    throw badMessage('a HelloRetryRequest asks for nothing');
  checkAnswer(client, server);
  return server;
}

/** EncryptedExtensions, perhaps a CertificateRequest, Certificate, CertificateVerify, and nothing else. */
function readFlight(messages: readonly Uint8Array[]): Pick<Signed, 'chain' | 'scheme' | 'signature'> {
  const [encrypted = new Uint8Array(), ...others] = messages;
  const extensions = openMessage(encrypted, HANDSHAKE.encryptedExtensions, 'EncryptedExtensions');
  parseExtensions(vector16(extensions));
  extensions.end();
  const asked = others.length === 3 ? others[0] : undefined;
  if (asked !== undefined) checkRequest(asked);
  const [certificate = new Uint8Array(), verify = new Uint8Array(), ...none] =
    asked === undefined ? others : others.slice(1);
  if (none.length > 0) throw badMessage('there are too many messages');
  const body = openMessage(verify, HANDSHAKE.certificateVerify, 'a CertificateVerify');
  const scheme = body.u16();
  const signature = vector16(body);
  body.end();
  const chain = openMessage(certificate, HANDSHAKE.certificate, 'a Certificate');
  if (vector8(chain).length !== 0) throw badMessage("a server's certificate has a request context");
  return { chain: readChain(chain, true), scheme, signature };
}

function checkRequest(message: Uint8Array): void {
  const body = openMessage(message, HANDSHAKE.certificateRequest, 'a CertificateRequest');
  vector8(body);
  parseExtensions(vector16(body));
  body.end();
}
