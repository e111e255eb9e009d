/** What targets of `oci@1` sign. Readers load this without the rest of the probe's description. */
import type { SignedFacts } from '../../evidence/signed-facts.ts';

/** The library that checks bundles needs Node; where there is none, nothing is checked, and that is said (package.json, "imports"). */
export const OCI_FACTS: SignedFacts = {
  byOther: async (result, claim) => (await import('#sigstore')).examineSignatures(result, claim),
};
