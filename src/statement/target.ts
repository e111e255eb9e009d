/**
 * Where a subject is found and who must sign there: the identity of its targets (spec/statements.md §3). A signature by
 * anybody else proves nothing about them.
 */
import { equalBytes } from '../bytes/compare.ts';
import { isCborMap } from '../bytes/cbor.ts';
import { formatHex } from '../bytes/text.ts';
import { array, bytes, checked, record, text, uint, wrong, type Of, type Schema } from './schema.ts';
import { distinct, inside, sha256 } from './vocabulary.ts';

/** Most authorities of one target. */
const MAX_AUTHORITIES = 16;

/** A TLS key: SHA-256 of its DER SubjectPublicKeyInfo. */
const tlsKey = record({ spki: sha256 });
/** An SSH host key: SHA-256 of its blob, which `ssh-keygen -l` prints as base64 after `SHA256:`. */
const sshKey = record({ ssh: sha256 });
/** Any key that a CA certifies for a host name or IP address. `ca`: its index in `authorities`. */
const certified = record({
  ca: uint(MAX_AUTHORITIES - 1),
  host: text(1, 253, { pattern: /^[A-Za-z0-9._:-]+$/, says: 'a host name or an IP address' }),
});

/** Who may sign for a locator. */
export type Identity = Of<typeof tlsKey> | Of<typeof sshKey> | Of<typeof certified>;

const identity: Schema<Identity> = {
  parse(value, at) {
    const has = (name: string): boolean => isCborMap(value) && value.has(name);
    if (has('spki')) return tlsKey.parse(value, at);
    return has('ssh') ? sshKey.parse(value, at) : certified.parse(value, at);
  },
  encode(value) {
    if ('spki' in value) return tlsKey.encode(value);
    return 'ssh' in value ? sshKey.encode(value) : certified.encode(value);
  },
};

/** `at`: `host:port`, a URL, a path. Evidence of class E3 about it must be signed by one of `identity`. */
const locator = record({ at: text(1, 512) }, { identity: array(identity, 16, 1) });
type Locator = Of<typeof locator>;

const targetFields = record(
  {},
  {
    owner: text(1, 256),
    locators: array(locator, 64, 1),
    /** DER certificates of CAs, which servers do not send along. */
    authorities: array(bytes(1, 8_192), MAX_AUTHORITIES, 1),
  },
);
export type Target = Of<typeof targetFields>;

export const target: Schema<Target> = checked(targetFields, ({ locators = [], authorities = [] }, at) => {
  distinct(locators, (each) => each.at, inside(at, 'locators'));
  distinct(authorities, (each) => formatHex(each), inside(at, 'authorities'));
  const used = new Set<number>();
  for (const [i, { identity: each = [] }] of locators.entries()) {
    const place = `${inside(at, 'locators')}[${i}].identity`;
    distinct(each, wordOf, place);
    for (const one of each) {
      if (!('ca' in one)) continue;
      used.add(one.ca);
      if (one.ca >= authorities.length) throw wrong(place, `there is no authority number ${one.ca}`);
    }
  }
  const idle = authorities.findIndex((_, i) => !used.has(i));
  if (idle >= 0) throw wrong(`${inside(at, 'authorities')}[${idle}]`, 'no identity names it');
});

/** One text for one identity. */
function wordOf(one: Identity): string {
  if ('spki' in one) return `spki ${formatHex(one.spki)}`;
  return 'ssh' in one ? `ssh ${formatHex(one.ssh)}` : `ca ${one.ca} ${one.host.toLowerCase()}`;
}

/** An identity with the CA's certificate in its place. */
export type ResolvedIdentity =
  Exclude<Identity, { readonly ca: number }> | { readonly ca: Uint8Array; readonly host: string };

/** Who may sign for the locator `at`; nobody if the target does not list it with identities. */
export function identitiesOf(
  { locators = [], authorities = [] }: Target,
  at: string,
): readonly ResolvedIdentity[] {
  const found = locators.find((each) => each.at === at)?.identity ?? [];
  return found.flatMap((one): readonly ResolvedIdentity[] => {
    if (!('ca' in one)) return [one];
    const ca = authorities[one.ca];
    return ca === undefined ? [] : [{ ca, host: one.host }];
  });
}

/** Whether two identities are the same. */
export function sameIdentity(a: ResolvedIdentity, b: ResolvedIdentity): boolean {
  if ('spki' in a) return 'spki' in b && equalBytes(a.spki, b.spki);
  if ('ssh' in a) return 'ssh' in b && equalBytes(a.ssh, b.ssh);
  return 'ca' in b && equalBytes(a.ca, b.ca) && a.host.toLowerCase() === b.host.toLowerCase();
}

/** A target with these identities in the place of its own; the inverse of `identitiesOf`. */
export function withIdentities(
  { owner, locators = [] }: Target,
  identities: ReadonlyMap<string, readonly ResolvedIdentity[]>,
): Target {
  const authorities: Uint8Array[] = [];
  const indexOf = (ca: Uint8Array): number => {
    const known = authorities.findIndex((each) => equalBytes(each, ca));
    return known >= 0 ? known : authorities.push(ca) - 1;
  };
  const named = locators.map(({ at }): Locator => {
    const each = (identities.get(at) ?? []).map((one): Identity =>
      'ca' in one ? { ca: indexOf(one.ca), host: one.host } : one,
    );
    return each.length === 0 ? { at } : { at, identity: each };
  });
  return {
    ...(owner !== undefined && { owner }),
    ...(named.length > 0 && { locators: named }),
    ...(authorities.length > 0 && { authorities }),
  };
}
