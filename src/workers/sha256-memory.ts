/**
 * The layout of the SHA-256 kernel's memory, and its constants, computed as FIPS 180-4 defines them (§4.2.2, §5.3.3,
 * §6.2.2).
 */

/** Bytes in one block of SHA-256's input. */
export const BLOCK = 64;
/** Blocks of the longest message the kernel takes: measured, OpenSSL is quicker from 600 … 700 bytes on. */
export const MAX_BLOCKS = 11;
/** Most messages in one call. */
export const MAX_ROWS = 1024;
/** Bytes between the padded copies of four messages: their blocks, and one that zero-filling may reach. */
export const LANE = (MAX_BLOCKS + 1) * BLOCK;
/** Bytes of a slot: a message's offset in the area, its length, its row's offset; 32 bits each. */
export const SLOT = 12;

/** Offsets in bytes. */
export const AT = {
  /** K_0 … K_63, and the hash every message starts from. */
  k: 0,
  h0: 256,
  /** The latest 16 words of the schedule and the hash so far: vectors of four lanes. */
  schedule: 512,
  state: 768,
  /** Where each lane's padded message ends. */
  ends: 896,
  lanes: 1024,
  slots: 4096,
  /** Digests of messages. */
  rows: 16_384,
  /** K_t + W_t of a node's second block, 64 words for each value of its last byte. */
  table: 65_536,
  /** What a call works on: pairs of hashes, or messages back to back. */
  area: 131_072,
} as const;
export const AREA_LENGTH = 65_536;
/** Memory in units of 64 KiB. */
export const PAGES = 3;

/** The first 32 bits of a number's fraction. */
const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 2 ** 32);

const ROUNDS = 64;
const PRIMES = firstPrimes(ROUNDS);
/** The fractions of the cube roots of the first 64 primes (§4.2.2). */
const K = Uint32Array.from(PRIMES, (p) => fraction(Math.cbrt(p)));
/** The fractions of the square roots of the first 8 primes (§5.3.3). */
const H0 = Uint32Array.from(PRIMES.slice(0, 8), (p) => fraction(Math.sqrt(p)));

function firstPrimes(count: number): readonly number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((p) => n % p !== 0)) primes.push(n);
  return primes;
}

/** Writes the constants into the kernel's memory. */
export function fillConstants(words: Uint32Array): void {
  words.set(K, AT.k / 4);
  words.set(H0, AT.h0 / 4);
  for (let byte = 0; byte < 256; byte++) words.set(lastBlock(byte), AT.table / 4 + ROUNDS * byte);
}

const rotated = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

/** K_t + W_t of a 65-byte message's second block, whose only byte of the message is `byte` (§6.2.2 step 1). */
function lastBlock(byte: number): Uint32Array {
  const w = new Uint32Array(ROUNDS);
  const at = (t: number): number => w[t] ?? 0;
  w[0] = byte * 2 ** 24 + 0x80_0000;
  w[15] = 65 * 8;
  for (let t = 16; t < ROUNDS; t++) {
    const [x, y] = [at(t - 15), at(t - 2)];
    const sigma0 = rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3);
    const sigma1 = rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10);
    w[t] = sigma1 + at(t - 7) + sigma0 + at(t - 16);
  }
  return w.map((word, t) => word + (K[t] ?? 0));
}
