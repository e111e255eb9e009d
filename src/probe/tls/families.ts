/**
 * Finds a second certificate of a server, of the other kind of key. A server may have one certificate for RSA and one for
 * elliptic curves, and somebody who renews one may forget the other.
 */
import { ALERT } from '../../evidence/tls-refusal.ts';
import { SCHEMES } from '../../evidence/tls-scheme.ts';
import type { VerifiedTls } from '../../evidence/tls-verify.ts';
import { attempt, type Accepted, type Server } from './attempt.ts';
import { offersOf, type Wanted } from './offers.ts';

/** `found`: the other certificate. `unknown`: why it is not known whether there is one. Empty: there is none. */
export interface OtherCertificate {
  readonly found?: VerifiedTls;
  readonly unknown?: string;
}

/** Offers the accepted version once more, with only the signature schemes of the other kind of key. */
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
  // Both answers mean that there is no certificate for these schemes. Go sends the alert after it has chosen a version.
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
