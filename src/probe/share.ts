/** Makes key shares of TLS 1.3 and SSH: the bytes to send, and the secret computed from the server's share (RFC 8446 §7.4). */
import { createECDH, createPublicKey, decapsulate, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { concatBytes } from '../bytes/compare.ts';
import { fieldShare } from './fieldshare.ts';
import { guarded, type Share } from './keyshare.ts';

const CURVES: ReadonlyMap<number, string> = new Map([
  [0x0017, 'prime256v1'],
  [0x0018, 'secp384r1'],
  [0x0019, 'secp521r1'],
  [0x001f, 'brainpoolP256r1'],
  [0x0020, 'brainpoolP384r1'],
  [0x0021, 'brainpoolP512r1'],
]);

/** Bytes of a ciphertext of ML-KEM-768 (FIPS 203), and of a point of a curve. */
const SIZES = { ciphertext: 1_088, p256: 65, p384: 97 } as const;

/** The group whose share the first ClientHello has: X25519. */
export const FIRST_GROUP = 0x001d;

/** A fresh share; undefined for a group that is not known here. */
export function makeShare(group: number): Share | undefined {
  const curve = CURVES.get(group);
  if (curve !== undefined) return curveShare(group, curve);
  if (group === 0x001d) return montgomeryShare(group, 'x25519');
  if (group === 0x001e) return montgomeryShare(group, 'x448');
  if (group === 0x11eb) return hybridShare(group, 'ml-kem-768', curveShare(0x0017, 'prime256v1'), SIZES.p256);
  if (group === 0x11ed) return hybridShare(group, 'ml-kem-1024', curveShare(0x0018, 'secp384r1'), SIZES.p384);
  return group === 0x11ec ? x25519HybridShare() : fieldShare(group);
}

function curveShare(group: number, curve: string): Share {
  const ecdh = createECDH(curve);
  return { group, public: ecdh.generateKeys(), secret: guarded((theirs) => ecdh.computeSecret(theirs)) };
}

function montgomeryShare(group: number, type: 'x25519' | 'x448'): Share {
  const options = { publicKeyEncoding: undefined, privateKeyEncoding: undefined };
  const { publicKey, privateKey } =
    type === 'x25519' ? generateKeyPairSync('x25519', options) : generateKeyPairSync('x448', options);
  return {
    group,
    public: publicKey.export({ format: 'raw-public' }),
    secret: guarded((theirs) => {
      const key = { key: Buffer.from(theirs), format: 'raw-public', asymmetricKeyType: type } as const;
      return diffieHellman({ privateKey, publicKey: createPublicKey(key) });
    }),
  };
}

/** X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem): the part of ML-KEM comes first in the shares and in the secret. */
function x25519HybridShare(): Share {
  const { publicKey, privateKey } = generateKeyPairSync('ml-kem-768');
  const classic = montgomeryShare(0x001d, 'x25519');
  return {
    group: 0x11ec,
    public: concatBytes(publicKey.export({ format: 'raw-public' }), classic.public),
    secret: guarded((theirs) =>
      concatBytes(
        decapsulate(privateKey, theirs.subarray(0, SIZES.ciphertext)),
        classic.secret(theirs.subarray(SIZES.ciphertext)),
      ),
    ),
  };
}

/** A group of the same draft with a curve of NIST: the part of the curve comes first. */
function hybridShare(
  group: number,
  type: 'ml-kem-768' | 'ml-kem-1024',
  classic: Share,
  point: number,
): Share {
  const { publicKey, privateKey } =
    type === 'ml-kem-768' ? generateKeyPairSync('ml-kem-768') : generateKeyPairSync('ml-kem-1024');
  return {
    group,
    public: concatBytes(classic.public, publicKey.export({ format: 'raw-public' })),
    secret: guarded((theirs) =>
      concatBytes(classic.secret(theirs.subarray(0, point)), decapsulate(privateKey, theirs.subarray(point))),
    ),
  };
}
