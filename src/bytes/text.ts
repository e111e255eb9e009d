/**
 * Strict text forms: parse, print again, compare. What does not print back to itself is refused, so
 * that one value has one spelling (x/mod's habit; `007`, `+7`, url-safe or unpadded base64 all fail).
 */
import { plain } from './brand.ts';
import { refuse } from './refusal.ts';
import { readBase64, readHex, writeBase64, writeHex, type Base64Alphabet } from './textfallback.ts';

// Node 20 to 24 and older browsers have no hex and base64 of their own and use `textfallback.ts`. The functions are looked up
// by name, since the types say that they are always there.
const hasNative = 'fromBase64' in Uint8Array && 'fromHex' in Uint8Array && 'toHex' in Uint8Array.prototype;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Why a text that JSON, YAML or a program made has no UTF-8; completes a refusal that names the place. */
export const HALF_A_PAIR =
  'half of a surrogate pair (one of \\uD800 to \\uDFFF alone), which no text is; write the whole character, or \\uFFFD';

/** UTF-8 bytes of a string. A lone surrogate is a bug of the caller: TypeError. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  if (!text.isWellFormed()) throw new TypeError('text has a lone surrogate');
  return encoder.encode(text);
}

/** String of UTF-8 bytes; refuses bad UTF-8 and keeps a BOM, so that the text encodes back to the bytes. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(plain(bytes)); // a browser's decoder takes no shared memory
  } catch {
    throw refuse('malformed-text', 'the text is not valid UTF-8');
  }
}

/** Lower-case hex. */
export function formatHex(bytes: Uint8Array): string {
  return hasNative ? bytes.toHex() : writeHex(bytes);
}

/** Bytes of lower-case hex of even length. */
export function parseHex(text: string): Uint8Array<ArrayBuffer> {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) {
    throw refuse('malformed-text', 'expected lower-case hexadecimal of even length');
  }
  return hasNative ? Uint8Array.fromHex(text) : readHex(text);
}

/** Standard padded base64 (RFC 4648 §4). */
export function formatBase64(bytes: Uint8Array): string {
  return hasNative ? bytes.toBase64() : writeBase64(bytes, 'base64');
}

/** Bytes of standard, padded base64 without line breaks (RFC 4648 §4). */
export function parseBase64(text: string): Uint8Array<ArrayBuffer> {
  return parseBase64In(text, 'base64');
}

/** Unpadded base64url (RFC 4648 §5). */
export function formatBase64Url(bytes: Uint8Array): string {
  return hasNative
    ? bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
    : writeBase64(bytes, 'base64url');
}

/** Bytes of unpadded base64url (RFC 4648 §5). */
export function parseBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return parseBase64In(text, 'base64url');
}

function parseBase64In(text: string, alphabet: Base64Alphabet): Uint8Array<ArrayBuffer> {
  const bytes = hasNative ? nativeBase64(text, alphabet) : readBase64(text, alphabet);
  if (bytes === undefined) throw refuse('malformed-text', `expected ${alphabet} text`);
  const again = alphabet === 'base64' ? formatBase64(bytes) : formatBase64Url(bytes);
  if (again !== text) throw refuse('malformed-text', `the ${alphabet} text is not in canonical form`);
  return bytes;
}

function nativeBase64(text: string, alphabet: Base64Alphabet): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(text, { alphabet });
  } catch {
    return undefined;
  }
}

/** A non-negative integer up to 2^53−1, ASCII digits without leading zeros. */
export function parseDecimal(text: string): number {
  const n = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(n) || String(n) !== text) {
    throw refuse('malformed-text', 'expected a decimal number without sign or leading zeros, at most 2^53-1');
  }
  return n;
}
