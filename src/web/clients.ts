/** What counts as one client: an IPv4 address, or an IPv6 /64, the least that a customer gets (RFC 6177 §2). */
import { isIPv6 } from 'node:net';

/**
 * The name of a client by its address. An IPv4 address in IPv6 form (`::ffff:192.0.2.1`) counts as the IPv4 address.
 */
export function clientOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = (address.split('%')[0] ?? '').split('::', 2);
  const [before, after] = [groups(head), groups(tail)];
  const whole = address.includes('::')
    ? [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after]
    : before;
  const prefix = whole.slice(0, 4).map((group) => parseInt(group, 16).toString(16));
  return `${prefix.join(':')}::/64`;
}

/** The groups of 16 bits that stand in a part of an address. */
function groups(text: string): readonly string[] {
  return text === '' ? [] : text.split(':');
}
