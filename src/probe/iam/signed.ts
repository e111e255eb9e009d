/** What targets of `iam@1` sign. Readers load this without the rest of the probe's description. */
import type { SignedFacts } from '../../evidence/signed-facts.ts';
import { examineTrail } from '../../evidence/trail-facts.ts';

export const IAM_FACTS: SignedFacts = { byOther: examineTrail };
