/** The content of a certificate, and the key in it. The issuer is not checked here; a claim may ask for that. */
import { sha256 } from '@noble/hashes/sha2.js';
import { printable } from '../bytes/printable.ts';
import { Refusal, refuse } from '../bytes/refusal.ts';
import { formatHex } from '../bytes/text.ts';
import { readSpki, spkiDigest, type PublicKey } from './public-key.ts';
import { isUnread } from './tls-fields.ts';
import { isFor } from './x509-names.ts';
import { alternativeNames, distinguishedName } from './x509-text.ts';
import { parseCertificate, namesIn, type Parsed } from './x509.ts';

export interface CertificateFacts {
  /** RFC 4514-like, one line, in the order of the certificate: `O=Example, CN=shop.example`. */
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
  readonly key: PublicKey;
  /**
   * Whether the certificate names a host (RFC 9525 §6.3) or an IP address as an alternative name. Its common name does
   * not count.
   */
  readonly covers: (host: string) => boolean;
}

/**
 * Reads one DER certificate that fills the bytes. Refuses `malformed-proof`; for a key that is not supported,
 * `isUnread` is true of the refusal.
 */
export function readCertificate(der: Uint8Array): Certificate {
  const parsed = parseCertificate(der);
  if (parsed === undefined)
    throw refuse('malformed-proof', 'the certificate cannot be read: it is none in DER');
  try {
    const key = readSpki(parsed.spki);
    const names = namesIn(parsed);
    return { key, facts: factsOf(parsed, key, der), covers: (host) => isFor(names, host) };
  } catch (error) {
    if (isUnread(error) || !(error instanceof Refusal)) throw error;
    throw refuse('malformed-proof', `the certificate cannot be read: ${printable(error.message, 100)}`, {
      cause: error,
    });
  }
}

function factsOf(parsed: Parsed, key: PublicKey, der: Uint8Array): CertificateFacts {
  const { certificate } = parsed;
  const serial = formatHex(certificate.serialNumber.valueBlock.valueHexView).replace(/^(?:00)+(?=.)/, '');
  return {
    subject: distinguishedName(certificate.subject),
    issuer: distinguishedName(certificate.issuer),
    names: alternativeNames(parsed),
    serial: serial.slice(0, 128),
    notBefore: seconds(certificate.notBefore.value),
    notAfter: seconds(certificate.notAfter.value),
    spki: spkiDigest(key),
    sha256: formatHex(sha256(der)),
    keyType: key.type,
    keyBits: key.bits,
    curve: key.type === 'ec' ? key.curve : undefined,
  };
}

function seconds(date: Date): number {
  const s = Math.floor(date.getTime() / 1000);
  if (!Number.isSafeInteger(s)) throw refuse('malformed-proof', 'it has no time of validity');
  return s;
}
