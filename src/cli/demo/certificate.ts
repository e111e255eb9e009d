/** A new key and self-signed certificate for the demonstration's server: ECDSA P-256 with SHA-256. */
import { Integer, Utf8String } from 'asn1js';
import { AltName, AttributeTypeAndValue, Certificate, Extension, GeneralName, getCrypto } from 'pkijs';

const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALT_NAME = '2.5.29.17';

/** PEM of a private key and of its certificate for `host`, valid from an hour before `now` (milliseconds) for `days`. */
export async function selfSigned(
  host: string,
  now: number,
  days: number,
): Promise<{ readonly key: string; readonly cert: string }> {
  const { subtle } = crypto;
  const keys = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const names = new AltName({ altNames: [new GeneralName({ type: 2, value: host })] }).toSchema().toBER();
  const made = new Certificate({
    version: 2,
    serialNumber: new Integer({ valueHex: crypto.getRandomValues(new Uint8Array(16)).fill(1, 0, 1) }),
    extensions: [new Extension({ extnID: SUBJECT_ALT_NAME, extnValue: names })],
  });
  for (const { typesAndValues } of [made.subject, made.issuer])
    typesAndValues.push(
      new AttributeTypeAndValue({ type: COMMON_NAME, value: new Utf8String({ value: host }) }),
    );
  made.notBefore.value = new Date(now - 3_600_000);
  made.notAfter.value = new Date(now + days * 86_400_000);
  await made.subjectPublicKeyInfo.importKey(keys.publicKey, getCrypto(true));
  await made.sign(keys.privateKey, 'SHA-256', getCrypto(true));
  return {
    key: pem('PRIVATE KEY', await subtle.exportKey('pkcs8', keys.privateKey)),
    cert: pem('CERTIFICATE', made.toSchema(true).toBER()),
  };
}

function pem(label: string, der: ArrayBuffer): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replaceAll(/.{1,64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}
