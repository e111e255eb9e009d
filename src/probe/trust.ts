/**
 * Verifies a server, by a pinned key or by its certificate, before a probe sends anything secret. Probes that are clients of TLS
 * use it; `tls@1` makes its own handshakes.
 */
import { createHash } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { refuse } from '../bytes/refusal.ts';
import { errorCode } from './harmless.ts';

/** How a server is verified. If there is no key and `verify` is false, it is not. */
export interface Trust {
  /** Hex SHA-256 of the SubjectPublicKeyInfo: only this key is accepted, whatever its certificate says. */
  readonly spki: string | undefined;
  /** Whether the certificate must verify, if no key is pinned. */
  readonly verify: boolean;
  /** Authorities in PEM; undefined for those that Node knows. */
  readonly ca: string | undefined;
  /** A certificate in PEM with its key, for servers that ask for one. The server never sees the key. */
  readonly own?: { readonly certificate: string; readonly key: string };
}

/** What is known of the connection. */
export interface Secured {
  readonly version: string;
  readonly suite: string;
  readonly spki: string;
  /** Whether the key is the pinned one, or the certificate verified. */
  readonly verified: boolean;
}

/** Establishes TLS over a connection. Refuses `unavailable` if that fails, or if the server has another key than the pinned one. */
export async function secure(
  socket: Socket,
  host: string,
  trust: Trust,
): Promise<{ readonly stream: TLSSocket; readonly secured: Secured }> {
  const verifies = trust.spki === undefined && trust.verify;
  const stream = connect({
    socket,
    host,
    ...(isIP(host) === 0 && { servername: host }),
    ...(trust.ca !== undefined && { ca: trust.ca }),
    ...(trust.own !== undefined && { cert: trust.own.certificate, key: trust.own.key }),
    rejectUnauthorized: verifies,
  });
  await new Promise<void>((resolve, reject) => {
    stream.once('secureConnect', resolve);
    stream.once('error', (error) =>
      reject(refuse('unavailable', `TLS with ${host} failed: ${errorCode(error)}`)),
    );
    stream.once('close', () =>
      reject(refuse('unavailable', `${host} closed the connection during the handshake`)),
    );
  });
  const key = stream.getPeerX509Certificate()?.publicKey.export({ format: 'der', type: 'spki' });
  const spki = key === undefined ? '' : createHash('sha256').update(key).digest('hex');
  if (trust.spki !== undefined && trust.spki !== spki) {
    stream.destroy();
    throw refuse(
      'unavailable',
      `the key of ${host} is ${spki}, not the one that the owner of the target names (spki); nothing was sent`,
    );
  }
  const secured = {
    version: stream.getProtocol() ?? '',
    suite: stream.getCipher().standardName,
    spki,
    verified: verifies || trust.spki !== undefined,
  };
  return { stream, secured };
}

/** Closes a connection at once, and ignores its errors. */
export function endStream(stream: Duplex): void {
  stream.on('error', () => undefined);
  stream.destroy();
}
