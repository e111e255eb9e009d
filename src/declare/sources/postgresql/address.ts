/** Addresses of pg_hba.conf in one spelling: a network as CIDR, names in lower case. */
import type { Token } from './tokens.ts';

/** Bytes of an IPv4 or IPv6 address in the common notations; undefined for any other text. */
function bytesOf(text: string): readonly number[] | undefined {
  if (/^(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})$/.test(text)) {
    const bytes = text.split('.').map(Number);
    return bytes.every((each) => each < 256) ? bytes : undefined;
  }
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text) || !text.includes(':') || !URL.canParse(`http://[${text}]/`))
    return undefined;
  const plain = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::', 2);
  const [left, right] = [partsOf(head), partsOf(tail ?? '')];
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...(tail === undefined ? [] : zeros), ...right].flatMap((part) => {
    const value = Number.parseInt(part, 16);
    return [value >> 8, value & 255];
  });
}

function partsOf(half: string): readonly string[] {
  return half === '' ? [] : half.split(':');
}

function textOf(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const parts = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${parts.join(':')}]/`).hostname.slice(1, -1);
}

/** How many bits of a mask are set, if all of them come first. */
function prefixOf(mask: readonly number[]): number | undefined {
  const bits = mask.map((each) => each.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.replaceAll('0', '').length : undefined;
}

function network(bytes: readonly number[], mask: readonly number[]): readonly number[] {
  return bytes.map((each, i) => each & (mask[i] ?? 0));
}

function maskOf(prefix: number, length: number): readonly number[] {
  return Array.from({ length }, (_, i) => 256 - 2 ** (8 - Math.min(8, Math.max(0, prefix - 8 * i))));
}

/** An address, or what is wrong with it, in words that continue "the address". */
export type Address = { readonly text: string } | { readonly fault: string };

/** Whether an address is followed by a field with its mask. */
export function takesMask({ text, quoted }: Token): boolean {
  return !text.includes('/') && !(isWord(text) && !quoted) && bytesOf(text) !== undefined;
}

function isWord(text: string): boolean {
  return text === 'all' || text === 'samehost' || text === 'samenet';
}

/**
 * An address in one spelling. The server compares the bits of the prefix alone, so the others are set to zero. A mask with holes
 * stays beside its address.
 */
export function addressOf(token: Token, mask: Token | undefined): Address {
  const { text, quoted } = token;
  if (isWord(text)) return { text: quoted ? `"${text}"` : text };
  const [plain = '', length] = text.split('/', 2);
  const bytes = bytesOf(plain);
  if (bytes === undefined) return nameOf(text);
  if (mask === undefined) {
    const prefix = /^(?:0|[1-9][0-9]{0,2})$/.test(length ?? '') ? Number(length) : Number.NaN;
    if (!(prefix <= bytes.length * 8))
      return { fault: `has no prefix length from 0 to ${bytes.length * 8} after its /` };
    return { text: `${textOf(network(bytes, maskOf(prefix, bytes.length)))}/${prefix}` };
  }
  const bits = bytesOf(mask.text);
  if (bits?.length !== bytes.length)
    return { fault: 'has a mask that is none; write the address as 192.0.2.0/24' };
  const prefix = prefixOf(bits);
  const base = textOf(network(bytes, bits));
  return { text: prefix === undefined ? `${base} ${textOf(bits)}` : `${base}/${prefix}` };
}

/** A name of a host. The server compares names without case; one that begins with a dot stands for those below it. */
function nameOf(text: string): Address {
  // The server reads `10` and `127.1` as addresses as inet_aton does, which nobody means.
  if (/^[0-9.]+(?:\/.*)?$|^0[xX]/.test(text) || text.includes(':'))
    return {
      fault:
        'is written in a form that is read in several ways; write four numbers, or IPv6, and a prefix length',
    };
  if (text.includes('/'))
    return {
      fault: 'is a name with a prefix length, which the server refuses; write an address, or the name alone',
    };
  if (!/^[A-Za-z0-9_.-]{1,253}$/.test(text) && !/^[\p{L}\p{N}_.-]{1,253}$/u.test(text))
    return { fault: 'is no address and no name of a host' };
  return { text: text.toLowerCase() };
}
