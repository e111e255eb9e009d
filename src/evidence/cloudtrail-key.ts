/**
 * Public keys with which AWS signs digests, as `aws cloudtrail list-public-keys` prints them: base64 of the PKCS #1
 * DER. SubjectPublicKeyInfo and PEM are read, too. Class E4 rests on this key: compare it with the API's answer for the
 * region over a channel of your own.
 */
import { Refusal, refuse } from '../bytes/refusal.ts';
import { parseBase64 } from '../bytes/text.ts';
import { readPkcs1, readSpki, spkiDigest, type PublicKey } from './public-key.ts';

export interface TrailKey {
  readonly key: PublicKey;
  /** Hex SHA-256 of the SubjectPublicKeyInfo, DER. */
  readonly sha256: string;
}

/** Bits of the weakest RSA key that is taken. */
const MIN_BITS = 2_048;
const PEM = /-----BEGIN ((?:RSA )?PUBLIC KEY)-----[^-]{1,4096}-----END \1-----/g;

/** One key. Refuses `malformed-key`. */
export function readTrailKey(text: string): TrailKey {
  const [block] = text.match(PEM) ?? [];
  const der = bytesOf(block === undefined ? text : block.replaceAll(/-----[^-]*-----/g, ''));
  const key = der && (tryKey(() => readPkcs1(der)) ?? tryKey(() => readSpki(der)));
  if (key?.type !== 'rsa' || key.bits < MIN_BITS)
    throw refuse(
      'malformed-key',
      `this is no RSA public key of ${MIN_BITS} bits or more; take Value from "aws cloudtrail list-public-keys"`,
    );
  return { key, sha256: spkiDigest(key) };
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

function bytesOf(text: string): Uint8Array | undefined {
  const plain = text.replaceAll(/\s/g, '');
  return /^[A-Za-z0-9+/]{100,2048}={0,2}$/.test(plain) ? tryKey(() => parseBase64(plain)) : undefined;
}

function tryKey<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}
