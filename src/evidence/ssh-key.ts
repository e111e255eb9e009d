/** SSH host keys and signatures (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8332, RFC 8709). */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../bytes/compare.ts';
import { readSshString } from '../bytes/ssh-string.ts';
import { formatBase64 } from '../bytes/text.ts';
import { curveKey, edwardsKey, rsaKey, type Curve, type Hash, type PublicKey } from './public-key.ts';
import { checkSignature, type Checked } from './signature.ts';
import { asciiName, badPart, openPart, readMpint } from './ssh-fields.ts';

/** A host key algorithm: the type its key blob has, and how it signs. */
interface HostKeyAlgorithm {
  readonly keyType: string;
  readonly hash: Hash | null;
  /** ECDSA: the curve, its name in the blob, and the bytes of a coordinate. */
  readonly curve?: { readonly ssh: string; readonly name: Curve; readonly width: number };
}

/** In the order of preference. `ssh-rsa` signs with SHA-1 and is not among them. */
export const HOST_KEY_ALGORITHMS: ReadonlyMap<string, HostKeyAlgorithm> = new Map<string, HostKeyAlgorithm>([
  ['ssh-ed25519', { keyType: 'ssh-ed25519', hash: null }],
  ['ecdsa-sha2-nistp256', ecdsa('nistp256', 'prime256v1', 'sha256', 32)],
  ['ecdsa-sha2-nistp384', ecdsa('nistp384', 'secp384r1', 'sha384', 48)],
  ['ecdsa-sha2-nistp521', ecdsa('nistp521', 'secp521r1', 'sha512', 66)],
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
  readonly key: PublicKey;
}

/** Reads a key blob that must belong to an algorithm. Refuses `malformed-proof`. */
export function readHostKey(blob: Uint8Array, algorithm: string): HostKey {
  const wanted = HOST_KEY_ALGORITHMS.get(algorithm);
  const cursor = openPart(blob);
  const type = asciiName(readSshString(cursor));
  if (wanted === undefined || type !== wanted.keyType)
    throw badPart(`a host key of type ${type} does not sign with ${algorithm}`);
  const key = wanted.curve === undefined ? plainKey(type, cursor) : pointKey(wanted.curve, cursor);
  cursor.end();
  return { type, bits: key.bits, key, fingerprint: fingerprintOf(blob) };
}

/**
 * A signature blob: raw for Ed25519 and RSA, r ‖ s for ECDSA. Refuses `malformed-proof` when it
 * is not one of the algorithm.
 */
export function readSignature(blob: Uint8Array, algorithm: string): Uint8Array {
  const outer = openPart(blob);
  const named = asciiName(readSshString(outer));
  const inner = readSshString(outer);
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
  key: PublicKey,
  algorithm: string,
  content: Uint8Array,
  signature: Uint8Array,
): Promise<Checked> {
  const { hash = null } = HOST_KEY_ALGORITHMS.get(algorithm) ?? {};
  return checkSignature(key, { hash, form: 'compact' }, content, signature);
}

function fingerprintOf(blob: Uint8Array): string {
  return `SHA256:${formatBase64(sha256(blob)).replaceAll('=', '')}`;
}

function ecdsa(ssh: string, name: Curve, hash: Hash, width: number): HostKeyAlgorithm {
  return { keyType: `ecdsa-sha2-${ssh}`, hash, curve: { ssh, name, width } };
}

function plainKey(type: string, cursor: ReturnType<typeof openPart>): PublicKey {
  if (type === 'ssh-ed25519') {
    const raw = readSshString(cursor);
    if (raw.length !== 32) throw badPart('an Ed25519 key has 32 bytes');
    return edwardsKey('ed25519', raw);
  }
  const [e, n] = [readMpint(cursor), readMpint(cursor)];
  if (e.length > MAX_EXPONENT || n.length > MAX_MODULUS) throw badPart('an RSA key is too large');
  return rsaKey(n, e);
}

function pointKey(
  curve: NonNullable<HostKeyAlgorithm['curve']>,
  cursor: ReturnType<typeof openPart>,
): PublicKey {
  if (asciiName(readSshString(cursor)) !== curve.ssh) throw badPart('the host key names another curve');
  const point = readSshString(cursor);
  if (point.length !== 1 + 2 * curve.width || point[0] !== 4)
    throw badPart('the host key is no uncompressed point of its curve');
  return curveKey(curve.name, point);
}
