/** What targets of `postgres@1` sign. Readers load this without the rest of the probe's description. */
import { tlsIn, type SignedFacts } from '../../evidence/signed-facts.ts';
import { signedByTls } from '../../evidence/tls-facts.ts';

export const POSTGRES_FACTS: SignedFacts = {
  byTarget: (_, placed) => [{ postgres: { wire: signedByTls(tlsIn(placed), '') } }],
};
