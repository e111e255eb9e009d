/** What `tls@1` tells of the server's certificate, and which of it the server signed. */
import type { ValueMap } from '../../claim/value.ts';
import type { SignedFact, VerifiedTls } from '../../evidence/tls-verify.ts';

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
