/** SSH host keys and signatures, as node:crypto takes them (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8332, RFC 8709). */
import { createHash, createPublicKey, verify, type KeyObject, type webcrypto } from 'node:crypto';
import { concatBytes } from '../bytes/compare.ts';
import { refuse } from '../bytes/refusal.ts';
import { formatBase64Url } from '../bytes/text.ts';
import { asciiName, badPart, openPart, readMpint, readString } from './ssh-fields.ts';

/** A host key algorithm: the type its key blob has, and how it signs. */
interface HostKeyAlgorithm {
  readonly keyType: string;
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  /** ECDSA: the curve's name in the blob and in JWK, and the bytes of a coordinate. */
  readonly curve?: { readonly ssh: string; readonly jwk: string; readonly width: number };
}

/** In the order of preference. `ssh-rsa` signs with SHA-1 and is not among them. */
export const HOST_KEY_ALGORITHMS: ReadonlyMap<string, HostKeyAlgorithm> = new Map<string, HostKeyAlgorithm>([
  ['ssh-ed25519', { keyType: 'ssh-ed25519', hash: null }],
  ['ecdsa-sha2-nistp256', ecdsa('nistp256', 'P-256', 'sha256', 32)],
  ['ecdsa-sha2-nistp384', ecdsa('nistp384', 'P-384', 'sha384', 48)],
  ['ecdsa-sha2-nistp521', ecdsa('nistp521', 'P-521', 'sha512', 66)],
  ['rsa-sha2-512', { keyType: 'ssh-rsa', hash: 'sha512' }],
  ['rsa-sha2-256', { keyType: 'ssh-rsa', hash: 'sha256' }],
]);

/** Bytes of the largest modulus and exponent. */
const MAX_MODULUS = 2_048;
const MAX_EXPONENT = 8;

export interface HostKey {
  readonly type: string;
  readonly bits: number;
  /** As `ssh-keygen -l` prints it: `SHA256:` and unpadded base64. */
  readonly fingerprint: string;
  readonly key: KeyObject;
}

/** Reads a key blob that must belong to an algorithm. Refuses `malformed-proof`. */
export function readHostKey(blob: Uint8Array, algorithm: string): HostKey {
  const wanted = HOST_KEY_ALGORITHMS.get(algorithm);
  const cursor = openPart(blob);
  const type = asciiName(readString(cursor));
  if (wanted === undefined || type !== wanted.keyType)
    throw badPart(`a host key of type ${type} does not sign with ${algorithm}`);
  const jwk = wanted.curve === undefined ? plainKey(type, cursor) : curveKey(wanted.curve, cursor);
  cursor.end();
  let key: KeyObject;
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' });
  } catch (error) {
    throw refuse('malformed-proof', 'the host key is no key: its numbers are wrong', { cause: error });
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? curveBits(type);
  return { type, bits, key, fingerprint: fingerprintOf(blob) };
}

/**
 * A signature blob in node's form: raw for Ed25519 and RSA, r ‖ s for ECDSA. Refuses `malformed-proof` when it
 * is not one of the algorithm.
 */
export function readSignature(blob: Uint8Array, algorithm: string): Uint8Array {
  const outer = openPart(blob);
  const named = asciiName(readString(outer));
  const inner = readString(outer);
  outer.end();
  if (named !== algorithm) throw badPart(`the signature is ${named}, not ${algorithm}`);
  const width = HOST_KEY_ALGORITHMS.get(algorithm)?.curve?.width;
  if (width === undefined) return inner;
  const cursor = openPart(inner);
  const [r, s] = [readMpint(cursor), readMpint(cursor)];
  cursor.end();
  if (r.length > width || s.length > width) throw badPart('the signature is too long for its curve');
  const padded = (n: Uint8Array): Uint8Array => concatBytes(new Uint8Array(width - n.length), n);
  return concatBytes(padded(r), padded(s));
}

/** Whether a signature is good; false for bad input of any kind. */
export function verifyHostKey(
  key: KeyObject,
  algorithm: string,
  content: Uint8Array,
  signature: Uint8Array,
): boolean {
  const { hash, curve } = HOST_KEY_ALGORITHMS.get(algorithm) ?? {};
  if (hash === undefined) return false;
  try {
    return verify(hash, content, curve === undefined ? key : { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}

function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replaceAll('=', '')}`;
}

function ecdsa(
  ssh: string,
  jwk: string,
  hash: 'sha256' | 'sha384' | 'sha512',
  width: number,
): HostKeyAlgorithm {
  return { keyType: `ecdsa-sha2-${ssh}`, hash, curve: { ssh, jwk, width } };
}

function curveBits(type: string): number {
  return Number(/nistp(\d+)$/.exec(type)?.[1] ?? 256);
}

function plainKey(type: string, cursor: ReturnType<typeof openPart>): webcrypto.JsonWebKey {
  if (type === 'ssh-ed25519') {
    const x = readString(cursor);
    if (x.length !== 32) throw badPart('an ssh-ed25519 key is 32 bytes long');
    return { kty: 'OKP', crv: 'Ed25519', x: formatBase64Url(x) };
  }
  const [e, n] = [readMpint(cursor), readMpint(cursor)];
  if (e.length > MAX_EXPONENT || n.length > MAX_MODULUS) throw badPart('an RSA key is too large');
  return { kty: 'RSA', n: formatBase64Url(n), e: formatBase64Url(e) };
}

function curveKey(
  curve: NonNullable<HostKeyAlgorithm['curve']>,
  cursor: ReturnType<typeof openPart>,
): webcrypto.JsonWebKey {
  if (asciiName(readString(cursor)) !== curve.ssh) throw badPart('the host key names another curve');
  const point = readString(cursor);
  if (point.length !== 1 + 2 * curve.width || point[0] !== 4)
    throw badPart('the host key is no uncompressed point of its curve');
  const x = point.subarray(1, 1 + curve.width);
  const y = point.subarray(1 + curve.width);
  return { kty: 'EC', crv: curve.jwk, x: formatBase64Url(x), y: formatBase64Url(y) };
}
