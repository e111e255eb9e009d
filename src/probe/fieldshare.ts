/**
 * Key shares of the groups ffdhe2048 to ffdhe8192 (RFC 7919, RFC 8446 §4.2.8.1). The primes are computed by the formula of
 * RFC 7919; OpenSSL does the arithmetic of the exchange.
 */
import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { concatBytes } from '../bytes/compare.ts';
import { guarded, type Share } from './keyshare.ts';

/** For each group: the bits of its prime, and the X of the formula (RFC 7919, appendix A). */
const PRIMES: ReadonlyMap<number, readonly [bits: number, x: number]> = new Map([
  [0x0100, [2_048, 560_316]],
  [0x0101, [3_072, 2_625_351]],
  [0x0102, [4_096, 5_736_041]],
  [0x0103, [6_144, 15_705_020]],
  [0x0104, [8_192, 10_965_728]],
]);

const two = (power: number): bigint => 1n << BigInt(power);

/** The prime of a group, big-endian; undefined for any other group. */
export function fieldPrime(group: number): Uint8Array | undefined {
  const [bits, x] = PRIMES.get(group) ?? [];
  if (bits === undefined || x === undefined) return undefined;
  const prime = two(bits) - two(bits - 64) + (eulerTimes(bits - 130) + BigInt(x)) * two(64) - 1n;
  return Uint8Array.fromHex(prime.toString(16));
}

/** A fresh share; undefined for any other group. The shares and the secret are as long as the prime. */
export function fieldShare(group: number): Share | undefined {
  const prime = fieldPrime(group);
  if (prime === undefined) return undefined;
  const { publicKey, privateKey } = generateKeyPairSync('dh', { prime: Buffer.from(prime), generator: 2 });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return {
    group,
    public: padded(publicValue(spki), prime.length),
    secret: guarded((theirs) => {
      if (theirs.length !== prime.length) throw new Error('a share of another length');
      const key = Buffer.from(withPublicValue(spki, theirs));
      const peer = createPublicKey({ key, format: 'der', type: 'spki' });
      return padded(diffieHellman({ privateKey, publicKey: peer }), prime.length);
    }),
  };
}

/** floor(2^bits · e), as the sum of 2^bits / k!. 64 further bits hold what the division cuts from each term. */
function eulerTimes(bits: number): bigint {
  let sum = 0n;
  for (let term = 1n << BigInt(bits + 64), k = 1n; term > 0n; term /= k, k++) sum += term;
  return sum >> 64n;
}

/** The two elements of a SubjectPublicKeyInfo of Diffie-Hellman: the algorithm with its parameters, and the bit string. */
function elementsOf(spki: Uint8Array): readonly [algorithm: Uint8Array, bits: Uint8Array] {
  const [body, end] = contentOf(spki, 0);
  const [, next] = contentOf(spki, body);
  return [spki.subarray(body, next), spki.subarray(next, end)];
}

/** Where the content of a DER element begins and ends (X.690 §8.1.3). */
function contentOf(der: Uint8Array, at: number): readonly [start: number, end: number] {
  const first = der[at + 1] ?? 0;
  const more = first < 0x80 ? 0 : first - 0x80;
  const length =
    more === 0 ? first : der.subarray(at + 2, at + 2 + more).reduce((sum, byte) => sum * 256 + byte, 0);
  const start = at + 2 + more;
  return [start, start + length];
}

/** The INTEGER in the bit string, whose first byte counts unused bits. */
function publicValue(spki: Uint8Array): Uint8Array {
  const [, bits] = elementsOf(spki);
  const [start] = contentOf(bits, 0);
  return bits.subarray(...contentOf(bits, start + 1));
}

function withPublicValue(spki: Uint8Array, value: Uint8Array): Uint8Array {
  const [algorithm] = elementsOf(spki);
  const bits = concatBytes(new Uint8Array(1), element(2, shortest(value)));
  return element(0x30, concatBytes(algorithm, element(3, bits)));
}

/** A positive number in the fewest bytes, as DER requires (X.690 §8.3.2). */
function shortest(value: Uint8Array): Uint8Array {
  const start = value.findIndex((byte) => byte !== 0);
  const number = value.subarray(start < 0 ? value.length - 1 : start);
  return (number[0] ?? 0) < 0x80 ? number : concatBytes(new Uint8Array(1), number);
}

/** One DER element, its length in the fewest bytes (X.690 §10.1). */
function element(tag: number, content: Uint8Array): Uint8Array {
  const size = content.length;
  const length =
    size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, Math.floor(size / 256), size % 256];
  return concatBytes(Uint8Array.of(tag, ...length), content);
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const number = bytes.subarray(Math.max(0, bytes.length - length));
  return concatBytes(new Uint8Array(length - number.length), number);
}
