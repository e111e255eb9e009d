/** X.509 certificates as the path check needs them, read by pkijs (RFC 5280); signatures: signature.ts. */
import * as asn1js from 'asn1js';
import {
  AltName,
  BasicConstraints,
  Certificate,
  ExtKeyUsage,
  NameConstraints,
  type Extension,
  type GeneralName,
  type GeneralSubtree,
} from 'pkijs';
import { printable } from '../bytes/printable.ts';
import { Refusal } from '../bytes/refusal.ts';
import { openDer, readDer, readDerBits, readTagged, TAG } from './der.ts';
import { readPss, readSpki, type Hash, type PublicKey } from './public-key.ts';
import { checkSignature, type Checked, type Signing } from './signature.ts';

/** A certificate, and its SubjectPublicKeyInfo as it stands there (DER). */
export interface Parsed {
  readonly certificate: Certificate;
  readonly spki: Uint8Array;
}

/** What of a certificate's extensions decides about a path. */
export interface Issued extends Parsed {
  /** POSIX seconds, inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly isCa: boolean;
  /** CAs that may stand below it; undefined: any number. */
  readonly pathLength: number | undefined;
  /** Undefined: without the extension. */
  readonly keyUsage: { readonly signs: boolean; readonly certifies: boolean } | undefined;
  readonly purposes: readonly string[] | undefined;
  readonly dnsNames: readonly string[];
  /** 4 or 16 bytes each. */
  readonly addresses: readonly Uint8Array[];
  readonly permitted: readonly GeneralSubtree[];
  readonly excluded: readonly GeneralSubtree[];
  /** Object identifiers of critical extensions that nothing here knows. */
  readonly unknown: readonly string[];
}

const ID = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  policies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  policyConstraints: '2.5.29.36',
  extKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
} as const;

/** Extensions that the path check handles, so that they may be critical (RFC 5280 §4.2). */
const HANDLED: ReadonlySet<string> = new Set(Object.values(ID));

/** Types of a GeneralName (RFC 5280 §4.2.1.6). */
export const NAME_TYPE = { dns: 2, ip: 7 } as const;

/** Reads one DER certificate that fills the bytes; undefined when pkijs cannot. Extensions are not looked at. */
export function parseCertificate(der: Uint8Array): Parsed | undefined {
  try {
    const bytes = Uint8Array.from(der);
    const parsed = asn1js.fromBER(bytes.buffer);
    if (parsed.offset !== bytes.length || !isInOneSpelling(bytes)) return undefined;
    const certificate = new Certificate({ schema: parsed.result });
    const spki = keyInfoIn(parsed.result);
    return spki && { certificate, spki };
  } catch {
    return undefined; // pkijs throws errors of many kinds, and runs out of stack on nested values
  }
}

/** The seventh member of a TBSCertificate, the sixth of one without a version (RFC 5280 §4.1). */
function keyInfoIn(certificate: asn1js.AsnType): Uint8Array | undefined {
  const [tbs] = certificate instanceof asn1js.Sequence ? certificate.valueBlock.value : [];
  const members = tbs instanceof asn1js.Sequence ? tbs.valueBlock.value : [];
  const isVersioned = members[0]?.idBlock.tagClass === CONTEXT_SPECIFIC;
  return members[isVersioned ? 6 : 5]?.valueBeforeDecodeView;
}

/** Class of a tag, as asn1js numbers them (X.690 §8.1.2.2). */
const CONTEXT_SPECIFIC = 3;

/** The same; undefined also when an extension is malformed. */
export function readIssued(der: Uint8Array): Issued | undefined {
  const parsed = parseCertificate(der);
  if (parsed === undefined) return undefined;
  try {
    const extensions = parsed.certificate.extensions ?? [];
    const ids = extensions.map(({ extnID }) => extnID);
    if (parsed.certificate.version !== 2 && ids.length > 0) return undefined;
    if (new Set(ids).size !== ids.length) return undefined;
    return issuedFrom(parsed, extensions);
  } catch {
    return undefined;
  }
}

/** The subject alternative names; none where there are none, or the extension cannot be read. */
export function alternativeNamesIn({ certificate }: Parsed): readonly GeneralName[] {
  const found = (certificate.extensions ?? []).filter(({ extnID }) => extnID === ID.subjectAltName);
  try {
    const value: unknown = found.length === 1 ? found[0]?.parsedValue : undefined;
    return value instanceof AltName && !hasError(value) ? value.altNames : [];
  } catch {
    return [];
  }
}

/** The hosts that a certificate is made out to. */
export function namesIn(parsed: Parsed): Pick<Issued, 'dnsNames' | 'addresses'> {
  const names = alternativeNamesIn(parsed);
  return {
    dnsNames: names.flatMap(({ type, value }) => (type === NAME_TYPE.dns ? [String(value)] : [])),
    addresses: names.flatMap(({ type, value }) => (type === NAME_TYPE.ip ? [octetsOf(value)] : [])),
  };
}

/**
 * Whether what nobody signs of a certificate is in its one spelling (X.690 §10.1): outer lengths, the algorithm outside, the bits of
 * the signature. asn1js is content when a length and what is in it differ.
 */
function isInOneSpelling(bytes: Uint8Array): boolean {
  try {
    const outer = openDer(bytes);
    const body = openDer(readDer(outer, TAG.sequence));
    outer.end();
    readDer(body, TAG.sequence);
    const algorithm = openDer(readDer(body, TAG.sequence));
    readDer(algorithm, TAG.oid);
    if (algorithm.remaining > 0) readTagged(algorithm);
    algorithm.end();
    readDerBits(body);
    body.end();
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return false;
  }
}

function issuedFrom({ certificate, spki }: Parsed, extensions: readonly Extension[]): Issued {
  const find = <T>(id: string, type: abstract new (...args: never[]) => T): T | undefined => {
    const value: unknown = extensions.find(({ extnID }) => extnID === id)?.parsedValue;
    if (value === undefined) return undefined;
    if (!(value instanceof type) || hasError(value)) throw new Error(`the extension ${id} cannot be read`);
    return value;
  };
  const basic = find(ID.basicConstraints, BasicConstraints);
  const names = find(ID.subjectAltName, AltName)?.altNames ?? [];
  const constraints = find(ID.nameConstraints, NameConstraints);
  const usage = find(ID.keyUsage, asn1js.BitString)?.valueBlock.valueHexView[0];
  return {
    certificate,
    spki,
    notBefore: Math.ceil(certificate.notBefore.value.getTime() / 1000),
    notAfter: Math.floor(certificate.notAfter.value.getTime() / 1000),
    isCa: basic?.cA === true,
    pathLength: lengthOf(basic),
    keyUsage: usage === undefined ? undefined : { signs: (usage & 0x80) !== 0, certifies: (usage & 4) !== 0 },
    purposes: find(ID.extKeyUsage, ExtKeyUsage)?.keyPurposes,
    dnsNames: names.flatMap(({ type, value }) => (type === NAME_TYPE.dns ? [String(value)] : [])),
    addresses: names.flatMap(({ type, value }) => (type === NAME_TYPE.ip ? [octetsOf(value)] : [])),
    permitted: constraints?.permittedSubtrees ?? [],
    excluded: constraints?.excludedSubtrees ?? [],
    unknown: extensions.flatMap(({ extnID, critical }) => (critical && !HANDLED.has(extnID) ? [extnID] : [])),
  };
}

/** pkijs notes what it could not read on the value. */
function hasError(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'parsingError' in value && Boolean(value.parsingError)
  );
}

function lengthOf(basic: BasicConstraints | undefined): number | undefined {
  const length = basic?.pathLenConstraint;
  return typeof length === 'number' ? length : undefined;
}

/** The bytes of an OCTET STRING in a GeneralName. */
export function octetsOf(value: unknown): Uint8Array {
  if (value instanceof asn1js.OctetString) return value.valueBlock.valueHexView;
  throw new Error('a name is no octet string');
}

/** Signature algorithms that are checked here (RFC 4055, 5758, 8410). SHA-1 and MD5 are not among them. */
const SIGNED_WITH: Readonly<Record<string, readonly [type: PublicKey['type'], hash: Hash | null]>> = {
  '1.2.840.113549.1.1.11': ['rsa', 'sha256'],
  '1.2.840.113549.1.1.12': ['rsa', 'sha384'],
  '1.2.840.113549.1.1.13': ['rsa', 'sha512'],
  '1.2.840.10045.4.3.2': ['ec', 'sha256'],
  '1.2.840.10045.4.3.3': ['ec', 'sha384'],
  '1.2.840.10045.4.3.4': ['ec', 'sha512'],
  '1.3.101.112': ['ed25519', null],
  '1.3.101.113': ['ed448', null],
};
const PSS = '1.2.840.113549.1.1.10';
/** RSA and ECDSA with SHA-1, RSA with MD5: broken, and no longer believed. */
const BROKEN: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.4',
  '1.2.840.113549.1.1.5',
  '1.2.840.10045.4.1',
]);

/** Whether the key of `issuer` signed a certificate; `lacks`: the scheme that is not checked here. */
export async function signedBy({ certificate }: Issued, issuer: Issued): Promise<Checked> {
  const { signatureAlgorithm, signatureValue, tbsView } = certificate;
  const { algorithmId } = signatureAlgorithm;
  if (!signatureAlgorithm.isEqual(certificate.signature) || BROKEN.has(algorithmId)) return false;
  try {
    const key = readSpki(issuer.spki);
    const signing = signingOf(certificate, key.type);
    if (signing === undefined) return { lacks: `the signature algorithm ${printable(algorithmId, 60)}` };
    if (signing === 'another key') return false;
    return await checkSignature(key, signing, tbsView, signatureValue.valueBlock.valueHexView);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { lacks: `the key of the CA, or how it signs (${error.message})` };
  }
}

/** Undefined for an algorithm that is not checked here. Refuses parameters of PSS that are not. */
function signingOf(
  { signatureAlgorithm: { algorithmId, algorithmParams } }: Certificate,
  type: PublicKey['type'],
): Signing | 'another key' | undefined {
  const isRsa = type === 'rsa' || type === 'rsa-pss';
  if (algorithmId === PSS) {
    const params: unknown = algorithmParams;
    if (!(params instanceof asn1js.Sequence)) return undefined;
    const { hash, salt } = readPss(params.valueBeforeDecodeView);
    return isRsa ? { hash, salt, form: 'der' } : 'another key';
  }
  const known = SIGNED_WITH[algorithmId];
  if (known === undefined) return undefined;
  const [wanted, hash] = known;
  return wanted === type ? { hash, form: 'der' } : 'another key';
}

/** The common name, or all of a subject: one line for people. */
export function nameOf({ certificate }: Issued): string {
  const parts = certificate.subject.typesAndValues.map(({ type, value }): readonly [string, string] => [
    type,
    value.valueBlock.value,
  ]);
  const common = parts.find(([type]) => type === '2.5.4.3')?.[1];
  return printable(common ?? (parts.map(([, value]) => value).join(', ') || 'no name'), 100);
}
