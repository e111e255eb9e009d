/**
 * Checks signatures of targets, CAs and AWS. WebCrypto checks RSA, the NIST curves and, under strong keys, Ed25519. @noble checks
 * those curves if there is no WebCrypto (a page from neither https:// nor localhost), and all other curves everywhere. A signature that
 * cannot be checked here is reported as unchecked, neither good nor bad (spec/transcripts.md, "Where a signature is
 * checked").
 */
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../bytes/compare.ts';
import { Refusal } from '../bytes/refusal.ts';
import { formatBase64Url } from '../bytes/text.ts';
import { openDer, readDer, readDerInteger, TAG } from './der.ts';
import { DIGEST_LENGTH, type Curve, type Hash, type PublicKey } from './public-key.ts';

/** How a signature was made. */
export interface Signing {
  /** Null: the algorithm hashes for itself. */
  readonly hash: Hash | null;
  /** RSASSA-PSS, with a salt of so many bytes; undefined: RSASSA-PKCS1-v1_5. */
  readonly salt?: number | undefined;
  /** ECDSA: SEQUENCE of two INTEGERs, or r ‖ s. */
  readonly form: 'der' | 'compact';
}

/** Whether a signature is good. `lacks`: what would be needed to check it and is not available here. */
export type Checked = boolean | { readonly lacks: string };

const HASHERS = { sha256, sha384, sha512 } as const;
const WEB_HASH = { sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const;

/** The digest of bytes. */
export function hashWith(hash: Hash, bytes: Uint8Array): Uint8Array {
  return HASHERS[hash](bytes);
}

/** Checks a signature. Returns false for bad input of any kind; never throws. */
export async function checkSignature(
  key: PublicKey,
  signing: Signing,
  content: Uint8Array,
  signature: Uint8Array,
): Promise<Checked> {
  if (key.type === 'rsa' || key.type === 'rsa-pss') return checkRsa(key, signing, content, signature);
  try {
    if (key.type === 'ec') return await checkCurve(key, signing, content, signature);
    if (signing.hash !== null) return false;
    if (key.type === 'ed25519') {
      const { verifyWithNoble } = await import('../sign/algorithm.ts');
      const { verifyOnWeb } = await import('../sign/web-ed25519.ts');
      const own = { algorithm: 'ed25519', bytes: key.raw } as const;
      const native = await verifyOnWeb(own, content, signature);
      return native ?? verifyWithNoble(own, content, signature);
    }
    const { ed448 } = await import('@noble/curves/ed448.js');
    return ed448.verify(signature, content, key.raw, { zip215: false });
  } catch {
    return false; // @noble throws for points that are none, and for signatures that are not of their form
  }
}

async function checkCurve(
  { curve, point }: Extract<PublicKey, { type: 'ec' }>,
  { hash, form }: Signing,
  content: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (hash === null) return false;
  const compact = form === 'compact' ? signature : compactOf(signature, (point.length - 1) / 2);
  if (compact === undefined) return false;
  const namedCurve = WEB_CURVE[curve];
  const native =
    namedCurve === undefined ? undefined : await withWebCrypto(point, namedCurve, hash, content, compact);
  if (native !== undefined) return native;
  const { verify } = await CURVES[curve]();
  return verify(compact, hashWith(hash, content), point, { format: 'compact', lowS: false, prehash: false });
}

/** r ‖ s of a SEQUENCE of two INTEGERs in their one spelling; undefined for anything else. */
function compactOf(signature: Uint8Array, width: number): Uint8Array | undefined {
  try {
    const outer = openDer(signature);
    const body = openDer(readDer(outer, TAG.sequence));
    outer.end();
    const numbers = [readDerInteger(body), readDerInteger(body)];
    body.end();
    if (numbers.some(({ length }) => length > width)) return undefined;
    return concatBytes(...numbers.flatMap((each) => [new Uint8Array(width - each.length), each]));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

const WEB_CURVE: Readonly<Partial<Record<Curve, string>>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** Undefined if there is no WebCrypto or it does not accept the key; @noble then checks. */
async function withWebCrypto(
  point: Uint8Array,
  namedCurve: string,
  hash: Hash,
  content: Uint8Array,
  signature: Uint8Array,
): Promise<boolean | undefined> {
  const subtle = webCrypto();
  if (subtle === undefined) return undefined;
  const [raw, sig, data] = [Uint8Array.from(point), Uint8Array.from(signature), Uint8Array.from(content)];
  try {
    const key = await subtle.importKey('raw', raw, { name: 'ECDSA', namedCurve }, false, ['verify']);
    return await subtle.verify({ name: 'ECDSA', hash: WEB_HASH[hash] }, key, sig, data);
  } catch {
    return undefined;
  }
}

function webCrypto(): typeof globalThis.crypto.subtle | undefined {
  const { subtle }: { readonly subtle?: typeof globalThis.crypto.subtle } = globalThis.crypto;
  return subtle;
}

/** Loaded when a signature needs them. */
const CURVES = {
  prime256v1: async () => (await import('@noble/curves/nist.js')).p256,
  secp384r1: async () => (await import('@noble/curves/nist.js')).p384,
  secp521r1: async () => (await import('@noble/curves/nist.js')).p521,
  brainpoolP256r1: async () => (await import('@noble/curves/misc.js')).brainpoolP256r1,
  brainpoolP384r1: async () => (await import('@noble/curves/misc.js')).brainpoolP384r1,
  brainpoolP512r1: async () => (await import('@noble/curves/misc.js')).brainpoolP512r1,
} as const satisfies Record<Curve, unknown>;

async function checkRsa(
  key: Extract<PublicKey, { readonly n: Uint8Array }>,
  { hash, salt }: Signing,
  content: Uint8Array,
  signature: Uint8Array,
): Promise<Checked> {
  if (hash === null) return false;
  if (key.type === 'rsa-pss') {
    // Such a key signs with PSS only, and may restrict the hash and the least length of the salt.
    if (salt === undefined) return false;
    if (key.only !== undefined && (key.only.hash !== hash || key.only.salt > salt)) return false;
  }
  const subtle = webCrypto();
  if (subtle === undefined)
    return { lacks: 'RSA, which a page checks that came over https:// or from localhost' };
  const jwk = { kty: 'RSA', n: formatBase64Url(key.n), e: formatBase64Url(key.e) };
  const name = salt === undefined ? 'RSASSA-PKCS1-v1_5' : 'RSA-PSS';
  const [sig, data] = [Uint8Array.from(signature), Uint8Array.from(content)];
  let imported: Awaited<ReturnType<typeof subtle.importKey>>;
  try {
    imported = await subtle.importKey('jwk', jwk, { name, hash: WEB_HASH[hash] }, false, ['verify']);
  } catch {
    return { lacks: `RSA of ${key.bits} bits with this exponent` };
  }
  try {
    return await subtle.verify({ name, saltLength: salt ?? DIGEST_LENGTH[hash] }, imported, sig, data);
  } catch {
    return false;
  }
}
