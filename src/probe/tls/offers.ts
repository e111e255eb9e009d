/**
 * The hellos that find out whether a server accepts one version: first one whose answer is read up to the signature, then as
 * few as servers take that together offer everything registered (evidence/tls-refusal.ts).
 */
import {
  GROUPS,
  isFieldSuite,
  registeredSuites,
  SUITES,
  TLS_VERSIONS,
  type TlsVersion,
} from '../../evidence/tls-names.ts';
import { fullGroups, fullSchemes } from '../../evidence/tls-refusal.ts';
import { SCHEMES } from '../../evidence/tls-scheme.ts';
import type { Offer } from './hello.ts';

/** Most suites of one hello: wolfSSL breaks off when there are more than 150 (WOLFSSL_MAX_SUITE_SZ). */
const MAX_SUITES = 150;

/** Groups of today's clients, offered when both new versions are. */
const USUAL_GROUPS = [0x11ec, 0x001d, 0x0017, 0x0018, 0x0019];

export interface Wanted {
  /** Suites that may be offered, by number. */
  readonly suites: ReadonlySet<number>;
  readonly serverName: string | undefined;
}

/** Both new versions in one hello, as today's clients send it. */
export function usualOffer(versions: readonly TlsVersion[], { suites, serverName }: Wanted): Offer {
  const known = [
    ...(versions.includes('TLSv1.3') ? SUITES.tls13 : []),
    ...(versions.includes('TLSv1.2') ? SUITES.signed : []),
  ];
  const groups = versions.includes('TLSv1.3') ? USUAL_GROUPS : USUAL_GROUPS.filter(isCurve);
  const offered = known.filter((code) => suites.has(code));
  return { versions, suites: offered, groups, schemes: [...SCHEMES.keys()], serverName, wide: false };
}

/** The hellos about one version alone, in their order; none has no suite. */
export function offersOf(version: TlsVersion, wanted: Wanted): readonly Offer[] {
  const first = TLS_VERSIONS[version] < TLS_VERSIONS['TLSv1.2'] ? [] : [readOffer(version, wanted)];
  return [...first, ...fullOffers(version, wanted)].filter(({ suites }) => suites.length > 0);
}

/** All suites, groups and schemes of a version that can be verified here. */
function readOffer(version: TlsVersion, wanted: Wanted): Offer {
  const groups = [...GROUPS.keys()].filter((code) => version === 'TLSv1.3' || isCurve(code));
  return { ...usualOffer([version], wanted), groups };
}

/** Everything registered for a version that may be offered, in hellos of at most 150 suites. */
export function fullOffers(version: TlsVersion, { suites, serverName }: Wanted): readonly Offer[] {
  const all = registeredSuites(version).filter((code) => suites.has(code));
  const offer = (codes: readonly number[], field: boolean): Offer => ({
    versions: [version],
    suites: codes,
    groups: fullGroups(version, field),
    schemes: fullSchemes(),
    serverName,
    wide: true,
  });
  if (version === 'TLSv1.3') return all.length === 0 ? [] : [offer(all, true)];
  const field = all.filter(isFieldSuite);
  const others = all.filter((code) => !isFieldSuite(code));
  const room = MAX_SUITES - field.length;
  const offers = [offer(ordered([...others.slice(0, room), ...field]), false)];
  if (field.length > 0) offers.push(offer([...field, ...others.slice(room, 2 * room)], true));
  for (let at = field.length > 0 ? 2 * room : room; at < others.length; at += MAX_SUITES)
    offers.push(offer(others.slice(at, at + MAX_SUITES), true));
  return offers.filter((each) => each.suites.length > 0);
}

/** In order of preference. */
function ordered(codes: readonly number[]): readonly number[] {
  const rank = new Map(registeredSuites('TLSv1.2').map((code, i) => [code, i]));
  return codes.toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
}

/** An elliptic curve that TLS 1.2 can name. */
function isCurve(code: number): boolean {
  return code < 0x1f;
}
