/** What a certificate says, and the key in it. Nothing here checks who issued it: that is a claim's business. */
import { createHash, X509Certificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { equalBytes } from '../bytes/compare.ts';
import { printable } from '../bytes/printable.ts';
import { refuse } from '../bytes/refusal.ts';
import { isUnread, unread } from './tls-fields.ts';

export interface CertificateFacts {
  /** RFC 4514-like, one line: `CN=shop.example, O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** Subject alternative names: `DNS:shop.example`, `IP Address:192.0.2.1`; at most 100. */
  readonly names: readonly string[];
  readonly serial: string;
  /** POSIX seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Hex SHA-256 of the DER SubjectPublicKeyInfo, and of the certificate. */
  readonly spki: string;
  readonly sha256: string;
  /** `ec`, `rsa`, `rsa-pss`, `ed25519`, `ed448`; the curve where there is one. */
  readonly keyType: string;
  readonly keyBits: number;
  readonly curve: string | undefined;
}

export interface Certificate {
  readonly facts: CertificateFacts;
  readonly key: KeyObject;
  /** Whether it is made out to a host name (no partial wildcards) or an IP address. */
  readonly covers: (host: string) => boolean;
}

const MAX_NAMES = 100;
const CURVE_BITS: Readonly<Record<string, number>> = {
  prime256v1: 256,
  secp384r1: 384,
  secp521r1: 521,
  brainpoolP256r1: 256,
  brainpoolP384r1: 384,
  brainpoolP512r1: 512,
};

/** Bytes of a SubjectPublicKeyInfo by curve, and of the point at its end. */
const CURVE_SPKI: Readonly<Record<string, readonly [spki: number, point: number]>> = {
  prime256v1: [91, 65],
  secp384r1: [120, 97],
  secp521r1: [158, 133],
  brainpoolP256r1: [92, 65],
  brainpoolP384r1: [124, 97],
  brainpoolP512r1: [158, 129],
};

/** Reads one DER certificate that fills the bytes. Refuses `malformed-proof`. */
export function readCertificate(der: Uint8Array): Certificate {
  try {
    const x509 = new X509Certificate(der);
    // PEM, and bytes after the certificate, are read too by OpenSSL.
    if (!equalBytes(x509.raw, der)) throw new Error('bytes follow it');
    const key = keyIn(x509);
    return {
      key,
      facts: factsOf(x509, key, der),
      covers: (host) =>
        (isIP(host) === 0 ? x509.checkHost(host, { partialWildcards: false }) : x509.checkIP(host)) !==
        undefined,
    };
  } catch (error) {
    if (isUnread(error)) throw error;
    const why = error instanceof Error ? printable(error.message, 100) : '';
    throw refuse('malformed-proof', `the certificate cannot be read: ${why}`, { cause: error });
  }
}

/** The key, where node:crypto and the table of curves below know its kind. */
function keyIn(x509: X509Certificate): KeyObject {
  const key = attempt(() => x509.publicKey);
  if (key === undefined) throw unread('the kind of key in the certificate');
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === 'ec' && CURVE_SPKI[curve ?? ''] === undefined)
    throw unread(`a certificate on the curve ${printable(curve ?? 'without a name', 40)}`);
  return key;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function factsOf(x509: X509Certificate, key: KeyObject, der: Uint8Array): CertificateFacts {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  const keyType = key.asymmetricKeyType ?? 'unknown';
  const spki = key.export({ format: 'der', type: 'spki' });
  if (keyType === 'ec') checkPoint(spki, namedCurve ?? '');
  // As exported, it is DER; in the certificate it might have been another spelling of the same key.
  if (!Buffer.from(der).includes(spki)) throw new Error('its key is not in its one spelling');
  const edwards = keyType === 'ed25519' ? 256 : keyType === 'ed448' ? 456 : 0;
  return {
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    names: alternativeNames(x509.subjectAltName),
    serial: x509.serialNumber.toLowerCase().slice(0, 128),
    notBefore: seconds(x509.validFromDate),
    notAfter: seconds(x509.validToDate),
    spki: createHash('sha256')
      .update(key.export({ format: 'der', type: 'spki' }))
      .digest('hex'),
    sha256: createHash('sha256').update(der).digest('hex'),
    keyType,
    keyBits: modulusLength ?? CURVE_BITS[namedCurve ?? ''] ?? edwards,
    curve: namedCurve,
  };
}

/**
 * One key, one digest: a named curve and an uncompressed point (RFC 5480 §2.2). OpenSSL also reads compressed and
 * hybrid points, and TLS 1.2 does not sign which was there.
 */
function checkPoint(spki: Uint8Array, curve: string): void {
  const [length, point] = CURVE_SPKI[curve] ?? [];
  if (length === undefined || point === undefined) throw unread(`a certificate on the curve ${curve}`);
  if (spki.length !== length || spki[length - point] !== 4)
    throw new Error('its key is no uncompressed point');
}

function seconds(date: Date): number {
  const s = Math.floor(date.getTime() / 1000);
  if (!Number.isSafeInteger(s)) throw new Error('it has no time of validity');
  return s;
}

/** node:crypto gives one attribute a line. */
function oneLine(name: string | undefined): string {
  return printable((name ?? '').replaceAll('\n', ', '), 1_024);
}

/** `DNS:a, IP Address:b`; values with commas come quoted. */
function alternativeNames(text: string | undefined): readonly string[] {
  const found = (text ?? '').matchAll(/(?:^|, )([A-Za-z ]+:(?:"(?:[^"\\]|\\.)*"|[^,]*))/g);
  return [...found].slice(0, MAX_NAMES).map(([, name = '']) => printable(name, 512));
}
