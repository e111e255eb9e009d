/** Certificates made for tests with pkijs and WebCrypto: authorities, servers, and every mistake that a path can have. */
import * as asn1js from 'asn1js';
import {
  AltName,
  AttributeTypeAndValue,
  BasicConstraints,
  Certificate,
  ExtKeyUsage,
  Extension,
  GeneralName,
  GeneralSubtree,
  NameConstraints,
  getCrypto,
} from 'pkijs';
import { addressBytes } from '#src/evidence/address.ts';

export interface Made {
  readonly der: Uint8Array;
  readonly certPem: string;
  readonly keyPem: string;
  readonly keys: CryptoKeyPair;
  readonly certificate: Certificate;
}
type CryptoKeyPair = Awaited<ReturnType<typeof newKeys>>;

export interface Wish {
  readonly name: string;
  /** Undefined: signed with its own key. */
  readonly by?: Made;
  readonly keys?: CryptoKeyPair;
  readonly hosts?: readonly string[];
  /** `undefined`: no basicConstraints at all. */
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** First byte of keyUsage: 0x80 digitalSignature, 0x04 keyCertSign. */
  readonly usage?: number;
  readonly purposes?: readonly string[];
  readonly permitted?: readonly string[];
  readonly excluded?: readonly string[];
  /** POSIX seconds. */
  readonly from?: number;
  readonly to?: number;
  readonly critical?: string;
  readonly hash?: 'SHA-1' | 'SHA-256' | 'SHA-384';
}

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

export const newKeys = () =>
  crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);

const now = (): number => Math.floor(Date.now() / 1000);
let serial = 1;

export async function makeCertificate(wish: Wish): Promise<Made> {
  const keys = wish.keys ?? (await newKeys());
  const made = new Certificate();
  made.version = 2;
  made.serialNumber = new asn1js.Integer({ value: ++serial });
  const named = (name: string) =>
    new AttributeTypeAndValue({ type: '2.5.4.3', value: new asn1js.Utf8String({ value: name }) });
  made.subject.typesAndValues.push(named(wish.name));
  made.issuer.typesAndValues.push(...(wish.by?.certificate.subject.typesAndValues ?? [named(wish.name)]));
  made.notBefore.value = new Date((wish.from ?? now() - 3600) * 1000);
  made.notAfter.value = new Date((wish.to ?? now() + 90 * 86_400) * 1000);
  made.extensions = extensionsOf(wish);
  if (made.extensions.length === 0) delete made.extensions;
  await made.subjectPublicKeyInfo.importKey(keys.publicKey, getCrypto(true));
  await made.sign((wish.by?.keys ?? keys).privateKey, wish.hash ?? 'SHA-256', getCrypto(true));
  const der = new Uint8Array(made.toSchema(true).toBER());
  const key = new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  // Read again: what was made has no raw bytes of its own.
  const certificate = Certificate.fromBER(der);
  return { der, certPem: pem('CERTIFICATE', der), keyPem: pem('PRIVATE KEY', key), keys, certificate };
}

function pem(label: string, der: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${(der.toBase64().match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;
}

function generalName(host: string, mask = false): GeneralName {
  const [text = '', bits] = host.split('/');
  const address = addressBytes(text);
  if (address === undefined) return new GeneralName({ type: 2, value: host });
  const width = Number(bits ?? address.length * 8);
  const masked = address.map((_, i) => (0xff << Math.max(0, 8 - Math.max(0, width - 8 * i))) & 0xff);
  const bytes = mask ? Uint8Array.of(...address, ...masked) : address;
  return new GeneralName({
    type: 7,
    value: new asn1js.OctetString({ valueHex: Uint8Array.from(bytes).buffer }),
  });
}

function extensionsOf(wish: Wish): Extension[] {
  const out: Extension[] = [];
  const add = (extnID: string, critical: boolean, value: { toBER(): ArrayBuffer }): void => {
    out.push(new Extension({ extnID, critical, extnValue: value.toBER() }));
  };
  if (wish.ca !== undefined)
    add(
      '2.5.29.19',
      true,
      new BasicConstraints({
        cA: wish.ca,
        ...(wish.pathLength !== undefined && { pathLenConstraint: wish.pathLength }),
      }).toSchema(),
    );
  if (wish.usage !== undefined)
    add('2.5.29.15', true, new asn1js.BitString({ valueHex: Uint8Array.of(wish.usage).buffer }));
  if (wish.purposes !== undefined)
    add('2.5.29.37', false, new ExtKeyUsage({ keyPurposes: [...wish.purposes] }).toSchema());
  if (wish.hosts !== undefined)
    add(
      '2.5.29.17',
      false,
      new AltName({ altNames: wish.hosts.map((each) => generalName(each)) }).toSchema(),
    );
  const subtrees = (names: readonly string[]): GeneralSubtree[] =>
    names.map((each) => new GeneralSubtree({ base: generalName(each, true) }));
  if (wish.permitted !== undefined || wish.excluded !== undefined)
    add(
      '2.5.29.30',
      true,
      new NameConstraints({
        ...(wish.permitted !== undefined && { permittedSubtrees: subtrees(wish.permitted) }),
        ...(wish.excluded !== undefined && { excludedSubtrees: subtrees(wish.excluded) }),
      }).toSchema(),
    );
  if (wish.critical !== undefined) add(wish.critical, true, new asn1js.Null());
  return out;
}
