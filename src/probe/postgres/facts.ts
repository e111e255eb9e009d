/** What a PostgreSQL server signs of `postgres@1`: its TLS handshake, and nothing that it says in a session. */
import { tlsIn, type SignedFacts } from '../../evidence/signed-facts.ts';
import { signedByTls } from '../../evidence/tls-facts.ts';

export const POSTGRES_FACTS: SignedFacts = {
  byTarget: (_, placed) => [{ postgres: { wire: signedByTls(tlsIn(placed), '') } }],
};
