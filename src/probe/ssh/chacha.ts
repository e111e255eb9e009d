/**
 * The cipher chacha20-poly1305@openssh.com (PROTOCOL.chacha20poly1305 of OpenSSH; RFC 8439 §2.5 for Poly1305). The length of a
 * packet is encrypted with a key of its own, and the tag covers the encrypted length and packet. The nonce is the packet's number.
 */
import { createCipheriv, timingSafeEqual } from 'node:crypto';
import { bigEndian } from '../../bytes/cursor.ts';

export const CHACHA = 'chacha20-poly1305@openssh.com';

/** Bytes of the two keys together. */
export const CHACHA_KEY = 64;
/** Bytes of a tag. */
export const CHACHA_TAG = 16;

/** The cipher for one direction. `key`: 64 bytes, first the key of packets and then the key of lengths. */
export class ChaCha {
  readonly #packets: Uint8Array;
  readonly #lengths: Uint8Array;

  constructor(key: Uint8Array) {
    this.#packets = key.subarray(0, 32);
    this.#lengths = key.subarray(32, CHACHA_KEY);
  }

  /** Encrypts or decrypts the four bytes of a length. */
  length(number: number, bytes: Uint8Array): Uint8Array {
    return stream(this.#lengths, number, 0, bytes);
  }

  /** Encrypts or decrypts the rest of a packet. */
  body(number: number, bytes: Uint8Array): Uint8Array {
    return stream(this.#packets, number, 1, bytes);
  }

  /** The tag of a packet. `sent`: its length and the rest, both encrypted. */
  tag(number: number, sent: Uint8Array): Uint8Array {
    return poly1305(stream(this.#packets, number, 0, new Uint8Array(32)), sent);
  }

  isTag(number: number, sent: Uint8Array, tag: Uint8Array): boolean {
    return timingSafeEqual(this.tag(number, sent), tag);
  }
}

/** Applies the key stream of ChaCha20, from one block on. The nonce of 64 bits is the packet's number. */
function stream(key: Uint8Array, number: number, block: number, bytes: Uint8Array): Uint8Array {
  const iv = new Uint8Array(16);
  iv[0] = block;
  iv.set(bigEndian(number, 4), 12);
  return new Uint8Array(createCipheriv('chacha20', key, iv).update(bytes));
}

const PRIME = (1n << 130n) - 5n;
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** Poly1305 (RFC 8439 §2.5). It does not take constant time; each key is used for one packet, so timing reveals nothing useful. */
export function poly1305(key: Uint8Array, message: Uint8Array): Uint8Array {
  const r = littleEndian(key.subarray(0, 16)) & CLAMP;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * r) % PRIME;
  }
  const tag = BigInt.asUintN(128, sum + littleEndian(key.subarray(16, 32)));
  return Uint8Array.from({ length: 16 }, (_, i) => Number((tag >> BigInt(8 * i)) & 0xffn));
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.toReversed().toHex() || '0'}`);
}
