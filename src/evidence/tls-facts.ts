/** What transcripts of TLS show: as `tls@1` tells it of the server's certificate, and as much of it as the server signed. */
import type { Value, ValueMap } from '../claim/value.ts';
import type { SignedFact, VerifiedTls } from './tls-verify.ts';

const DAY = 86_400;

/** Paths, and the fact whose signature makes them E3. Of TLS 1.2 only the key itself is signed. */
export const certificateGrades: readonly (readonly [path: string, fact: SignedFact])[] = [
  ['/certificate', 'certificate'],
  ['/certificate/spki', 'key'],
  ['/certificate/keyType', 'key'],
  ['/certificate/keyBits', 'key'],
];

/** What is told of each certificate of a server, in `certificates`. */
export const TOLD_OF_EACH = [
  'keyType',
  'sha256',
  'notBefore',
  'notAfter',
  'daysLeft',
  'ageDays',
  'coversHost',
] as const;

/** `host`: the name it should be made out to. Times are POSIX seconds; `now` is in milliseconds. */
export function certificateValue(
  { certificate, chain, covers }: VerifiedTls,
  host: string,
  now: number,
): ValueMap {
  const { notBefore, notAfter } = certificate;
  const today = Math.floor(now / 1000);
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    names: certificate.names,
    serial: certificate.serial,
    notBefore,
    notAfter,
    daysLeft: Math.floor((notAfter - today) / DAY),
    ageDays: Math.floor((today - notBefore) / DAY),
    spki: certificate.spki,
    sha256: certificate.sha256,
    keyType: certificate.keyType,
    keyBits: certificate.keyBits,
    curve: certificate.curve ?? '',
    chainLength: chain.length,
    coversHost: covers(host),
  };
}

/** As much of the value of `tls@1` as these servers signed, the newest version first as the probe has it. `host`: as above. */
export function signedByTls(verified: readonly VerifiedTls[], host: string): ValueMap {
  const ordered = verified.toSorted((a, b) => (a.version > b.version ? -1 : 1));
  const by = (of: (each: VerifiedTls) => Value | undefined): ValueMap =>
    Object.fromEntries(
      ordered.flatMap((each): [string, Value][] => {
        const value = of(each);
        return value === undefined ? [] : [[each.version, value]];
      }),
    );
  const [best] = ordered;
  const both = ordered.find(
    ({ signed, offered }) => signed.includes('offered') && offered.versions.length > 1,
  );
  return {
    accepted: by(() => true),
    suite: by(({ suite, signed }) => (signed.includes('suite') ? suite : undefined)),
    group: by(({ group }) => group),
    scheme: by(({ scheme }) => scheme),
    sentinel: by(({ sentinel }) => sentinel ?? 'none'),
    spki: by(({ certificate }) => certificate.spki),
    ...(best !== undefined && { certificate: signedCertificate(best, host) }),
    ...(both !== undefined && {
      negotiated: { version: both.version, suite: both.suite, group: both.group, scheme: both.scheme },
    }),
  };
}

/** Of TLS 1.2 the key alone is signed; days are counted by a clock that nobody signed. */
function signedCertificate(verified: VerifiedTls, host: string): ValueMap {
  const { daysLeft: _, ageDays: __, ...value } = certificateValue(verified, host, 0);
  if (verified.signed.includes('certificate')) return value;
  const { spki, keyType, keyBits } = verified.certificate;
  return { spki, keyType, keyBits };
}
