/**
 * Hex and base64 (RFC 4648) without `Uint8Array.fromHex`, `toBase64` and their kin, which Node has from 25 on. Only
 * `text.ts` calls these, where the platform lacks its own; it checks what is read by printing it again.
 */

export type Base64Alphabet = 'base64' | 'base64url';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const COMMON = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const DIGITS: Readonly<Record<Base64Alphabet, string>> = { base64: `${COMMON}+/`, base64url: `${COMMON}-_` };
const VALUES = {
  base64: new Map(Array.from(DIGITS.base64, (digit, value) => [digit, value])),
  base64url: new Map(Array.from(DIGITS.base64url, (digit, value) => [digit, value])),
};

/** Lower-case hex. */
export function writeHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** Bytes of hex digits, an even number of them; the caller has checked both. */
export function readHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: text.length / 2 }, (_, at) =>
    Number.parseInt(text.slice(2 * at, 2 * at + 2), 16),
  );
}

/** Base64 with padding, or base64url without. */
export function writeBase64(bytes: Uint8Array, alphabet: Base64Alphabet): string {
  const digits = DIGITS[alphabet];
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const group = (a << 16) | (b << 8) | c;
    for (const shift of [18, 12, 6, 0]) text += digits.charAt((group >> shift) & 63);
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  const kept = missing === 0 ? text : text.slice(0, -missing);
  return alphabet === 'base64' ? kept + '='.repeat(missing) : kept;
}

/**
 * Bytes of base64 or base64url; undefined for a character of neither. Padding and the unused bits of the last digit are
 * not judged here: a text that prints back otherwise is not canonical.
 */
export function readBase64(text: string, alphabet: Base64Alphabet): Uint8Array<ArrayBuffer> | undefined {
  const values = VALUES[alphabet];
  const digits = text.replace(/={1,2}$/, '');
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let group = 0;
  let bits = 0;
  let at = 0;
  for (const digit of digits) {
    const value = values.get(digit);
    if (value === undefined) return undefined;
    group = ((group << 6) | value) & 0xfff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (group >> bits) & 0xff;
    }
  }
  return bytes;
}
