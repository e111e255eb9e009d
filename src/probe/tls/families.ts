/**
 * The certificate that a server has for clients that verify with the other kind of key. Servers may have one certificate for
 * RSA and one for elliptic curves, and somebody who renews one may forget the other.
 */
import { ALERT } from '../../evidence/tls-refusal.ts';
import { SCHEMES } from '../../evidence/tls-scheme.ts';
import type { VerifiedTls } from '../../evidence/tls-verify.ts';
import { attempt, type Accepted, type Server } from './attempt.ts';
import { offersOf, type Wanted } from './offers.ts';

/** `found`: the other certificate, if there is one. `unknown`: why that cannot be said. */
export interface OtherCertificate {
  readonly found?: VerifiedTls;
  readonly unknown?: string;
}

/** Asks once more for the version that was accepted, with signature schemes of the other kind of key alone. */
export async function otherCertificate(
  server: Server,
  wanted: Wanted,
  { version, signed }: Accepted,
): Promise<OtherCertificate> {
  const [offer] = offersOf(version, wanted);
  if (offer === undefined || signed === undefined) return { unknown: 'no certificate was read' };
  const own = isRsa(signed.verified.certificate.keyType);
  const schemes = [...SCHEMES].flatMap(([code, { key }]) => (isRsa(key) === own ? [] : [code]));
  const answer = await attempt(server, { ...offer, schemes });
  // There is no certificate for these schemes. Go says so after it has chosen a version.
  if (answer.kind === 'answered') return {};
  if (answer.kind === 'broken' && answer.alert === ALERT.handshakeFailure) return {};
  if (answer.kind !== 'accepted') return { unknown: answer.why };
  return answer.signed === undefined
    ? { unknown: answer.why ?? 'what it signed is not read' }
    : { found: answer.signed.verified };
}

function isRsa(key: string): boolean {
  return key === 'rsa' || key === 'rsa-pss';
}
