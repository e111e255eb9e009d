/**
 * Makes the hellos that find out whether a server accepts one version. The answer to the first can be read up to the signature.
 * The others together offer everything registered for the version (evidence/tls-refusal.ts), in as few hellos as servers take.
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

/** Most suites of one hello. wolfSSL breaks off if there are more than 150 (WOLFSSL_MAX_SUITE_SZ). */
const MAX_SUITES = 150;

/** Groups that today's clients offer. */
const USUAL_GROUPS = [0x11ec, 0x001d, 0x0017, 0x0018, 0x0019];

export interface Wanted {
  /** Suites that may be offered, by number. */
  readonly suites: ReadonlySet<number>;
  readonly serverName: string | undefined;
}

/** One hello with these versions, as today's clients send it. */
export function usualOffer(versions: readonly TlsVersion[], { suites, serverName }: Wanted): Offer {
  const known = [
    ...(versions.includes('TLSv1.3') ? SUITES.tls13 : []),
    ...(versions.includes('TLSv1.2') ? SUITES.signed : []),
  ];
  const groups = versions.includes('TLSv1.3') ? USUAL_GROUPS : USUAL_GROUPS.filter(isCurve);
  const offered = known.filter((code) => suites.has(code));
  return { versions, suites: offered, groups, schemes: [...SCHEMES.keys()], serverName, wide: false };
}

/** The hellos for one version, in the order in which they are sent. Each offers at least one suite. */
export function offersOf(version: TlsVersion, wanted: Wanted): readonly Offer[] {
  const first = TLS_VERSIONS[version] < TLS_VERSIONS['TLSv1.2'] ? [] : [readOffer(version, wanted)];
  return [...first, ...fullOffers(version, wanted)].filter(({ suites }) => suites.length > 0);
}

/** The hello with all suites, groups and schemes of a version that can be verified here. */
function readOffer(version: TlsVersion, wanted: Wanted): Offer {
  const groups = [...GROUPS.keys()].filter((code) => version === 'TLSv1.3' || isCurve(code));
  return { ...usualOffer([version], wanted), groups };
}

/** Hellos of at most 150 suites that together offer everything registered for a version, as far as the claim allows. */
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

/** Suites in the order of preference. */
function ordered(codes: readonly number[]): readonly number[] {
  const rank = new Map(registeredSuites('TLSv1.2').map((code, i) => [code, i]));
  return codes.toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
}

/** Whether a group is an elliptic curve that TLS 1.2 can name. */
function isCurve(code: number): boolean {
  return code < 0x1f;
}
