/** What targets of `net@1` sign. Readers load this without the rest of the probe's description. */
import type { SignedFacts } from '../../evidence/signed-facts.ts';

export const NET_FACTS: SignedFacts = { byListener: true };
