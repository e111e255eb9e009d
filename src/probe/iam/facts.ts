/** What AWS signs of `iam@1`: the digests of CloudTrail. */
import type { SignedFacts } from '../../evidence/signed-facts.ts';
import { examineTrail } from '../../evidence/trail-facts.ts';

export const IAM_FACTS: SignedFacts = { byOther: examineTrail };
