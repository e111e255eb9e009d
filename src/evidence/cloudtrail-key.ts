/**
 * Public keys that AWS signs digests with, as `aws cloudtrail list-public-keys` prints them: base64 of the PKCS #1
 * DER. SubjectPublicKeyInfo and PEM are read too. A verdict of class E4 is worth what is known of the key: compare it
 * with the API's answer for the region, by a way of your own.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { refuse } from '../bytes/refusal.ts';

export interface TrailKey {
  readonly key: KeyObject;
  /** Hex SHA-256 of the SubjectPublicKeyInfo, DER. */
  readonly sha256: string;
}

/** Bits of the weakest RSA key that is taken. */
const MIN_BITS = 2_048;
const PEM = /-----BEGIN ((?:RSA )?PUBLIC KEY)-----[^-]{1,4096}-----END \1-----/g;

/** One key. Refuses `malformed-key`. */
export function readTrailKey(text: string): TrailKey {
  const key = text.includes('-----BEGIN')
    ? tryKey(() => createPublicKey(text.trim()))
    : fromBase64(text.trim());
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key?.asymmetricKeyType !== 'rsa' || bits < MIN_BITS)
    throw refuse(
      'malformed-key',
      `this is no RSA public key of ${MIN_BITS} bits or more; take Value from "aws cloudtrail list-public-keys"`,
    );
  const der = key.export({ format: 'der', type: 'spki' });
  return { key, sha256: createHash('sha256').update(der).digest('hex') };
}

/** Keys of a file: PEM blocks, the JSON of list-public-keys, or base64 line by line. Refuses `malformed-key`. */
export function readTrailKeys(text: string): readonly TrailKey[] {
  const blocks = text.match(PEM);
  if (blocks !== null) return blocks.map(readTrailKey);
  if (text.trimStart().startsWith('{'))
    return [...text.matchAll(/"Value"\s*:\s*"([A-Za-z0-9+/=]{1,2048})"/g)].map(([, value = '']) =>
      readTrailKey(value),
    );
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [readTrailKey(line)]));
}

function fromBase64(text: string): KeyObject | undefined {
  if (!/^[A-Za-z0-9+/]{100,2048}={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return (
    tryKey(() => createPublicKey({ key, format: 'der', type: 'pkcs1' })) ??
    tryKey(() => createPublicKey({ key, format: 'der', type: 'spki' }))
  );
}

function tryKey(make: () => KeyObject): KeyObject | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
