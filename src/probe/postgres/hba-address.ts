/** The addresses that a rule of pg_hba.conf matches. */
import { BlockList, isIP } from 'node:net';
import { nameOrWithheld } from '../harmless.ts';

/** A range of addresses that a rule matches. `words`: a name, which matches whatever it resolves to when somebody connects. */
export type Portion =
  | { readonly family: 'ipv4' | 'ipv6'; readonly address: string; readonly prefix: number }
  | { readonly family: 'words'; readonly word: string };

/** Every address there is. */
export const EVERYWHERE: readonly Portion[] = [
  { family: 'ipv4', address: '0.0.0.0', prefix: 0 },
  { family: 'ipv6', address: '::', prefix: 0 },
];

/** The ranges of a rule in pg_hba_file_rules, which has an address and a netmask, a name, `all`, `samehost` or `samenet`. */
export function portionsOf(address: string, netmask: string): readonly Portion[] {
  if (address === 'all') return EVERYWHERE;
  const [plain = '', length] = address.split('/', 2);
  const version = isIP(plain);
  if (version === 0) return [{ family: 'words', word: address }];
  const prefix = length === undefined ? prefixOf(netmask, version) : Number(length);
  // A mask with holes has no prefix length. As a word it is equal only to the same mask.
  if (prefix === undefined) return [{ family: 'words', word: `${address} ${netmask}` }];
  return [{ family: version === 4 ? 'ipv4' : 'ipv6', address: plain, prefix }];
}

function prefixOf(netmask: string, version: number): number | undefined {
  if (isIP(netmask) !== version) return version === 4 ? 32 : 128;
  const bits = bitsOf(netmask, version);
  const ones = bits.indexOf('0') < 0 ? bits.length : bits.indexOf('0');
  return bits.slice(ones).includes('1') ? undefined : ones;
}

function bitsOf(address: string, version: number): string {
  if (version === 4)
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  const [head = '', tail] = address.split('::', 2);
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return [...left, ...(tail === undefined ? [] : zeros), ...right]
    .map((part) => Number.parseInt(part, 16).toString(2).padStart(16, '0'))
    .join('');
}

/** Whether `outer` contains all of `inner`. A name is contained only in the same name. */
export function covers(outer: Portion, inner: Portion): boolean {
  if (outer.family === 'words' || inner.family === 'words')
    return outer.family === 'words' && inner.family === 'words' && outer.word === inner.word;
  if (outer.family !== inner.family || outer.prefix > inner.prefix) return false;
  const block = new BlockList();
  block.addSubnet(outer.address, outer.prefix, outer.family);
  return block.check(inner.address, inner.family);
}

const MACHINE = new BlockList();
MACHINE.addSubnet('127.0.0.0', 8, 'ipv4');
MACHINE.addAddress('::1', 'ipv6');

/** `loopback` if all connections from these addresses stay on the machine. */
export function reachOf(portions: readonly Portion[]): 'loopback' | 'network' {
  const stays = (portion: Portion): boolean => {
    if (portion.family === 'words') return portion.word === 'samehost' || portion.word === 'localhost';
    const most = portion.family === 'ipv4' ? 8 : 128;
    return portion.prefix >= most && MACHINE.check(portion.address, portion.family);
  };
  return portions.every(stays) ? 'loopback' : 'network';
}

/** An address, a mask or a name, if it may leave the agent; otherwise the stand-in for a withheld name. */
export function addressOf(text: string): string {
  return /^[0-9a-fA-F:.]{0,45}(?:\/[0-9]{1,3})?$/.test(text) ? text : nameOrWithheld(text, 253);
}
