/** Key shares of TLS 1.3 and SSH: what is sent, and the secret that the server's answer makes of it (RFC 8446 §7.4). */
import { createECDH, createPublicKey, decapsulate, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { concatBytes } from '../bytes/compare.ts';
import { Ended } from './wire.ts';

export interface Share {
  readonly group: number;
  readonly public: Uint8Array;
  /** Throws `Ended` for a share that is none. */
  secret(theirs: Uint8Array): Uint8Array;
}

const CURVES: ReadonlyMap<number, string> = new Map([
  [0x0017, 'prime256v1'],
  [0x0018, 'secp384r1'],
  [0x0019, 'secp521r1'],
]);

/** Bytes of an ML-KEM-768 ciphertext (FIPS 203); X25519MLKEM768 puts it before the X25519 share. */
const CIPHERTEXT = 1_088;

/** The group whose share is sent at once. */
export const FIRST_GROUP = 0x001d;

/** A fresh share; undefined for a group that is not known here. */
export function makeShare(group: number): Share | undefined {
  const curve = CURVES.get(group);
  if (curve !== undefined) return curveShare(group, curve);
  if (group === 0x001d) return x25519Share();
  return group === 0x11ec ? hybridShare() : undefined;
}

function curveShare(group: number, curve: string): Share {
  const ecdh = createECDH(curve);
  return { group, public: ecdh.generateKeys(), secret: guarded((theirs) => ecdh.computeSecret(theirs)) };
}

function x25519Share(): Share {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return {
    group: 0x001d,
    public: publicKey.export({ format: 'raw-public' }),
    secret: guarded((theirs) => {
      const key = { key: Buffer.from(theirs), format: 'raw-public', asymmetricKeyType: 'x25519' } as const;
      return diffieHellman({ privateKey, publicKey: createPublicKey(key) });
    }),
  };
}

/** draft-ietf-tls-ecdhe-mlkem: the ML-KEM part comes first in shares and in the secret. */
function hybridShare(): Share {
  const { publicKey, privateKey } = generateKeyPairSync('ml-kem-768');
  const classic = x25519Share();
  return {
    group: 0x11ec,
    public: concatBytes(publicKey.export({ format: 'raw-public' }), classic.public),
    secret: guarded((theirs) =>
      concatBytes(
        decapsulate(privateKey, theirs.subarray(0, CIPHERTEXT)),
        classic.secret(theirs.subarray(CIPHERTEXT)),
      ),
    ),
  };
}

function guarded(agree: (theirs: Uint8Array) => Uint8Array): (theirs: Uint8Array) => Uint8Array {
  return (theirs) => {
    try {
      return agree(theirs);
    } catch {
      throw new Ended('garbage', "the server's key share is none of its group");
    }
  };
}
