/** What the transcripts of a collector show (`exec@1`): one map for each, of either protocol. */
import type { Value, ValueMap } from '../claim/value.ts';
import type { SignedFact, VerifiedTls } from './tls-verify.ts';
import type { Verified } from './verify.ts';

/** A verified transcript, and its index among the attachments of its proof. */
export interface Placed {
  readonly at: number;
  readonly verified: Verified;
}

const TLS_FACTS: Readonly<Record<string, readonly [fact: SignedFact, of: (v: VerifiedTls) => Value]>> = {
  version: ['version', (v) => v.version],
  suite: ['suite', (v) => v.suite],
  group: ['group', (v) => v.group],
  scheme: ['scheme', (v) => v.scheme],
  sentinel: ['sentinel', (v) => v.sentinel ?? 'none'],
  spki: ['key', (v) => v.certificate.spki],
  certificate: ['certificate', (v) => v.certificate.sha256],
};

/** What a transcript shows, under the names that collectors and claims use (probe/exec/README.md). */
export function factsOf(verified: Verified): ValueMap {
  if (verified.protocol === 'tls')
    return {
      protocol: 'tls',
      ...Object.fromEntries(Object.entries(TLS_FACTS).map(([name, [, of]]) => [name, of(verified)])),
    };
  const { serverVersion, kex, hostKeyAlgorithm, fingerprint } = verified;
  return { protocol: 'ssh', version: serverVersion, kex, hostKeyAlgorithm, fingerprint };
}

/** Of these facts the ones that the target signed: all that a reader can know without the agent. */
function signedFactsOf(verified: Verified): ValueMap {
  const names = new Set(signedNames(verified));
  return Object.fromEntries(Object.entries(factsOf(verified)).filter(([name]) => names.has(name)));
}

/** Of SSH the key signs all of it; of TLS what the version signs. */
export function signedNames(verified: Verified): readonly string[] {
  if (verified.protocol === 'ssh') return Object.keys(factsOf(verified));
  const names = Object.entries(TLS_FACTS).filter(([, [fact]]) => verified.signed.includes(fact));
  return ['protocol', ...names.map(([name]) => name)];
}

/**
 * The list that a collector's transcripts stand in: in the order of the attachments, which may begin with those of
 * other runs. Where one is not shown there is an empty map, from which nothing can be read.
 */
export function transcriptLists(placed: readonly Placed[]): readonly (readonly ValueMap[])[] {
  const first = Math.min(...placed.map(({ at }) => at));
  const length = Math.max(...placed.map(({ at }) => at)) + 1;
  return Array.from({ length: placed.length === 0 ? 0 : first + 1 }, (_, begin) =>
    Array.from({ length: length - begin }, (__, i) => {
      const found = placed.find(({ at }) => at === begin + i);
      return found === undefined ? {} : signedFactsOf(found.verified);
    }),
  );
}
