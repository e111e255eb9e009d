/**
 * Decides when a server has refused a version of TLS. Nobody signs a refusal, so the rule looks at what the server was
 * asked. One `protocol_version` alert is enough, since it names the version. Any other negative answer may be about a
 * suite, a group or a signature scheme. It counts only if every registered one was offered, by hellos of that version,
 * to a server that is alive. The offers are read from the bytes of the hellos, not from what a probe meant to offer.
 */
import { parseClientHello, type ClientHello } from './tls-hello.ts';
import { FIELD_GROUPS, isFieldSuite, registeredSuites, TLS_VERSIONS, type TlsVersion } from './tls-names.ts';
import { GROUP_NAMES, REGISTRY_DATE, SCHEME_NAMES, SUITE_NAMES } from './tls-registry.ts';

/** Alerts that can refuse what was offered, and one that is taken for such (RFC 8446 §6.2). */
export const ALERT = {
  handshakeFailure: 40,
  protocolVersion: 70,
  insufficientSecurity: 71,
  internalError: 80,
} as const;

/**
 * How a server answered one hello, short of accepting it: a fatal alert, the end of the connection without a word, or a
 * ServerHello of an older version.
 */
export type Answer = { readonly alert: number } | 'closed' | 'older';

export interface AnsweredHello {
  /** The whole ClientHello message. */
  readonly hello: Uint8Array;
  readonly answer: Answer;
}

type Ruling =
  | { readonly refused: true }
  /** `why`: what is missing for a refusal. */
  | { readonly refused: false; readonly why: string };

/**
 * Judges what was asked of one version. `alive`: the server accepted a version under the same name in the same look, and
 * where it answered nothing at all, accepted it again afterwards. Throws the refusal of a hello that is none.
 */
export function judgeRefusal(version: TlsVersion, asked: readonly AnsweredHello[], alive: boolean): Ruling {
  const ofVersion = asked.map(({ hello, answer }) => ({ hello: parseClientHello(hello), answer }));
  const about = ofVersion.filter(({ hello }) => Math.max(...hello.versions) === TLS_VERSIONS[version]);
  if (about.some(({ answer }) => alertOf(answer) === ALERT.protocolVersion)) return { refused: true };
  const declined = about.filter(({ answer }) => isNo(answer)).map(({ hello }) => hello);
  const missing = notOffered(version, declined);
  if (missing !== undefined)
    return { refused: false, why: `not offered, or not answered with a refusal: ${missing}` };
  return alive
    ? { refused: true }
    : { refused: false, why: 'the server accepted no other version, so that it may be down or busy' };
}

/** Whether an answer is a refusal, if everything was offered. */
export function isNo(answer: Answer): boolean {
  const alert = alertOf(answer);
  return alert === undefined || alert === ALERT.handshakeFailure || alert === ALERT.insufficientSecurity;
}

function alertOf(answer: Answer): number | undefined {
  return typeof answer === 'object' ? answer.alert : undefined;
}

/**
 * What of a version is in none of the hellos, for people; undefined when nothing is. A hello counts only if it offers all
 * schemes and all groups (the elliptic ones at least) of the version with its suites, since a server needs all three to
 * match. Suites on Diffie-Hellman in a field must be there twice: a server that knows RFC 7919 takes its own group only
 * from clients that name none, and the registered groups only from clients that name them.
 */
function notOffered(version: TlsVersion, hellos: readonly ClientHello[]): string | undefined {
  const full = hellos.filter(({ groups, schemes }) => {
    const has = new Set(groups);
    return (
      fullGroups(version, false).every((code) => has.has(code)) &&
      fullSchemes().every((code) => schemes.includes(code))
    );
  });
  const named = suitesIn(full.filter(({ groups }) => FIELD_GROUPS.every((code) => groups.includes(code))));
  const unnamed = suitesIn(full.filter(({ groups }) => !groups.some(isField)));
  const all = registeredSuites(version);
  const missing = all.filter((code) => {
    if (version === 'TLSv1.3') return !named.has(code);
    return isFieldSuite(code)
      ? !named.has(code) || !unnamed.has(code)
      : !named.has(code) && !unnamed.has(code);
  });
  if (missing.length === 0) return undefined;
  const names = missing.slice(0, 3).map((code) => SUITE_NAMES.get(code) ?? '');
  const more = missing.length > names.length ? ', …' : '';
  return `${missing.length} of the ${all.length} suites of ${version} (IANA, ${REGISTRY_DATE}): ${names.join(', ')}${more}`;
}

const isField = (code: number): boolean => FIELD_GROUPS.some((field) => field === code);

const suitesIn = (hellos: readonly ClientHello[]): ReadonlySet<number> =>
  new Set(hellos.flatMap(({ suites }) => suites));

/** Every group that a version can use; `field`: with those of RFC 7919, which TLS 1.3 always has. */
export function fullGroups(version: TlsVersion, field: boolean): readonly number[] {
  return [...GROUP_NAMES.keys()].filter((code) => {
    if (version === 'TLSv1.3') return true;
    if (code >= 0x0100 && code <= 0x01ff) return field;
    return code < 0x1f || (code > 0x21 && code < 0x0100) || code >= 0xff00;
  });
}

/** Every scheme; which of them a version can use, a server knows. */
export function fullSchemes(): readonly number[] {
  return [...SCHEME_NAMES.keys()];
}
