/**
 * Public keys of targets, CAs and AWS: SubjectPublicKeyInfo (RFC 5280 §4.1.2.7, RFC 5480, RFC 8017 §A.1, RFC 8410), read
 * in the one spelling that each key has, so that its SHA-256 is one too.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { formatBase64, formatHex, parseHex } from '../bytes/text.ts';
import {
  encodeDer,
  encodeDerBits,
  encodeDerInteger,
  openDer,
  readDer,
  readDerBits,
  readDerInteger,
  readTagged,
  TAG,
} from './der.ts';
import { badMessage, unread } from './tls-fields.ts';

export type Hash = 'sha256' | 'sha384' | 'sha512';

/** What RSASSA-PSS was used with, or must be: a salt of `salt` bytes, of a key's restriction at least so many. */
export interface Pss {
  readonly hash: Hash;
  readonly salt: number;
}

interface Common {
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly bits: number;
}

export type PublicKey = Common &
  (
    | { readonly type: 'ec'; readonly curve: Curve; readonly point: Uint8Array }
    | { readonly type: 'ed25519' | 'ed448'; readonly raw: Uint8Array }
    | { readonly type: 'rsa'; readonly n: Uint8Array; readonly e: Uint8Array }
    | {
        readonly type: 'rsa-pss';
        readonly n: Uint8Array;
        readonly e: Uint8Array;
        readonly only: Pss | undefined;
      }
  );

/** Curves by the names that OpenSSL has for them: object identifier (hex DER), bits, and bytes of an uncompressed point. */
const CURVES = {
  prime256v1: { oid: '06082a8648ce3d030107', bits: 256, point: 65 },
  secp384r1: { oid: '06052b81040022', bits: 384, point: 97 },
  secp521r1: { oid: '06052b81040023', bits: 521, point: 133 },
  brainpoolP256r1: { oid: '06092b2403030208010107', bits: 256, point: 65 },
  brainpoolP384r1: { oid: '06092b240303020801010b', bits: 384, point: 97 },
  brainpoolP512r1: { oid: '06092b240303020801010d', bits: 512, point: 129 },
} as const;
export type Curve = keyof typeof CURVES;
const CURVE_NAMES = [
  'prime256v1',
  'secp384r1',
  'secp521r1',
  'brainpoolP256r1',
  'brainpoolP384r1',
  'brainpoolP512r1',
] as const satisfies readonly Curve[];

/** Object identifiers, hex DER. */
const OID = {
  ec: '06072a8648ce3d0201',
  rsa: '06092a864886f70d010101',
  pss: '06092a864886f70d01010a',
  mgf1: '06092a864886f70d010108',
  ed25519: '06032b6570',
  ed448: '06032b6571',
} as const;
const HASHES: Readonly<Record<string, Hash>> = {
  '0609608648016503040201': 'sha256',
  '0609608648016503040202': 'sha384',
  '0609608648016503040203': 'sha512',
};
const NULL = '0500';
const EDWARDS = { ed25519: { bits: 256, length: 32 }, ed448: { bits: 456, length: 57 } } as const;

/** Bytes of the largest RSA modulus and exponent, as OpenSSL has them. */
const MAX_MODULUS = 2_048;
const MAX_EXPONENT = 8;

/** Bytes of the digest. */
export const DIGEST_LENGTH: Readonly<Record<Hash, number>> = { sha256: 32, sha384: 48, sha512: 64 };

/** Refuses `malformed-proof`; `isUnread` tells of a kind of key that is not read here. */
export function readSpki(spki: Uint8Array): PublicKey {
  const outer = openDer(spki);
  const body = openDer(readDer(outer, TAG.sequence));
  outer.end();
  const algorithm = formatHex(readDer(body, TAG.sequence));
  const bits = readDerBits(body);
  body.end();
  for (const type of ['ed25519', 'ed448'] as const) {
    if (algorithm !== OID[type]) continue;
    if (bits.length !== EDWARDS[type].length) throw badMessage(`the key is none of ${type}`);
    return edwardsKey(type, bits);
  }
  if (algorithm.startsWith(OID.ec)) {
    const named = algorithm.slice(OID.ec.length);
    const curve = CURVE_NAMES.find((name) => CURVES[name].oid === named);
    if (curve === undefined) throw unread('a key on a curve of another name, or without one');
    return curveKey(curve, bits);
  }
  if (algorithm.startsWith(OID.pss)) {
    const params = algorithm.slice(OID.pss.length);
    const only = params === '' ? undefined : readPss(parseHex(params));
    return { ...numbersIn(bits), type: 'rsa-pss', only, spki: Uint8Array.from(spki) };
  }
  if (!algorithm.startsWith(OID.rsa)) throw unread('the kind of key in the certificate');
  if (algorithm !== `${OID.rsa}${NULL}`) throw badMessage('the key is not in its one spelling');
  const { n, e } = numbersIn(bits);
  return rsaKey(n, e);
}

/** A key of a curve from its uncompressed point (RFC 5480 §2.2): TLS 1.2 does not sign which spelling was there. */
export function curveKey(curve: Curve, point: Uint8Array): PublicKey {
  const { oid, bits, point: length } = CURVES[curve];
  if (point.length !== length || point[0] !== 4) throw badMessage('the key is no uncompressed point');
  return { type: 'ec', curve, bits, point, spki: infoOf(`${OID.ec}${oid}`, point) };
}

export function edwardsKey(type: 'ed25519' | 'ed448', raw: Uint8Array): PublicKey {
  return { type, raw, bits: EDWARDS[type].bits, spki: infoOf(OID[type], raw) };
}

/** A key from its modulus and exponent, without zeros in front. */
export function rsaKey(n: Uint8Array, e: Uint8Array): PublicKey {
  const numbers = encodeDer(TAG.sequence, encodeDerInteger(n), encodeDerInteger(e));
  return { type: 'rsa', ...checkedNumbers(n, e), spki: infoOf(`${OID.rsa}${NULL}`, numbers) };
}

/** A key as PKCS #1 has it (RFC 8017 §A.1.1). */
export function readPkcs1(der: Uint8Array): PublicKey {
  const { n, e } = numbersIn(der);
  return rsaKey(n, e);
}

function numbersIn(der: Uint8Array): {
  readonly n: Uint8Array;
  readonly e: Uint8Array;
  readonly bits: number;
} {
  const outer = openDer(der);
  const body = openDer(readDer(outer, TAG.sequence));
  outer.end();
  const [n, e] = [readDerInteger(body), readDerInteger(body)];
  body.end();
  return checkedNumbers(n, e);
}

const isOdd = (number: Uint8Array): boolean => ((number.at(-1) ?? 0) & 1) === 1;

/** Every place takes such numbers, or says that it takes none: what is no key anywhere is refused here. */
function checkedNumbers(n: Uint8Array, e: Uint8Array) {
  if (!isOdd(n) || !isOdd(e) || (e.length === 1 && e[0] === 1))
    throw badMessage('the numbers of a key are wrong');
  if (n.length > MAX_MODULUS || e.length > MAX_EXPONENT) throw unread('an RSA key of that size');
  return { n, e, bits: n.length * 8 - Math.clz32(n[0] ?? 0) + 24 };
}

/**
 * RSASSA-PSS-params (RFC 8017 §A.2.3), with SHA-2 and MGF1 over the same hash; others are not read here. `der`: the
 * whole SEQUENCE.
 */
export function readPss(der: Uint8Array): Pss {
  const outer = openDer(der);
  const body = openDer(readDer(outer, TAG.sequence));
  outer.end();
  const given = new Map<number, Uint8Array>();
  while (body.remaining > 0) {
    const { tag, contents } = readTagged(body);
    if (tag <= Math.max(...given.keys())) throw badMessage('the parameters of a key are out of order');
    given.set(tag, contents);
  }
  const [hashed, masked, salted] = [0xa0, 0xa1, 0xa2].map((tag) => given.get(tag));
  const name = hashed === undefined ? '' : algorithmIn(hashed);
  const hash = HASHES[withoutNull(name)];
  const mask = masked === undefined ? '' : algorithmIn(masked);
  const inner = mask.startsWith(OID.mgf1) ? algorithmIn(parseHex(mask.slice(OID.mgf1.length))) : '';
  if (
    hash === undefined ||
    HASHES[withoutNull(inner)] !== hash ||
    [...given.keys()].some((tag) => tag < 0xa0 || tag > 0xa2)
  )
    throw unread('RSASSA-PSS with these parameters');
  if (salted === undefined) return { hash, salt: 20 };
  const cursor = openDer(salted);
  const salt = readDerInteger(cursor);
  cursor.end();
  if (salt.length > 1) throw unread('RSASSA-PSS with a salt of that length');
  return { hash, salt: salt[0] ?? 0 };
}

/** The contents of an AlgorithmIdentifier that fills the bytes, hex. */
function algorithmIn(der: Uint8Array): string {
  const cursor = openDer(der);
  const contents = readDer(cursor, TAG.sequence);
  cursor.end();
  return formatHex(contents);
}

/** Parameters of a hash are NULL, or left out (RFC 8017 §A.2.1). */
function withoutNull(algorithm: string): string {
  return algorithm.endsWith(NULL) ? algorithm.slice(0, -NULL.length) : algorithm;
}

function infoOf(algorithm: string, bits: Uint8Array): Uint8Array {
  return encodeDer(TAG.sequence, encodeDer(TAG.sequence, parseHex(algorithm)), encodeDerBits(bits));
}

/** Hex SHA-256 of the SubjectPublicKeyInfo. */
export function spkiDigest({ spki }: Pick<PublicKey, 'spki'>): string {
  return formatHex(sha256(spki));
}

/** As other tools read it (RFC 7468 §13). */
export function pemOf({ spki }: Pick<PublicKey, 'spki'>): string {
  const lines = formatBase64(spki).match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
}
