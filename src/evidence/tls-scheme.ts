/** Signature schemes of TLS (RFC 8446 §4.2.3), and checking signatures under them. */
import { DIGEST_LENGTH, type PublicKey } from './public-key.ts';
import { checkSignature, type Checked } from './signature.ts';

export interface Scheme {
  readonly name: string;
  /** `null`: the algorithm hashes for itself. */
  readonly hash: 'sha256' | 'sha384' | 'sha512' | null;
  readonly key: 'ec' | 'rsa' | 'rsa-pss' | 'ed25519' | 'ed448';
  readonly pss: boolean;
  /** Of TLS 1.3 alone: there a scheme of ECDSA names the curve as well. */
  readonly curve?: string;
}

const row = (name: string, key: Scheme['key'], hash: Scheme['hash'], curve?: string): Scheme => ({
  name,
  key,
  hash,
  pss: name.startsWith('rsa_pss'),
  ...(curve === undefined ? {} : { curve }),
});

/** In the order they are offered. SHA-1 is not among them: its signatures would not tell TLS 1.2 from 1.1. */
export const SCHEMES: ReadonlyMap<number, Scheme> = new Map([
  [0x0403, row('ecdsa_secp256r1_sha256', 'ec', 'sha256', 'prime256v1')],
  [0x0503, row('ecdsa_secp384r1_sha384', 'ec', 'sha384', 'secp384r1')],
  [0x0603, row('ecdsa_secp521r1_sha512', 'ec', 'sha512', 'secp521r1')],
  [0x0807, row('ed25519', 'ed25519', null)],
  [0x0808, row('ed448', 'ed448', null)],
  [0x0804, row('rsa_pss_rsae_sha256', 'rsa', 'sha256')],
  [0x0805, row('rsa_pss_rsae_sha384', 'rsa', 'sha384')],
  [0x0806, row('rsa_pss_rsae_sha512', 'rsa', 'sha512')],
  [0x0809, row('rsa_pss_pss_sha256', 'rsa-pss', 'sha256')],
  [0x080a, row('rsa_pss_pss_sha384', 'rsa-pss', 'sha384')],
  [0x080b, row('rsa_pss_pss_sha512', 'rsa-pss', 'sha512')],
  [0x081a, row('ecdsa_brainpoolP256r1tls13_sha256', 'ec', 'sha256', 'brainpoolP256r1')],
  [0x081b, row('ecdsa_brainpoolP384r1tls13_sha384', 'ec', 'sha384', 'brainpoolP384r1')],
  [0x081c, row('ecdsa_brainpoolP512r1tls13_sha512', 'ec', 'sha512', 'brainpoolP512r1')],
  [0x0401, row('rsa_pkcs1_sha256', 'rsa', 'sha256')],
  [0x0501, row('rsa_pkcs1_sha384', 'rsa', 'sha384')],
  [0x0601, row('rsa_pkcs1_sha512', 'rsa', 'sha512')],
]);

/** Why a key cannot have signed under a scheme in a version of TLS; undefined when it can. */
export function schemeFault(
  scheme: Scheme,
  key: PublicKey,
  version: 'TLSv1.3' | 'TLSv1.2',
): string | undefined {
  if (key.type !== scheme.key)
    return `${scheme.name} needs a key of type ${scheme.key}, the certificate has ${key.type}`;
  if (version !== 'TLSv1.3')
    return scheme.name.includes('tls13') ? `TLS 1.2 does not sign with ${scheme.name}` : undefined;
  if (scheme.key === 'rsa' && !scheme.pss) return `TLS 1.3 does not sign with ${scheme.name}`;
  const curve = key.type === 'ec' ? key.curve : undefined;
  return scheme.curve === undefined || scheme.curve === curve
    ? undefined
    : `${scheme.name} needs the curve ${scheme.curve}, the certificate has ${curve}`;
}

/** Whether a signature is good; false for bad input of any kind. */
export function verifyScheme(
  { hash, pss }: Scheme,
  key: PublicKey,
  content: Uint8Array,
  signature: Uint8Array,
): Promise<Checked> {
  const salt = pss && hash !== null ? DIGEST_LENGTH[hash] : undefined;
  return checkSignature(key, { hash, salt, form: 'der' }, content, signature);
}
