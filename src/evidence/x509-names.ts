/** Names in certificates: which hosts they cover (RFC 9525 §6.3), and whether a CA may name them (RFC 5280 §4.2.1.10). */
import type { GeneralSubtree } from 'pkijs';
import { equalBytes } from '../bytes/compare.ts';
import { addressBytes } from './address.ts';
import { NAME_TYPE, octetsOf, type Issued } from './x509.ts';

type Named = Pick<Issued, 'dnsNames' | 'addresses'>;

/** Whether a certificate is made out to a host name or IP address; common names do not count. */
export function isFor({ dnsNames, addresses }: Named, host: string): boolean {
  const address = addressBytes(host);
  if (address !== undefined) return addresses.some((each) => equalBytes(each, address));
  return dnsNames.some((name) => covers(plain(name), plain(host)));
}

/** Whether it is made out to this one host, and nothing else could show the same certificate under another name. */
export function isForNothingElse({ dnsNames, addresses }: Named): boolean {
  return dnsNames.length + addresses.length <= 1 && dnsNames.every((name) => !name.includes('*'));
}

/** A star stands for exactly one label, the first, with two more behind it at least. */
function covers(pattern: string, host: string): boolean {
  if (!pattern.includes('*')) return pattern === host;
  const [first, ...rest] = pattern.split('.');
  const [label = '', ...others] = host.split('.');
  return (
    first === '*' &&
    rest.length >= 2 &&
    label !== '' &&
    rest.join('.') === others.join('.') &&
    !pattern.includes('*', 1)
  );
}

/** Lower case, without the dot of the root. */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** A name that a CA may not certify; undefined when its constraints allow all names of a certificate. */
export function forbiddenName(ca: Issued, { dnsNames, addresses }: Named): string | undefined {
  const dns = constraintsOf(ca, NAME_TYPE.dns).map(({ value, ...rest }) => ({
    ...rest,
    value: plain(String(value)),
  }));
  const ip = constraintsOf(ca, NAME_TYPE.ip).map(({ value, ...rest }) => ({
    ...rest,
    value: octetsOf(value),
  }));
  return (
    dnsNames.find((name) => !allowed(dns, (value, permits) => isBelow(plain(name), value, permits))) ??
    addresses.find((each) => !allowed(ip, (value) => isInside(each, value)))?.join('.')
  );
}

interface Constraint<T> {
  readonly permits: boolean;
  readonly value: T;
}

function constraintsOf({ permitted, excluded }: Issued, type: number): readonly Constraint<unknown>[] {
  const of = (subtrees: readonly GeneralSubtree[], permits: boolean): readonly Constraint<unknown>[] =>
    subtrees.flatMap(({ base }) => (base.type === type ? [{ permits, value: base.value }] : []));
  return [...of(permitted, true), ...of(excluded, false)];
}

/** In one of the permitted subtrees, where there are some, and in none of the excluded ones. */
function allowed<T>(
  constraints: readonly Constraint<T>[],
  matches: (value: T, permits: boolean) => boolean,
): boolean {
  const some = (permits: boolean): boolean =>
    constraints.some((each) => each.permits === permits && matches(each.value, permits));
  return !some(false) && (some(true) || constraints.every(({ permits }) => !permits));
}

/** `a.example` and all below it are in `example`; a star that could stand for something excluded counts as that. */
function isBelow(name: string, constraint: string, permits: boolean): boolean {
  const base = constraint.replace(/^\./, '');
  if (base === '' || (name === base && !constraint.startsWith('.')) || name.endsWith(`.${base}`)) return true;
  return (
    !permits &&
    name.startsWith('*.') &&
    base.endsWith(name.slice(1)) &&
    !base.slice(0, -name.length + 1).includes('.')
  );
}

/** `range`: an address and its mask. */
function isInside(address: Uint8Array, range: Uint8Array): boolean {
  if (range.length !== 2 * address.length) return false;
  return address.every((byte, i) => ((byte ^ (range[i] ?? 0)) & (range[address.length + i] ?? 0)) === 0);
}
