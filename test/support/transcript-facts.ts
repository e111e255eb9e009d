/** What a verified transcript says, as plain JSON: for vectors, and to compare. */
import type { Verified } from '#src/evidence/verify.ts';

/** All facts. Of TLS: `signed` names those that the server's signature covers. */
export function factsOf(verified: Verified) {
  if (verified.protocol === 'ssh') {
    const { protocol, clientVersion, serverVersion, kex, hostKeyAlgorithm, offer } = verified;
    const { keyType, keyBits, fingerprint } = verified;
    return {
      protocol,
      clientVersion,
      serverVersion,
      kex,
      hostKeyAlgorithm,
      keyType,
      keyBits,
      fingerprint,
      offer,
    };
  }
  const { protocol, version, suite, group, scheme, sentinel, retried, offered, certificate, signed } =
    verified;
  const chain = verified.chain.map((each) => each.length);
  return { protocol, version, suite, group, scheme, sentinel, retried, offered, certificate, chain, signed };
}

/** Only the facts that the target's signature covers. */
export function signedFacts(verified: Verified) {
  if (verified.protocol === 'ssh' || verified.version === 'TLSv1.3') return factsOf(verified);
  const { version, group, scheme, sentinel, certificate } = verified;
  return { version, group, scheme, sentinel, spki: certificate.spki };
}
