/**
 * Checks a TLS transcript offline: the server's signature of TLS 1.3 (CertificateVerify, RFC 8446 §4.4.3) or of
 * TLS 1.2 (ServerKeyExchange, RFC 5246 §7.4.3, RFC 8422 §5.4) over a client random that is the challenge.
 * Nothing is decrypted and no secret is needed: the signature covers the messages themselves.
 */
import { equalBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { encodeUtf8 } from '../bytes/text.ts';
import { readCertificate, type Certificate, type CertificateFacts } from './certificate.ts';
import { pemOf } from './public-key.ts';
import type { SignedContent } from './signed-content.ts';
import { badMessage, unread } from './tls-fields.ts';
import { checkAnswer, parseClientHello, parseServerHello, type ClientHello } from './tls-hello.ts';
import { versionName, type TlsVersion } from './tls-names.ts';
import { SUITE_NAMES } from './tls-registry.ts';
import { SCHEMES, schemeFault, verifyScheme, type Scheme } from './tls-scheme.ts';
import type { Signed } from './tls-signed.ts';
import { signed12 } from './tls-signed12.ts';
import { signed13 } from './tls-signed13.ts';

/** A part of the facts that a signature covers. */
export type SignedFact =
  'version' | 'suite' | 'group' | 'scheme' | 'sentinel' | 'offered' | 'key' | 'certificate';

export interface VerifiedTls {
  readonly protocol: 'tls';
  readonly version: 'TLSv1.3' | 'TLSv1.2';
  /** IANA names. With `DHE`, the group is `dhe-BITS`. */
  readonly suite: string;
  readonly group: string;
  readonly scheme: string;
  /** The server could have spoken a later version than it did: its random ends in DOWNGRD (RFC 8446 §4.1.3). */
  readonly sentinel: 'TLSv1.3' | 'TLSv1.2' | undefined;
  /** Whether there was a HelloRetryRequest. */
  readonly retried: boolean;
  readonly offered: Offered;
  readonly certificate: CertificateFacts;
  /** DER, the server's own first. */
  readonly chain: readonly Uint8Array[];
  /** Which of these facts the server's signature covers; the others are what the agent says. */
  readonly signed: readonly SignedFact[];
  readonly covers: (host: string) => boolean;
  /** What the signature is over, for who wants to check it with other tools. */
  readonly proof: SignedContent;
}

export interface Offered {
  readonly versions: readonly TlsVersion[];
  readonly suites: readonly string[];
  readonly serverName: string | undefined;
}

const SIGNED_13: readonly SignedFact[] = [
  'version',
  'suite',
  'group',
  'scheme',
  'sentinel',
  'offered',
  'key',
  'certificate',
];
const SIGNED_12: readonly SignedFact[] = ['version', 'group', 'scheme', 'sentinel', 'key'];

/** Refuses `malformed-proof` and `proof-failed`; `isUnread` tells of what is not checked here. */
export async function verifyTls(
  messages: readonly Uint8Array[],
  challenge: Uint8Array,
): Promise<VerifiedTls> {
  const client = parseClientHello(messages[0] ?? new Uint8Array());
  const first = parseServerHello(messages[1] ?? new Uint8Array());
  if (!equalBytes(client.random, challenge))
    throw refuse(
      'proof-failed',
      "the client's random is not the challenge; this transcript is of another one",
    );
  checkAnswer(client, first);
  const version = versionName(first.version);
  if (version !== 'TLSv1.3' && version !== 'TLSv1.2')
    throw badMessage('only TLS 1.3 and TLS 1.2 have a signature that is read here');
  const server = first.retry ? parseServerHello(messages[3] ?? new Uint8Array()) : first;
  const found = version === 'TLSv1.3' ? signed13(messages) : signed12(messages, client, server);
  const scheme = SCHEMES.get(found.scheme);
  if (scheme === undefined) throw unread(`the signature scheme 0x${found.scheme.toString(16)}`);
  const certificate = readCertificate(found.chain[0] ?? new Uint8Array());
  await assertSigned(scheme, certificate, version, found);
  const suite = nameOfSuite(server.suite, certificate);
  return {
    protocol: 'tls',
    version,
    suite,
    group: found.group,
    scheme: scheme.name,
    sentinel: sentinelOf(server.random),
    retried: first.retry,
    offered: offeredBy(client),
    certificate: certificate.facts,
    chain: found.chain,
    signed: version === 'TLSv1.3' ? SIGNED_13 : SIGNED_12,
    covers: certificate.covers,
    proof: {
      content: found.content,
      challenged: found.challenged,
      signature: found.signature,
      publicKey: pemOf(certificate.key),
      hash: scheme.hash,
      pss: scheme.pss,
    },
  };
}

async function assertSigned(
  scheme: Scheme,
  { key }: Certificate,
  version: 'TLSv1.3' | 'TLSv1.2',
  { content, signature }: Signed,
): Promise<void> {
  const fault = schemeFault(scheme, key, version);
  if (fault !== undefined) throw refuse('proof-failed', fault);
  const checked = await verifyScheme(scheme, key, content, signature);
  if (typeof checked !== 'boolean') throw unread(checked.lacks);
  if (!checked)
    throw refuse(
      'proof-failed',
      "the server's signature does not verify; the transcript is not what it signed",
    );
}

/** The name of a suite; before TLS 1.3 it also names the kind of key, which must be the certificate's. */
function nameOfSuite(code: number, { facts }: Certificate): string {
  const name = SUITE_NAMES.get(code);
  if (name === undefined) throw unread(`the cipher suite 0x${code.toString(16)}`);
  const [, kind] = /^TLS_(?:EC)?DHE_(RSA|ECDSA|DSS)_/.exec(name) ?? [];
  if (kind !== undefined && (kind === 'RSA') !== facts.keyType.startsWith('rsa'))
    throw badMessage(`${name} does not fit a certificate of type ${facts.keyType}`);
  return name;
}

function offeredBy(client: ClientHello): Offered {
  return {
    versions: client.versions.flatMap((code) => versionName(code) ?? []),
    suites: client.suites.map((code) => SUITE_NAMES.get(code) ?? `0x${code.toString(16)}`),
    serverName: client.serverName,
  };
}

const DOWNGRADE = encodeUtf8('DOWNGRD');

function sentinelOf(random: Uint8Array): VerifiedTls['sentinel'] {
  if (!equalBytes(random.subarray(24, 31), DOWNGRADE)) return undefined;
  if (random[31] === 1) return 'TLSv1.3';
  return random[31] === 0 ? 'TLSv1.2' : undefined;
}
