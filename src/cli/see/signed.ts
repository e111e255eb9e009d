/**
 * What a probe would have observed, as far as the target signed it: what a claim is judged again from. Each probe that
 * can say E3 is here; of any other nothing is signed.
 */
import { nameOf } from '../../claim/judge.ts';
import type { Value, ValueMap } from '../../claim/value.ts';
import type { VerifiedSsh } from '../../evidence/ssh-verify.ts';
import type { VerifiedTls } from '../../evidence/tls-verify.ts';
import type { Verified } from '../../evidence/verify.ts';
import { signedFactsOf } from '../../probe/exec/collected.ts';
import { keyOf, listsOf } from '../../probe/ssh/probe.ts';
import { certificateValue } from '../../probe/tls/certificate.ts';
import type { Claim } from '../../statement/commitment.ts';

/** A verified transcript, and its index among the attachments of its proof. */
export interface Placed {
  readonly at: number;
  readonly verified: Verified;
}

/**
 * As much of the probe's observation as the target signed, under the probe's name. Several where the proof does not
 * say which of them the agent saw, and it is the agent's word in any case.
 */
export function signedValues({ probe, params }: Claim, placed: readonly Placed[]): readonly ValueMap[] {
  const tls = placed.map(({ verified }) => verified).filter((each) => each.protocol === 'tls');
  const ssh = placed.map(({ verified }) => verified).find((each) => each.protocol === 'ssh');
  const host = params?.get('servername');
  switch (nameOf(probe)) {
    case 'ssh':
      return ssh === undefined ? [] : [{ ssh: signedBySsh(ssh) }];
    case 'tls':
      return [{ tls: signedByTls(tls, typeof host === 'string' ? host : '') }];
    case 'postgres':
      return [{ postgres: { wire: signedByTls(tls, '') } }];
    case 'exec':
      return transcriptLists(placed).map((transcripts) => ({ exec: { transcripts } }));
    default:
      return [];
  }
}

/**
 * The list that a collector's transcripts stand in: in the order of the attachments, which may begin with those of
 * other runs. Where one is not shown there is an empty map, from which nothing can be read.
 */
function transcriptLists(placed: readonly Placed[]): readonly (readonly ValueMap[])[] {
  const first = Math.min(...placed.map(({ at }) => at));
  const length = Math.max(...placed.map(({ at }) => at)) + 1;
  return Array.from({ length: placed.length === 0 ? 0 : first + 1 }, (_, begin) =>
    Array.from({ length: length - begin }, (__, i) => {
      const found = placed.find(({ at }) => at === begin + i);
      return found === undefined ? {} : signedFactsOf(found.verified);
    }),
  );
}

function signedBySsh(verified: VerifiedSsh): ValueMap {
  const version = verified.serverVersion;
  return { version, ...listsOf(verified.offer), ...keyOf(verified) };
}

/** The newest version first, as the probe has it. */
function signedByTls(verified: readonly VerifiedTls[], host: string): ValueMap {
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
