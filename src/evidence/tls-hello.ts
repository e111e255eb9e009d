/** ClientHello and ServerHello, read strictly (RFC 8446 §4.1, RFC 5246 §7.4.1). */
import { equalBytes } from '../bytes/compare.ts';
import { Cursor } from '../bytes/cursor.ts';
import { parseHex } from '../bytes/text.ts';
import {
  badMessage,
  EXTENSION,
  extension,
  HANDSHAKE,
  numbers16,
  openMessage,
  parseExtensions,
  vector16,
  vector8,
  type Extensions,
} from './tls-fields.ts';

/** Random of a ServerHello that is a HelloRetryRequest: SHA-256 of those words (RFC 8446 §4.1.3). */
const RETRY = parseHex('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c');

/** What a client offered. `versions`, `suites`, `groups` and `schemes` are code points in the order of the message. */
export interface ClientHello {
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly versions: readonly number[];
  readonly suites: readonly number[];
  readonly groups: readonly number[];
  readonly schemes: readonly number[];
  readonly serverName: string | undefined;
  readonly extensions: Extensions;
}

/** What a server chose. `version` as it is negotiated, not as the legacy field has it. */
export interface ServerHello {
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly version: number;
  readonly suite: number;
  /** Group of its key share, or, in a HelloRetryRequest, the one it asks for. */
  readonly group: number | undefined;
  readonly share: Uint8Array | undefined;
  readonly retry: boolean;
  readonly extensions: Extensions;
}

/** Reads a ClientHello. Refuses `malformed-proof`. */
export function parseClientHello(message: Uint8Array): ClientHello {
  const body = openMessage(message, HANDSHAKE.clientHello, 'a ClientHello');
  const legacy = body.u16();
  const random = body.take(32);
  const sessionId = vector8(body);
  if (sessionId.length > 32) throw badMessage('a session id is longer than 32 bytes');
  const suites = numbers16(vector16(body), 'the list of suites');
  if (!equalBytes(vector8(body), Uint8Array.of(0))) throw badMessage('the client offered compression');
  const extensions = parseExtensions(body.remaining === 0 ? new Uint8Array() : vector16(body));
  body.end();
  const list = extension(extensions, EXTENSION.supportedVersions);
  const groups = extension(extensions, EXTENSION.supportedGroups);
  const schemes = extension(extensions, EXTENSION.signatureAlgorithms);
  return {
    random,
    sessionId,
    suites,
    extensions,
    versions: list === undefined ? [legacy] : numbers16(whole(list, vector8), 'the list of versions'),
    groups: groups === undefined ? [] : numbers16(whole(groups, vector16), 'the list of groups'),
    schemes: schemes === undefined ? [] : numbers16(whole(schemes, vector16), 'the list of schemes'),
    serverName: serverNameOf(extensions),
  };
}

/** Reads a ServerHello or a HelloRetryRequest. Refuses `malformed-proof`. */
export function parseServerHello(message: Uint8Array): ServerHello {
  const body = openMessage(message, HANDSHAKE.serverHello, 'a ServerHello');
  const legacy = body.u16();
  const random = body.take(32);
  const sessionId = vector8(body);
  if (sessionId.length > 32) throw badMessage('a session id is longer than 32 bytes');
  const suite = body.u16();
  if (body.u8() !== 0) throw badMessage('the server chose compression');
  const extensions = parseExtensions(body.remaining === 0 ? new Uint8Array() : vector16(body));
  body.end();
  const chosen = extension(extensions, EXTENSION.supportedVersions);
  const retry = equalBytes(random, RETRY);
  const version = chosen === undefined ? legacy : whole(chosen, (cursor) => cursor.u16());
  if (chosen !== undefined && (version < 0x0304 || legacy !== 0x0303))
    throw badMessage('supported_versions names a version before TLS 1.3');
  if (retry && chosen === undefined) throw badMessage('a HelloRetryRequest names no version');
  const keyShare = version < 0x0304 ? undefined : extension(extensions, EXTENSION.keyShare);
  const group = keyShare?.u16();
  const share = retry || keyShare === undefined ? undefined : vector16(keyShare);
  keyShare?.end();
  return { random, sessionId, version, suite, group, share, retry, extensions };
}

/**
 * Refuses a ServerHello that chose what was not offered: a suite, a version, an extension. Both are refused
 * `malformed-proof`: no client goes on after such an answer.
 */
export function checkAnswer(client: ClientHello, server: ServerHello): void {
  if (!client.versions.includes(server.version)) throw badMessage('the server chose a version not offered');
  if (!client.suites.includes(server.suite)) throw badMessage('the server chose a suite not offered');
  for (const type of server.extensions.keys()) {
    // The cookie of a HelloRetryRequest is the one thing a server may bring up itself (RFC 8446 §4.2.2).
    const fine = client.extensions.has(type) || (server.retry && type === EXTENSION.cookie);
    if (!fine) throw badMessage(`the server answered an extension not offered: ${type}`);
  }
  if (server.version < 0x0304) return;
  if (!equalBytes(server.sessionId, client.sessionId)) throw badMessage('the session id is not echoed');
  if (server.group !== undefined && !client.groups.includes(server.group))
    throw badMessage('the server chose a group not offered');
}

/** One field that fills its extension. */
function whole<T>(cursor: Cursor, read: (cursor: Cursor) => T): T {
  const value = read(cursor);
  cursor.end();
  return value;
}

/** The one host name (RFC 6066 §3): ASCII letters, digits, dots, hyphens, underscores. */
function serverNameOf(extensions: Extensions): string | undefined {
  const cursor = extension(extensions, EXTENSION.serverName);
  if (cursor === undefined) return undefined;
  const list = new Cursor(whole(cursor, vector16), 'malformed-proof');
  if (list.u8() !== 0) throw badMessage('a server name is not a host name');
  const name = String.fromCharCode(...whole(list, vector16).subarray(0, 256));
  if (!/^[A-Za-z0-9._-]{1,255}$/.test(name)) throw badMessage('the server name is not a host name');
  return name;
}
