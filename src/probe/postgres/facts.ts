/** The signed facts of `postgres@1`: those of the server's TLS handshake. It signs nothing of a session. */
import { tlsIn, type SignedFacts } from '../../evidence/signed-facts.ts';
import { signedByTls } from '../../evidence/tls-facts.ts';

export const POSTGRES_FACTS: SignedFacts = {
  byTarget: (_, placed) => [{ postgres: { wire: signedByTls(tlsIn(placed), '') } }],
};
