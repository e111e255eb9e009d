/** What targets of `tls@1` sign. Readers load this without the rest of the probe's description. */
import { tlsIn, type SignedFacts } from '../../evidence/signed-facts.ts';
import { signedByTls } from '../../evidence/tls-facts.ts';
import type { Claim } from '../../statement/commitment.ts';

export const TLS_FACTS: SignedFacts = {
  byTarget: ({ params }, placed) => [{ tls: signedByTls(tlsIn(placed), hostIn(params)) }],
};

function hostIn(params: Claim['params']): string {
  const host = params?.get('servername');
  return typeof host === 'string' ? host : '';
}
