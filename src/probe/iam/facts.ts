/** The signed facts of `iam@1`: those of CloudTrail's digests, which AWS signs. */
import type { SignedFacts } from '../../evidence/signed-facts.ts';
import { examineTrail } from '../../evidence/trail-facts.ts';

export const IAM_FACTS: SignedFacts = { byOther: examineTrail };
