/**
 * Finds texts that were generated at random: the last resort, for a secret with neither a known form nor a telling
 * name.
 */

/** Bits a character that tokens have more of. */
const BITS = 4.3;
/** Of two neighbours, how often one is of another class (small, capital, digit) than the other: words have less. */
const MIXED = 0.25;
const VERY_MIXED = 0.4;

/** A UUID, or at least 32 hexadecimal digits. */
const HEX = /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,128})$/i;
const WORD = /^[A-Za-z0-9+/_=.~-]{16,512}$/;
/** Digests, which begin with their algorithm, and the base64 of certificates and public keys: no tokens. */
const DIGEST = /^(?:md5|sha(?:1|224|256|384|512)|h1)[-:=]|^(?:MII|AAAA)/i;
/** An AWS secret access key has this length, no padding, and any sign of base64. */
const AWS_LENGTH = 40;

/** Whether a text looks like a token. For texts whose name or place already suggests one. */
export function isOpaque(value: string): boolean {
  if (HEX.test(value)) return true;
  return WORD.test(value) && /[0-9]/.test(value) && /[A-Za-z]/.test(value) && changesIn(value) >= MIXED;
}

/**
 * Whether a text is one long word of more than 4.3 bits a character that mixes letters of both cases and digits, as
 * tokens do. Digests, identifiers and paths have less of one or another.
 */
export function isRandom(value: string): boolean {
  if (DIGEST.test(value) || !/^[A-Za-z0-9+/_-]{24,512}={0,2}$/.test(value) || /^[0-9a-f-]+$/i.test(value))
    return false;
  if (!/[a-z]/.test(value) || !/[A-Z]/.test(value) || !/[0-9][^0-9]*[0-9]/.test(value)) return false;
  // A path has slashes too.
  if (value.includes('/') && (value.length !== AWS_LENGTH || changesIn(value) < VERY_MIXED)) return false;
  return bitsOf(value) > BITS;
}

function bitsOf(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}

/** The share of neighbours that are of two classes. What separates words is of the class before it. */
function changesIn(value: string): number {
  let changes = 0;
  let last: string | undefined;
  for (const character of value) {
    const now = /[a-z]/.test(character)
      ? 'a'
      : /[A-Z]/.test(character)
        ? 'A'
        : /[0-9]/.test(character)
          ? '0'
          : last;
    if (last !== undefined && now !== last) changes += 1;
    last = now;
  }
  return changes / value.length;
}
